"""The baselines of forecasts: the last value, the season before, the mean of the time of year."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from ml.components.trainer import Fitted, Trainer
from schemas.base import Strict, Task
from schemas.errors import ContentError, Fault

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ml.components.matrix import Matrix
    from ml.components.trainer import Export
    from ml.predictions.predictor import Predictions
    from ml.runtimes.forecast import SeriesRule
    from schemas.forecast import Forecast
    from schemas.signature import Signature


class NoParams(Strict):
    """A baseline has no parameters."""


@dataclass(frozen=True)
class FittedRule(Fitted):
    """A baseline with what it remembers."""

    rule: "SeriesRule"
    forecast: "Forecast"

    def predict(self, features: "NDArray[np.float32]") -> "Predictions":
        """Predict for rows of windows, (n, features)."""
        from ml.runtimes.forecast import RuleModel

        return RuleModel(self.rule, self.forecast).predict(features)

    def export(self, folder: Path, example: "NDArray[np.float32]") -> "Export":
        """Write `rules.json` into `folder`."""
        from ml.components.trainer import Export

        (folder / "rules.json").write_text(self.rule.model_dump_json(), encoding="utf-8")
        return Export(runtime="rules", file="rules.json", reason="a baseline of forecasts needs no graph")


class _Baseline(Trainer):
    """What the baselines share."""

    Params: ClassVar[type[BaseModel]] = NoParams
    params: NoParams
    tasks: ClassVar[Sequence[Task]] = ("forecast",)
    light: ClassVar[bool] = True

    @classmethod
    def faults(cls, params: Mapping[str, Any], task: str) -> list[Fault]:
        """Return a fault for what is no forecast."""
        if task not in ("forecast", "auto"):
            return [Fault("name", f"it forecasts series, but the task is {task}", "declare data.time and data.horizon")]
        return []

    def fit(self, train: "Matrix", validation: "Matrix", signature: "Signature", *, seed: int) -> FittedRule:
        """Remember what is needed of `train`. Raises ContentError when there are no rows."""
        if not len(train.target):
            raise ContentError("There is no training window to learn from")
        assert signature.output.forecast is not None, "the windows say what is forecast"
        return FittedRule(self._rule(train, signature), signature.output.forecast)

    def _rule(self, train: "Matrix", signature: "Signature") -> "SeriesRule":
        raise NotImplementedError


class Persistence(_Baseline):
    """Forecasts the last value for every step."""

    def _rule(self, train: "Matrix", signature: "Signature") -> "SeriesRule":
        from ml.runtimes.forecast import SeriesRule

        return SeriesRule(rule="persistence")


class SeasonalNaive(_Baseline):
    """Forecasts for every step the value a whole number of seasons before it."""

    def _rule(self, train: "Matrix", signature: "Signature") -> "SeriesRule":
        from ml.runtimes.forecast import SeriesRule

        return SeriesRule(rule="seasonal_naive")


class Climatology(_Baseline):
    """Forecasts for every step the mean that the series had at that time of the year (of the day, for hours)."""

    def _rule(self, train: "Matrix", signature: "Signature") -> "SeriesRule":
        from ml.forecasting.baselines import fit_climatology
        from ml.forecasting.features import WindowFeatures
        from ml.runtimes.forecast import SeriesRule

        assert signature.output.forecast is not None, "the windows say what is forecast"
        known = max([len(values) for values in signature.known_values().values()], default=1)
        features = WindowFeatures.of(signature.output.forecast)
        table = fit_climatology(train.features, train.target, features, known)
        return SeriesRule(rule="climatology", table=table.tolist())
