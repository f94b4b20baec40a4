"""skops packages: a scikit-learn pipeline restored from types on a fixed list, never by unpickling."""

import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictions import bounded
from ml.predictions.predictor import FEATURES, ArrayPredictor, Arrays, Predictions, Predictor
from ml.runtimes.archive import require_bounded
from ml.runtimes.text_parts import TextParts, predicted
from schemas.errors import PackageError
from schemas.signature import Output

FILE = "model.skops"
# What skops does not trust by default and scikit-learn's own estimators hold: data with a class of scikit-learn around
# it. None names code to call; skops leaves them out because wrong numbers in them could crash the process, which the
# package's digests guard against.
TRUSTED = (
    "numpy.dtype",
    "scipy.sparse._csr.csr_matrix",
    "sklearn._loss.loss.HalfTweedieLoss",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.metrics._dist_metrics.ManhattanDistance64",
    "sklearn.metrics._dist_metrics.MinkowskiDistance64",
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
)


class SkopsModel(Predictor):
    """A restored pipeline, which predicts as the trained one did."""

    def __init__(self, pipeline: Any, output: Output) -> None:
        self._pipeline = pipeline
        self._output = output

    @classmethod
    def load(cls, data: bytes, output: Output) -> "SkopsModel":
        """Restore a pipeline on the float matrix, as `load` does. Raises PackageError."""
        return cls(_restored(data), output)

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for (n, features)."""
        return predict(self._pipeline, features, self._output)


class SkopsArrays(ArrayPredictor):
    """A restored estimator on prepared features and on texts."""

    def __init__(self, parts: TextParts, output: Output) -> None:
        self._parts = parts
        self._output = output
        self.inputs = dict.fromkeys([FEATURES, *self._parts.texts])

    def predict_arrays(self, arrays: Arrays) -> Predictions:
        """Predict for n rows of every input."""
        return self._parts.predict(arrays, self._output)


def predict(pipeline: Any, features: NDArray[np.float32], output: Output) -> Predictions:
    """Ask a pipeline that was trained on class positions; a class it never saw gets a probability of 0."""
    return predicted(pipeline, bounded(features).astype(np.float64), output)


def load(data: bytes, output: Output) -> Predictor:
    """Restore what was trained. Raises PackageError when the bytes hold anything that is not on the list."""
    found = _restored(data)
    if not isinstance(found, dict):
        return SkopsModel(found, output)
    if set(found) != set(TextParts.__dataclass_fields__) or not isinstance(found["texts"], list):
        raise PackageError(f"{FILE} cannot be loaded: it does not hold what predicts from texts")
    return SkopsArrays(TextParts(**found), output)


def _restored(data: bytes) -> Any:
    from skops.io import get_untrusted_types, loads
    from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException

    require_bounded(data, FILE)
    try:
        foreign = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED))
        if foreign:
            raise PackageError(f"{FILE} holds types that are not trusted: {', '.join(foreign)}")
        return loads(data, trusted=list(TRUSTED))
    except (
        UntrustedTypesFoundException,
        UnsupportedTypeException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        OSError,
        EOFError,
        RecursionError,
    ) as error:
        raise PackageError(f"{FILE} cannot be loaded: {error}") from error
