"""The runtimes of a packaged model: the bytes of the runtime file in, an object that predicts out.

A runtime is a module of its own and a row in the table; only the one that a package names is imported, so that a
service with an ONNX package never loads scikit-learn or Keras.
"""

from collections.abc import Callable, Collection
from importlib import import_module
from typing import Any

from ml.predictions.predictor import Predictor
from ml.text import language
from schemas.errors import PackageError
from schemas.package import Runtime
from schemas.signature import Output

LOADERS: dict[Runtime, str] = {
    "onnx": "ml.runtimes.onnx:load",
    "keras": "ml.runtimes.keras:load",
    "skops": "ml.runtimes.skops:load",
    "rules": "ml.runtimes.rules:load",
}
"""Runtime → `module:function` of `(data: bytes, output: Output) -> Predictor`, which raises PackageError."""
PREPARERS: dict[str, str] = {"keras": "ml.runtimes.keras:prepare"}
"""Runtime → `module:function` of `(libraries: Collection[str]) -> None`, where importing its libraries takes long."""


def load(runtime: Runtime, data: bytes, output: Output) -> Predictor:
    """Load the runtime file's bytes.

    Raises:
        PackageError: If this program cannot run them.
    """
    if runtime not in LOADERS:
        known = ", ".join(LOADERS)
        raise PackageError(f"This version cannot run packages of runtime {runtime!r}; it runs {known}")
    loader: Callable[[bytes, Output], Predictor] = _function(LOADERS[runtime])
    if output.forecast is None:
        return loader(data, output)
    from ml.runtimes.forecast import inner_output, wrapped  # which a table's service does not need

    return wrapped(loader(data, inner_output(output)), output)


def prepare(runtime: str, libraries: Collection[str]) -> None:
    """Import what a package will need that is still being looked at: its runtime, and the libraries that it names."""
    if runtime in PREPARERS:
        _function(PREPARERS[runtime])(libraries)
    if language.DISTRIBUTION in libraries:
        language.prepare()


def _function(source: str) -> Callable[..., Any]:
    module, _, name = source.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found
