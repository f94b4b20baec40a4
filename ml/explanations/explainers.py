"""Which explainer a model has: an exact one where there is one, else one that samples."""

from ml.explanations.decided import ConstantExplainer, RulesExplainer
from ml.explanations.explainer import Explainer
from ml.explanations.forecasts import ForecastExplainer
from ml.explanations.linear import LinearExplainer
from ml.explanations.mixed_rows import mixed_rows
from ml.explanations.shapley import SampledExplainer
from ml.predictions.predictor import Cells, Predictor
from ml.runtimes.rules import ConstantModel, DecisionList
from schemas.explanation import LinearForm
from schemas.signature import Signature


def explainer_of(model: Predictor, signature: Signature, form: LinearForm | None, background: Cells) -> Explainer:
    """Return what explains a loaded model.

    Args:
        model: The runtime.
        signature: Its inputs and derivations.
        form: What it is where it is linear.
        background: Rows that stand for the training rows, as columns; one at least.

    Raises:
        ValueError: If the form is of other features or classes than the signature's.
    """
    if signature.window is not None:
        return ForecastExplainer(model, signature, background)
    if isinstance(model, DecisionList):
        return RulesExplainer(model)
    if isinstance(model, ConstantModel):
        return ConstantExplainer(signature)
    if form is None:
        return SampledExplainer(mixed_rows(model, signature), background)
    features = len(signature.features)
    classes = len(signature.output.classes or [])
    regression = signature.output.task == "regression"
    foreign = [code for code in form.classes if not 0 <= code < classes]
    if foreign or any(term.feature >= features for term in form.terms) or regression != (form.of == "value"):
        raise ValueError("it is not for this model's features and classes")
    return LinearExplainer(form, signature)
