"""A trainer of values as one of forecasts: it learns a row for every step of every window, without level and scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.components.matrix import Matrix
from ml.components.trainer import Export, Fitted, Trainer
from ml.forecasting.conformal import half_widths
from ml.forecasting.features import WindowFeatures
from ml.forecasting.stacked import Stacked, measurable
from ml.predictions.predictor import Predictions
from ml.runtimes.forecast import StackedModel, inner_output
from ml.values.memory_bound import MemoryBound
from schemas.errors import ContentError
from schemas.forecast import Forecast, Intervals
from schemas.learning import LearningCurves
from schemas.rules import RuleRecord
from schemas.signature import NumberDerivation, Signature


@dataclass(frozen=True)
class FittedSteps(Fitted):
    """What was fitted on single steps, as a forecast."""

    inner: Fitted
    forecast: Forecast

    @property
    def warnings(self) -> Sequence[str]:  # type: ignore[override]
        """Texts for a person, such as a solver that did not converge."""
        return self.inner.warnings

    @property
    def learning(self) -> LearningCurves | None:  # type: ignore[override]
        """How one that learns by epochs has learnt."""
        return self.inner.learning

    @property
    def libraries(self) -> Sequence[str]:  # type: ignore[override]
        """The distributions that decide what it predicts."""
        return self.inner.libraries

    @property
    def records(self) -> Sequence[RuleRecord]:  # type: ignore[override]
        """Of one made of rules: what each rule did on the training rows."""
        return self.inner.records

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for rows of windows, (n, features)."""
        return StackedModel(self.inner, self.forecast).predict(features)

    def export(self, folder: Path, example: NDArray[np.float32]) -> Export:
        """Write what predicts single steps. Raises PackageError."""
        return self.inner.export(folder, self._steps(example))

    def export_within(self, folder: Path, example: NDArray[np.float32], memory: MemoryBound) -> Export:
        """Do the same within a bound on memory. Raises PackageError."""
        return self.inner.export_within(folder, self._steps(example), memory)

    def _steps(self, example: NDArray[np.float32]) -> NDArray[np.float32]:
        return Stacked.of(WindowFeatures.of(self.forecast)).rows(example)


def fit_forecast(
    trainer: Trainer, train: Matrix, validation: Matrix, signature: Signature, *, seed: int
) -> tuple[Fitted, Signature]:
    """Fit a trainer of forecasts, or one of values on single steps, and measure how far its forecasts are off.

    Args:
        trainer: One that learns forecasts or values.
        train: Windows to learn from; the target is (n, H), NaN where nothing was measured.
        validation: Windows of later origins: they steer early stopping, and the widths of the intervals.
        signature: Of the windows.
        seed: Of every random choice.

    Returns:
        What was fitted, and the signature with the intervals and whether the model predicts single steps.

    Raises:
        ContentError: For what it cannot learn.
    """
    forecast = signature.output.forecast
    assert forecast is not None, "the windows say what is forecast"
    if "forecast" in trainer.tasks:
        fitted = trainer.fit(train, validation, signature, seed=seed)
        forecast = forecast.model_copy(update={"form": fitted.forecasts})
    else:
        forecast = forecast.model_copy(update={"form": "steps"})
        fitted = _fit_steps(trainer, train, validation, signature, forecast, seed)
    forecast = forecast.model_copy(update={"intervals": _intervals(fitted, validation, forecast)})
    return fitted, _with(signature, forecast)


def _fit_steps(
    trainer: Trainer, train: Matrix, validation: Matrix, signature: Signature, forecast: Forecast, seed: int
) -> FittedSteps:
    features = WindowFeatures.of(forecast)
    inner = trainer.fit(
        _stack(train, features), _stack(validation, features), _of_steps(signature, features, forecast), seed=seed
    )
    if inner.reads_cells or inner.reads_arrays:
        raise ContentError("this trainer reads more than features, and a step of a forecast has nothing else")
    return FittedSteps(inner, forecast)


def _stack(matrix: Matrix, features: WindowFeatures) -> Matrix:
    """Return a row for every step that was measured, of windows that a model can learn from."""
    stacked = Stacked.of(features)
    target = stacked.target(matrix.features, matrix.target)
    known = np.isfinite(target) & np.repeat(measurable(target.reshape(matrix.target.shape)), features.horizon)
    return Matrix(stacked.rows(matrix.features)[known], target[known])


def _of_steps(signature: Signature, features: WindowFeatures, forecast: Forecast) -> Signature:
    """Return the signature of single steps: numbers, and one value."""
    names = ["series", *features.window_names, *features.step_names]
    return Signature(
        inputs=[],
        derivations=[NumberDerivation(column=name) for name in names],
        features=names,
        output=inner_output(signature.output.model_copy(update={"forecast": forecast})),
    )


def _intervals(fitted: Fitted, validation: Matrix, forecast: Forecast) -> Intervals | None:
    """Return how far forecasts were off at the origins of validation, None where those were too few."""
    if not len(validation.features):
        return None
    values = fitted.predict(validation.features).values
    assert values is not None, "a forecast has values"
    errors = np.abs(values - validation.target) / validation.features[:, 1:2]
    found = half_widths(errors, forecast.level)
    if found is None:
        return None
    return Intervals(
        level=found.level, half_widths=found.widths.tolist(), residuals=found.residuals, pooled=found.pooled
    )


def _with(signature: Signature, forecast: Forecast) -> Signature:
    output = signature.output.model_copy(update={"forecast": forecast})
    return signature.model_copy(update={"output": output})
