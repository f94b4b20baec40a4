"""Keras packages: a network of built-in layers only, restored without running any code that the file could hold."""

import json
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.io.scratch import scratch_folder
from ml.predictions.predictions import bounded, decide
from ml.predictions.predictor import FEATURES as INPUT
from ml.predictions.predictor import ArrayPredictor, Arrays, Predictions, Predictor
from ml.runtimes import keras_backend
from ml.runtimes.archive import require_bounded
from ml.runtimes.keras_backend import BACKENDS
from schemas.errors import ConfigurationError, PackageError
from schemas.signature import Output

FILE = "model.keras"
COLUMNS = "columns"
"""Key of the metadata of a network with several inputs: the array that each of them takes, by the input's name."""
CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
# What our network is made of, by class name within `keras` itself. Lambda and anything of another package is not here.
_LAYERS = {"Functional", "InputLayer", "Dense", "Activation", "BatchNormalization", "Dropout", "Rescaling", "Softmax"}
_PARTS = {"DTypePolicy", "GlorotUniform", "Zeros", "Ones", "L2"}
_OPERATIONS = {"Take", "Where", "Isnan", "Subtract", "Multiply", "Clip", "Equal", "Cast", "Concatenate", "ZerosLike"}
_OF_TEXTS = {"Embedding", "Conv1D", "RandomUniform", "NotEqual", "ExpandDims", "Max", "Sum"}
TRUSTED = frozenset(_LAYERS | _PARTS | _OPERATIONS | _OF_TEXTS)
_DRAWN = ("GlorotUniform", "RandomUniform")
_PLAIN = frozenset({"__keras_tensor__", "__numpy__"})
_SHOWN = 5
_CHUNKS = (1, 64)  # rows; a compiled network takes one number of rows, and each new one costs a compilation
_busy = Lock()  # Keras keeps the state of a call on the model


