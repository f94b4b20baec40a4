"""What scikit-learn learnt from texts beside scalars, in its parts, and how it predicts."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.predictions.predictions import bounded, decide, joined, rows_of
from ml.predictions.predictor import FEATURES, Arrays, Predictions
from ml.values.sparse_rows import SparseRows
from schemas.signature import Output

_AT_ONCE = 64 << 20  # bytes of a matrix that is made of texts


@dataclass(frozen=True)
class TextParts:
    """What a prediction from texts is made by: `features` prepares the float matrix, None where there is none.

    The weights of `texts` stand behind what that gives, in their order; `sparse` says whether the estimator takes all
    of it as SciPy's sparse rows or as a matrix.
    """

    features: Any
    estimator: Any
    texts: list[str]
    sparse: bool

    @property
    def content(self) -> dict[str, Any]:
        """What a skops file of it holds."""
        return {name: getattr(self, name) for name in ("features", "estimator", "texts", "sparse")}

    def joined(self, arrays: Arrays) -> Any:
        """Return what the estimator takes, float64 (n, everything)."""
        from scipy.sparse import csr_matrix, hstack

        exact = bounded(np.asarray(arrays[FEATURES])).astype(np.float64)
        prepared = exact[:, :0] if self.features is None else self.features.transform(exact)
        blocks = [csr_matrix(prepared), *(_sparse(arrays[name]).to_scipy().astype(np.float64) for name in self.texts)]
        rows = hstack(blocks, format="csr")
        return rows if self.sparse else rows.toarray()

    def predict(self, arrays: Arrays, output: Output) -> Predictions:
        """Predict for n rows of every input, some at a time where a matrix is made of them."""
        count = len(arrays[FEATURES])
        width = sum(_sparse(arrays[name]).width for name in self.texts)
        at_once = max(count, 1) if self.sparse else max(1, _AT_ONCE // (8 * max(width, 1)))
        parts = [
            predicted(self.estimator, self.joined(rows_of(arrays, start, start + at_once)), output)
            for start in range(0, max(count, 1), at_once)
        ]
        return joined(parts)


def _sparse(array: Any) -> SparseRows:
    assert isinstance(array, SparseRows), "a text is given as weights of words"
    return array


def predicted(estimator: Any, exact: Any, output: Output) -> Predictions:
    """Do the same for float64 rows as they are, sparse or not."""
    if output.task == "regression":
        return Predictions(values=np.asarray(estimator.predict(exact), dtype=np.float64).reshape(-1))
    if not hasattr(estimator, "predict_proba"):
        return Predictions(codes=np.asarray(estimator.predict(exact), dtype=np.int64))
    probabilities = np.zeros((exact.shape[0], len(output.classes or [])))
    probabilities[:, estimator.classes_] = estimator.predict_proba(exact)
    return Predictions(codes=decide(probabilities, output.decision_threshold), probabilities=probabilities)
