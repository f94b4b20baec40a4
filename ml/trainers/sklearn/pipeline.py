"""The trained scikit-learn pipeline: imputation, scaling where the estimator needs it, one-hot encoding, the estimator.

What the features need is fitted first and rounded to float32, the estimator is fitted on what that gives. So the
packaged graph, which computes in float32, imputes and scales with the very numbers that the estimator saw.
"""

import inspect
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from ml.components.trainer import Fitted
from ml.predictions.predictions import bounded
from ml.predictions.predictor import Predictions
from ml.runtimes.skops import predict
from ml.runtimes.text_parts import TextParts
from ml.trainers.sklearn.catalog import parameters
from ml.trainers.sklearn.text import FittedTextPipeline, learnt_from, takes_sparse, texts_of
from ml.trainers.trainable import category_sizes, require_trainable
from ml.values.memory_bound import MemoryBound
from schemas.errors import ContentError, did_you_mean
from schemas.explanation import LinearForm
from schemas.plan import PROGRESS
from schemas.signature import Output, Signature

if TYPE_CHECKING:
    from ml.components.matrix import Matrix
    from ml.components.trainer import Export

_log = logging.getLogger(PROGRESS)
# Indifferent to scale, or (naive Bayes on counts) only at home with values as they are.
_UNSCALED = ("sklearn.tree.", "sklearn.ensemble.", "sklearn.dummy", "sklearn.naive_bayes")


@dataclass(frozen=True)
class FittedPipeline(Fitted):
    """A pipeline fitted on the float matrix and class positions; `warnings` are scikit-learn's meanwhile.

    `means` are those of what the estimator was fitted on, (columns,).
    """

    pipeline: Pipeline
    output: Output
    categories: dict[int, int]
    means: NDArray[np.float64]
    warnings: list[str] = field(default_factory=list)

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for (n, features)."""
        return predict(self.pipeline, features, self.output)

    def export(self, folder: Path, example: NDArray[np.float32]) -> "Export":
        """Write the runtime file into `folder`; `example`: training rows for the parity check. Raises PackageError."""
        from ml.package.memory import memory_bound
        from schemas.run import PackageSpec

        return self.export_within(folder, example, memory_bound(PackageSpec()))

    def export_within(self, folder: Path, example: NDArray[np.float32], memory: MemoryBound) -> "Export":
        """Do the same within a bound on memory; each runtime's need is estimated first. Raises PackageError."""
        from ml.trainers.sklearn.export import export

        return export(self.pipeline, self.output, self.categories, folder, example, memory)

    def linear_forms(self) -> Sequence[LinearForm]:
        """Return what it may be where its estimator is linear."""
        from ml.trainers.sklearn.linear import linear_forms

        return linear_forms(self.pipeline, self.means, self.categories)


def fit(
    estimator: type[Any], params: Mapping[str, Any], train: "Matrix", signature: Signature, *, seed: int
) -> FittedPipeline | FittedTextPipeline:
    """Fit an estimator of scikit-learn on the training matrix.

    Raises:
        ContentError: If the rows cannot be trained on: no features, one class only, a target that is missing.
    """
    require_trainable(train, signature)
    categories = category_sizes(signature)
    exact = bounded(train.features).astype(np.float64)
    chosen = _construct(estimator, params, signature.output, seed)
    steps = _preparation(signature, categories, scale=not estimator.__module__.startswith(_UNSCALED))
    parts = TextParts(steps if exact.shape[1] else None, chosen, texts_of(signature), sparse=takes_sparse(chosen))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            if exact.shape[1]:
                steps.fit(exact)
                _round_to_float32(steps)
            ready = learnt_from(parts, train) if parts.texts else steps.transform(exact)
            _log.info("fitting %s on %s rows and %s features", estimator.__name__, *(f"{n:,}" for n in ready.shape))
            chosen.fit(ready, train.target, **_told(chosen))
        except (ValueError, TypeError, ArithmeticError, np.linalg.LinAlgError, NotImplementedError) as error:
            raise ContentError(f"{estimator.__name__} cannot be trained on these rows: {error}") from error
    messages = list(dict.fromkeys(f"{estimator.__name__}: {_first_line(one.message)}" for one in caught))
    if parts.texts:
        return FittedTextPipeline(parts, signature.output, categories, messages)
    return FittedPipeline(
        Pipeline([("features", steps), ("estimator", chosen)]),
        signature.output,
        categories,
        ready.mean(axis=0),
        messages,
    )


def _told(estimator: Any) -> dict[str, Any]:
    """Return what lets an estimator tell how far it has come, where it has a way to: gradient boosting by its trees."""
    if "monitor" not in inspect.signature(estimator.fit).parameters:
        return {}

    def tell(grown: int, boosting: Any, _state: Any) -> bool:
        _log.info("tree %s of %s", f"{grown + 1:,}", f"{boosting.n_estimators:,}")
        return False  # go on

    return {"monitor": tell}


def _construct(estimator: type[Any], params: Mapping[str, Any], output: Output, seed: int) -> Any:
    given = {key: _weights(value, output) if key == "class_weight" else value for key, value in params.items()}
    if "random_state" in parameters(estimator):
        given.setdefault("random_state", seed)
    return estimator(**given)


def _weights(value: Any, output: Output) -> Any:
    """Translate weights by label, as a configuration gives them, to weights by class position."""
    if not isinstance(value, Mapping):
        return value
    positions = {str(label): code for code, label in enumerate(output.classes or [])}
    unknown = [str(label) for label in value if str(label) not in positions]
    if unknown:
        known = list(positions)
        near = did_you_mean(unknown[0], known)
        raise ContentError(
            f"class_weight names classes that the target does not have: {unknown}.{near} It has: {known}"
        )
    return {positions[str(label)]: weight for label, weight in value.items()}


def _preparation(signature: Signature, categories: Mapping[int, int], *, scale: bool) -> ColumnTransformer:
    numbers = [position for position in range(len(signature.features)) if position not in categories]
    coded = [position for position, count in categories.items() if count]
    parts: list[tuple[str, Any, list[int]]] = []
    if numbers:
        imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        parts.append(
            ("numbers", Pipeline([("impute", imputer), ("scale", StandardScaler())]) if scale else imputer, numbers)
        )
    if coded:
        codes = [np.arange(categories[position]) for position in coded]
        encoder = OneHotEncoder(categories=codes, handle_unknown="ignore", sparse_output=False)
        parts.append(("categories", encoder, coded))
    return ColumnTransformer(parts, sparse_threshold=0)


def _round_to_float32(steps: ColumnTransformer) -> None:
    numbers = steps.named_transformers_.get("numbers")
    if numbers is None:
        return
    for one in numbers.named_steps.values() if isinstance(numbers, Pipeline) else [numbers]:
        for name in ("statistics_", "mean_", "scale_"):
            if hasattr(one, name):
                setattr(one, name, getattr(one, name).astype(np.float32).astype(np.float64))


def _first_line(message: Warning | str) -> str:
    return str(message).strip().split("\n")[0]
