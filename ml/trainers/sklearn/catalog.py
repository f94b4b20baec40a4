"""scikit-learn's estimators by class name, and what is wrong with parameters given to them."""

import inspect
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Literal

from schemas.errors import Fault, did_you_mean

Kind = Literal["classifier", "regressor"]
# Searched in this order before everything is imported to list it: importing all of scikit-learn costs a second.
_USUAL = (
    "linear_model",
    "tree",
    "ensemble",
    "svm",
    "neighbors",
    "naive_bayes",
    "neural_network",
    "discriminant_analysis",
)


def kinds(task: str) -> tuple[Kind, ...]:
    """Return which kinds of estimator a task allows; `auto` allows both."""
    if task == "auto":
        return ("classifier", "regressor")
    return ("regressor",) if task == "regression" else ("classifier",)


def find(name: str) -> type[Any] | None:
    """Return the classifier or regressor that scikit-learn registers under a class name, or None."""
    for module in _USUAL:
        candidate = getattr(import_module(f"sklearn.{module}"), name, None)
        if isinstance(candidate, type) and kind(candidate) is not None:
            return candidate
    return dict(_registered()).get(name)


def kind(estimator: type[Any]) -> Kind | None:
    """Return whether an estimator's class classifies or predicts values, None for anything else."""
    from sklearn.base import ClassifierMixin, RegressorMixin

    if issubclass(estimator, ClassifierMixin):
        return "classifier"
    return "regressor" if issubclass(estimator, RegressorMixin) else None


def name_faults(name: str, task: str) -> list[Fault]:
    """Return why `name` cannot be the estimator for a task; the path is `estimator`."""
    estimator = find(name)
    if estimator is None:
        known = [known for known, _ in _registered()]
        hint = "any classifier or regressor of scikit-learn by class name, such as LogisticRegression, SVC or Lasso"
        return [
            Fault(
                "estimator", f"scikit-learn has no classifier or regressor {name!r}.{did_you_mean(name, known)}", hint
            )
        ]
    needed = [key for key, default in parameters(estimator).items() if default is inspect.Parameter.empty]
    if needed:
        text = f"{name} is built around other estimators ({', '.join(needed)}), which a configuration cannot name"
        return [Fault("estimator", text, "choose an estimator that stands by itself")]
    if kind(estimator) not in kinds(task):
        text = f"{name} is a {kind(estimator)}, but the task is {task}"
        return [Fault("estimator", text, f"choose a {kinds(task)[0]}, or declare data.task")]
    return []


def parameter_faults(estimators: Sequence[type[Any]], params: Mapping[str, Any]) -> list[Fault]:
    """Return the parameters that none of the estimators takes, by name or by value."""
    faults: list[Fault] = []
    for key, value in params.items():
        per_class = [fault for estimator in estimators if (fault := _fault(estimator, key, value))]
        if len(per_class) == len(estimators):
            faults += per_class[:1]
    return faults


def parameters(estimator: type[Any]) -> dict[str, Any]:
    """Return the estimator's parameters with their defaults; `inspect.Parameter.empty` where there is none."""
    given = inspect.signature(estimator.__init__).parameters.values()
    return {one.name: one.default for one in given if one.name != "self" and one.kind is not one.VAR_KEYWORD}


def _fault(estimator: type[Any], key: str, value: Any) -> Fault | None:
    from sklearn.utils._param_validation import InvalidParameterError, validate_parameter_constraints

    known = list(parameters(estimator))
    if key not in known:
        text = f"{estimator.__name__} has no parameter {key!r}.{did_you_mean(key, known)}"
        return Fault(key, text, f"parameters: {', '.join(known)}")
    constraints = getattr(estimator, "_parameter_constraints", {})
    try:
        validate_parameter_constraints({key: constraints.get(key, "no_validation")}, {key: value}, estimator.__name__)
    except InvalidParameterError as error:
        return Fault(key, str(error))
    return None


def _registered() -> list[tuple[str, type[Any]]]:
    from sklearn.utils import all_estimators

    found: list[tuple[str, type[Any]]] = all_estimators(type_filter=["classifier", "regressor"])
    return found
