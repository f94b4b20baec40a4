"""The runtimes of a packaged model: the bytes of the runtime file in, an object that predicts out.

One module for each runtime; only the one that a package names is imported, so that a service with an ONNX package
never loads scikit-learn or Keras.
"""

from ml.predictions.predictions import Predictor
from schemas.errors import PackageError
from schemas.package import Runtime
from schemas.signature import Output


def load(runtime: Runtime, data: bytes, output: Output) -> Predictor:
    """Load the runtime file's bytes.

    Raises:
        PackageError: If this program cannot run them.
    """
    if runtime == "onnx":
        from ml.runtimes.onnx import OnnxModel

        return OnnxModel.load(data, output)
    if runtime == "skops":
        from ml.runtimes.skops import SkopsModel

        return SkopsModel.load(data, output)
    if runtime == "rules":
        from ml.runtimes import rules

        return rules.load(data, output)
    if runtime == "keras":
        from ml.runtimes.keras import KerasModel

        return KerasModel.load(data, output)
    raise PackageError(f"This version cannot run packages of runtime {runtime!r}; it runs onnx, keras, skops and rules")
