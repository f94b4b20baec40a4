"""What a packaged forecast is: a model of single steps, whose values become all steps of a row, or one of whole rows.

Light: the service imports it.
"""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ml.forecasting.baselines import climatology, persistence, seasonal_naive
from ml.forecasting.features import WindowFeatures
from ml.forecasting.stacked import Stacked, put_back
from ml.predictions.predictor import Predictions, Predictor
from schemas.base import Strict
from schemas.errors import PackageError
from schemas.forecast import Forecast
from schemas.signature import Output


class SeriesRule(Strict):
    """A baseline of forecasts; `table` is the climatology's mean by series, the unknown one first, and position."""

    kind: Literal["series"] = "series"
    rule: Literal["persistence", "seasonal_naive", "climatology"]
    table: list[list[Annotated[float, Field(allow_inf_nan=False)]]] = []


class StackedModel(Predictor):
    """A model of single steps as one of forecasts."""

    def __init__(self, inner: Predictor, forecast: Forecast) -> None:
        self._inner, self._stacked = inner, Stacked.of(WindowFeatures.of(forecast))

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for rows of windows, (n, features)."""
        found = self._inner.predict(self._stacked.rows(features))
        assert found.values is not None, "a model of steps predicts values"
        return Predictions(values=self._stacked.values(features, found.values))


class ScaledModel(Predictor):
    """A model of all steps in units of the windows' scales as one of forecasts."""

    def __init__(self, inner: Predictor) -> None:
        self._inner = inner

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for rows of windows, (n, features)."""
        found = self._inner.predict(features)
        assert found.values is not None, "a model of steps predicts values"
        return Predictions(values=put_back(features, found.values))


class RuleModel(Predictor):
    """A baseline."""

    def __init__(self, rule: SeriesRule, forecast: Forecast) -> None:
        self._rule, self._features = rule, WindowFeatures.of(forecast)
        self._table = np.array(rule.table, dtype=np.float64)

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for rows of windows, (n, features)."""
        match self._rule.rule:
            case "persistence":
                return Predictions(values=persistence(features, self._features))
            case "seasonal_naive":
                return Predictions(values=seasonal_naive(features, self._features))
            case "climatology":
                return Predictions(values=climatology(features, self._features, self._table))


class WithIntervals(Predictor):
    """A forecast with prediction intervals about it."""

    def __init__(self, inner: Predictor, forecast: Forecast) -> None:
        self._inner = inner
        assert forecast.intervals is not None, "the widths are known"
        self._level = forecast.intervals.level
        self._half_widths = np.array(forecast.intervals.half_widths, dtype=np.float64)

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for rows of windows, (n, features); the intervals are as wide as the windows' scales."""
        found = self._inner.predict(features)
        assert found.values is not None, "a forecast has values"
        reach = features[:, 1:2].astype(np.float64) * self._half_widths
        return replace(found, lower=found.values - reach, upper=found.values + reach, level=self._level)


def inner_output(output: Output) -> Output:
    """Return what the runtime's file itself predicts: of a forecast by single steps, one value for each."""
    if output.forecast is None or output.forecast.form != "steps":
        return output
    return Output(task="regression", target=output.target, unit=output.unit)


def wrapped(model: Predictor, output: Output) -> Predictor:
    """Return a loaded runtime as it predicts forecasts, where it does."""
    forecast = output.forecast
    if forecast is None:
        return model
    whole = model
    if forecast.form == "steps":
        whole = StackedModel(model, forecast)
    elif forecast.form == "rows":
        whole = ScaledModel(model)
    return WithIntervals(whole, forecast) if forecast.intervals is not None else whole


def rule_model(rule: SeriesRule, output: Output) -> RuleModel:
    """Return the baseline that a package holds. Raises PackageError when it does not fit the task."""
    if output.forecast is None:
        raise PackageError(f"rules.json cannot be used: it is not for a {output.task} task")
    return RuleModel(rule, output.forecast)
