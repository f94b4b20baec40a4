"""What moved a forecast: the mean of its steps is explained, as a value is."""

from collections.abc import Iterator
from dataclasses import replace

from ml.explanations.explainer import Explainer, Explanation, SecondsLeft
from ml.explanations.mixed_rows import Block, Mask, MixedCells, Places
from ml.explanations.shapley import SampledExplainer
from ml.predictions.predictor import Cells, Predictions, Predictor
from schemas.signature import Signature


class _MixedMeans(MixedCells):
    """Mixes cells, and gives the mean of the steps of each forecast."""

    def predict(self, first: Block, at: Places, second: Block, beside: Places, mask: Mask) -> Predictions:
        """Predict n mixed rows."""
        return _means(super().predict(first, at, second, beside, mask))


class ForecastExplainer(Explainer):
    """Explains the mean of the steps by asking the model, with the history, the time and the series as inputs.

    Args:
        model: The runtime.
        signature: Its inputs.
        background: Rows that stand for the training rows, as columns; one at least.
    """

    def __init__(self, model: Predictor, signature: Signature, background: Cells) -> None:
        self._inner = SampledExplainer(_MixedMeans(model, signature), background)
        self.bytes_per_row = self._inner.bytes_per_row

    def explain(self, cells: Cells, predictions: Predictions, left: SecondsLeft) -> Iterator[Explanation]:
        """Yield base, contributions and their standard errors of each row's mean."""
        return self._inner.explain(cells, _means(predictions), left)


def _means(predictions: Predictions) -> Predictions:
    assert predictions.values is not None, "a forecast has values"
    return replace(predictions, values=predictions.values.mean(axis=1))