class KerasModel(Predictor):
    """A restored network, which predicts as the trained one did."""

    def __init__(self, model: Any, output: Output) -> None:
        self._model = model
        self._output = output

    @classmethod
    def load(cls, data: bytes, output: Output) -> "KerasModel":
        """Restore a network on the float matrix from the file's bytes, as `load` does. Raises PackageError."""
        return cls(_restored(data, output, 1), output)

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for (n, features)."""
        return ask(self._model, features, self._output)


class KerasArrays(ArrayPredictor):
    """The same of a network with several inputs, `columns` names the array that each takes."""

    def __init__(self, model: Any, columns: Mapping[str, str], output: Output) -> None:
        self._model = model
        self._columns = columns
        self._output = output
        self.inputs = dict.fromkeys(columns.values())

    def predict_arrays(self, arrays: Arrays) -> Predictions:
        """Predict for n rows of every input."""
        given = {name: np.asarray(arrays[column]) for name, column in self._columns.items()}
        return ask(self._model, given, self._output)


def load(data: bytes, output: Output) -> Predictor:
    """Restore a network from the file's bytes, under the backend it was trained with.

    In a process that uses Keras already, with whichever backend, that one is taken: the file fits all of them.

    Raises:
        PackageError: If the bytes hold anything but built-in layers, or Keras or the backend is not installed.
    """
    require_bounded(data, FILE, (CONFIG, METADATA, WEIGHTS))
    columns = _read(data, METADATA).get(COLUMNS)
    if columns is None:
        return KerasModel.load(data, output)
    if not isinstance(columns, dict) or not all(isinstance(one, str) for one in columns.values()):
        raise PackageError(f"{FILE} cannot be loaded: {METADATA}: {COLUMNS} is no object of names")
    model = _restored(data, output, len(columns))
    if set(columns) != {str(one.name) for one in model.inputs}:
        raise PackageError(f"{FILE} cannot be loaded: {METADATA} names other inputs than the network has")
    return KerasArrays(model, columns, output)


def _restored(data: bytes, output: Output, inputs: int) -> Any:
    require_bounded(data, FILE, (CONFIG, METADATA, WEIGHTS))
    _require_trusted(data)
    keras = _keras(data)
    _require_own_weights(data)
    with scratch_folder("keras") as folder:
        path = Path(folder, FILE)
        try:
            _write(data, path)
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
        except Exception as error:  # Keras, h5py and the backends have no base class in common
            raise PackageError(f"{FILE} cannot be loaded: {error}") from error
    width = 1 if output.task == "regression" else len(output.classes or [])
    if len(model.inputs) != inputs or len(model.outputs) != 1 or model.output_shape != (None, width):
        raise PackageError(f"{FILE} cannot be used: it is not for a {output.task} task")
    return model


def prepare(libraries: Collection[str]) -> None:
    """Import Keras with the first of the libraries that is a backend here; what is wrong with it `load` says."""
    backend = next((one for one in BACKENDS if one in libraries), None)
    if backend is not None and not keras_backend.faults(backend):
        keras_backend.load(backend)


def ask(model: Any, given: NDArray[np.float32] | Mapping[str, NDArray[Any]], output: Output) -> Predictions:
    """Ask a network that gives probabilities of all classes, or values.

    Args:
        model: A network of Keras.
        given: The float matrix or, for a network with several inputs, the array of each by the input's name.
        output: What its predictions mean.
    """
    arrays = given if isinstance(given, Mapping) else {INPUT: given}
    arrays = {name: bounded(array) if name == INPUT else array for name, array in arrays.items()}
    count = len(next(iter(arrays.values())))
    parts = [
        _padded(model, {name: array[start : start + _CHUNKS[-1]] for name, array in arrays.items()})
        for start in range(0, count, _CHUNKS[-1])
    ]
    width = 1 if output.task == "regression" else len(output.classes or [])
    raw = np.concatenate([np.empty((0, width)), *parts])
    if output.task == "regression":
        return Predictions(values=raw[:, 0])
    return Predictions(codes=decide(raw, output.decision_threshold), probabilities=raw)


def _padded(model: Any, arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
    count = len(next(iter(arrays.values())))
    size = next(size for size in _CHUNKS if count <= size)
    full = {name: np.zeros((size, *array.shape[1:]), dtype=array.dtype) for name, array in arrays.items()}
    for name, array in arrays.items():
        full[name][:count] = array
    with _busy:
        predicted: NDArray[np.float32] = np.asarray(
            model.predict_on_batch(full if isinstance(model.input, dict) else full[INPUT])
        )
    return predicted[:count].astype(np.float64)


def _keras(data: bytes) -> Any:
    recorded = keras_backend.loaded() or _read(data, METADATA).get("backend")
    backend = next((one for one in BACKENDS if one == recorded), None)
    if backend is None:
        raise PackageError(f"{FILE} cannot be used: it was trained with Keras on {recorded!r}, which is not known here")
    try:
        return keras_backend.load(backend)
    except ConfigurationError as error:
        first = error.faults[0]
        raise PackageError(f"{FILE} cannot be used: it {first.message}; {first.hint}") from error


def _require_trusted(data: bytes) -> None:
    foreign = sorted(set(_foreign(_read(data, CONFIG))))
    if foreign:
        raise PackageError(f"{FILE} holds what is not on the list of built-in layers: {', '.join(foreign)}")


def _require_own_weights(data: bytes) -> None:
    """Refuse weights that HDF5 would read from other files, or take from elsewhere in this one."""
    import h5py

    strange: list[str] = []

    def look(name: str, link: Any) -> None:
        if not isinstance(link, h5py.HardLink):
            strange.append(name)

    def look_inside(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and (item.external or item.is_virtual or item.nbytes > len(data)):
            strange.append(name)

    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, h5py.File(BytesIO(archive.read(WEIGHTS)), "r") as weights:
            weights.visititems_links(look)
            weights.visititems(look_inside)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise PackageError(f"{FILE} cannot be loaded: {WEIGHTS}: {error}") from error
    if strange:
        raise PackageError(f"{FILE} has weights that are not in it: {', '.join(strange[:_SHOWN])}")


def _write(data: bytes, path: Path) -> None:
    """Write the file so that its weights begin as zeros: to draw what is replaced at once takes JAX half a second."""
    with zipfile.ZipFile(BytesIO(data)) as given, zipfile.ZipFile(path, "w") as written:
        written.writestr(CONFIG, json.dumps(_begun_with_zeros(_read(data, CONFIG))))
        for name in (METADATA, WEIGHTS):
            written.writestr(name, given.read(name))


def _begun_with_zeros(node: Any) -> Any:
    if isinstance(node, list):
        return [_begun_with_zeros(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("module") == "keras.initializers" and node.get("class_name") in _DRAWN:
        return {**node, "class_name": "Zeros", "config": {}}
    return {key: _begun_with_zeros(value) for key, value in node.items()}


def _read(data: bytes, name: str) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            found = json.loads(archive.read(name))
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, RuntimeError) as error:
        raise PackageError(f"{FILE} cannot be loaded: {name}: {error}") from error
    if not isinstance(found, dict):
        raise PackageError(f"{FILE} cannot be loaded: {name} is not an object")
    return found


def _foreign(config: dict[str, Any]) -> Iterator[str]:
    """Yield the names of classes and functions in a configuration that are not trusted ones of Keras."""
    waiting: list[Any] = [config]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if ("class_name" in node or "registered_name" in node) and not _is_trusted(node):
                yield ".".join(str(node[key]) for key in ("module", "class_name") if node.get(key))
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _is_trusted(node: dict[str, Any]) -> bool:
    name, module, registered = node.get("class_name"), node.get("module"), node.get("registered_name")
    if module is None:
        return name in _PLAIN and registered is None
    # Keras registers operations and the network under their own class names only.
    return str(module).partition(".")[0] == "keras" and name in TRUSTED and registered in (None, name)
