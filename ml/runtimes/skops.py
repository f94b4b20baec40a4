"""skops packages: a scikit-learn pipeline restored from types on a fixed list, never by unpickling."""

import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictions import bounded, decide
from ml.predictions.predictor import Predictions, Predictor
from ml.runtimes.archive import require_bounded
from schemas.errors import PackageError
from schemas.signature import Output

FILE = "model.skops"
# What skops does not trust by default and scikit-learn's own estimators hold: data with a class of scikit-learn around
# it. None names code to call; skops leaves them out because wrong numbers in them could crash the process, which the
# package's digests guard against.
TRUSTED = (
    "numpy.dtype",
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
        """Restore a pipeline. Raises PackageError when the bytes hold anything that is not on the list."""
        from skops.io import get_untrusted_types, loads
        from skops.io.exceptions import UnsupportedTypeException, UntrustedTypesFoundException

        require_bounded(data, FILE)
        try:
            foreign = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED))
            if foreign:
                raise PackageError(f"{FILE} holds types that are not trusted: {', '.join(foreign)}")
            pipeline = loads(data, trusted=list(TRUSTED))
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
        return cls(pipeline, output)

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for (n, features)."""
        return predict(self._pipeline, features, self._output)


def predict(pipeline: Any, features: NDArray[np.float32], output: Output) -> Predictions:
    """Ask a pipeline that was trained on class positions; a class it never saw gets a probability of 0."""
    exact = bounded(features).astype(np.float64)
    if output.task == "regression":
        return Predictions(values=np.asarray(pipeline.predict(exact), dtype=np.float64).reshape(-1))
    if not hasattr(pipeline, "predict_proba"):
        return Predictions(codes=np.asarray(pipeline.predict(exact), dtype=np.int64))
    probabilities = np.zeros((len(features), len(output.classes or [])))
    probabilities[:, pipeline.classes_] = pipeline.predict_proba(exact)
    return Predictions(codes=decide(probabilities, output.decision_threshold), probabilities=probabilities)


def load(data: bytes, output: Output) -> SkopsModel:
    """Load the runtime file's bytes. Raises PackageError."""
    return SkopsModel.load(data, output)
