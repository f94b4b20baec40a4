"""ONNX packages: a graph that takes the float matrix and gives labels and probabilities, or values."""

import json
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

# It keeps a database of events in the person's home otherwise, and is asked on import only.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
import onnxruntime

from ml.predictions.predictions import bounded, decide, joined, rows_of
from ml.predictions.predictor import FEATURES, ArrayPredictor, Arrays, Predictions, Predictor
from ml.values.sparse_rows import SparseRows
from schemas.errors import PackageError
from schemas.signature import Output

CLASSES = "drivetrain.classes"
PROBABILITIES = "drivetrain.probabilities"
COLUMNS = "drivetrain.columns"
"""Key of the metadata of a graph whose inputs have names of their own: the array that each takes, by that name."""
INPUT = FEATURES
_LOCATION = b"location"
_AT_ONCE = 16 << 20  # bytes of a matrix that is made of sparse rows


_DTYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}


class _Outputs:
    """How what a graph gives becomes predictions."""

    def __init__(self, session: onnxruntime.InferenceSession, output: Output) -> None:
        metadata = session.get_modelmeta().custom_metadata_map
        self._run = session.run
        self._names = [one.name for one in session.get_outputs()]
        self._threshold = output.decision_threshold
        self._regression, self._forecasts = output.task == "regression", output.task == "forecast"
        self._classes = len(output.classes or [])
        self._known: list[int] = json.loads(metadata.get(CLASSES, "[]"))
        self._graded = metadata.get(PROBABILITIES) == "true"

    def of(self, given: dict[str, NDArray[Any]]) -> Predictions:
        """Run the graph on its inputs."""
        if self._regression:
            (values,) = self._run(self._names[:1], given)
            return Predictions(values=values.reshape(-1).astype(np.float64))
        if self._forecasts:
            (steps,) = self._run(self._names[:1], given)
            return Predictions(values=steps.astype(np.float64))
        if not self._graded:
            (codes,) = self._run(self._names[:1], given)
            return Predictions(codes=codes.astype(np.int64).reshape(-1))
        (raw,) = self._run(self._names[1:2], given)
        probabilities = self._all_classes(raw)
        return Predictions(codes=decide(probabilities, self._threshold), probabilities=probabilities)

    def _all_classes(self, raw: NDArray[np.float32]) -> NDArray[np.float64]:
        """Give classes that training did not see a probability of 0."""
        np.minimum(np.maximum(raw, 0, out=raw), 1, out=raw)  # sums in float32 can end a little above 1
        if len(self._known) == self._classes:
            return raw.astype(np.float64)
        probabilities = np.zeros((len(raw), self._classes))
        probabilities[:, self._known] = raw
        return probabilities


class OnnxModel(Predictor):
    """An inference session with one thread and reproducible sums, on the float matrix."""

    def __init__(self, session: onnxruntime.InferenceSession, output: Output) -> None:
        self._predict = _Outputs(session, output).of

    @classmethod
    def load(cls, data: bytes, output: Output) -> "OnnxModel":
        """Open a session on a graph of the float matrix. Raises PackageError when the bytes are none."""
        return cls(_session(data), output)

    def predict(self, features: NDArray[np.float32]) -> Predictions:
        """Predict for (n, features)."""
        return self._predict({INPUT: bounded(features)})


class OnnxArrays(ArrayPredictor):
    """The same on the arrays that the graph has inputs for, by their names or by those that its metadata give."""

    def __init__(self, session: onnxruntime.InferenceSession, output: Output) -> None:
        self._predict = _Outputs(session, output).of
        columns = _columns(session)
        self._names = {columns.get(one.name, one.name): one.name for one in session.get_inputs()}
        self.inputs = {columns.get(one.name, one.name): _DTYPES.get(one.type) for one in session.get_inputs()}
        unknown = [one.type for one in session.get_inputs() if one.type not in _DTYPES]
        if unknown:
            raise PackageError(f"The ONNX graph takes {unknown[0]}; an input is one of {', '.join(_DTYPES)}")

    def predict_arrays(self, arrays: Arrays) -> Predictions:
        """Predict for n rows of every input of the graph; sparse rows become a matrix, some at a time."""
        widths = [array.width for array in arrays.values() if isinstance(array, SparseRows)]
        count = len(arrays[next(iter(self.inputs))])
        at_once = max(1, _AT_ONCE // (4 * sum(widths))) if sum(widths) else count
        if count <= at_once:
            return self._predict(self._given(arrays))
        starts = range(0, count, at_once)
        return joined([self._predict(self._given(rows_of(arrays, start, start + at_once))) for start in starts])

    def _given(self, arrays: Arrays) -> dict[str, NDArray[Any]]:
        given: dict[str, NDArray[Any]] = {}
        for name, dtype in self.inputs.items():
            array = arrays[name]
            dense = array.dense() if isinstance(array, SparseRows) else array.astype(dtype, copy=False)
            given[self._names[name]] = bounded(dense) if name == INPUT else dense
        return given


def _columns(session: onnxruntime.InferenceSession) -> dict[str, str]:
    """Return the array that each input takes, by the input's name. Raises PackageError."""
    try:
        columns = json.loads(session.get_modelmeta().custom_metadata_map.get(COLUMNS, "{}"))
    except ValueError:
        columns = None
    if not isinstance(columns, dict) or not all(isinstance(one, str) for one in columns.values()):
        raise PackageError(f"The ONNX graph cannot be used: {COLUMNS} in its metadata is no object of names")
    if len({columns.get(one.name, one.name) for one in session.get_inputs()}) < len(session.get_inputs()):
        raise PackageError(f"The ONNX graph cannot be used: by {COLUMNS} two of its inputs take the same array")
    return columns


def _session(data: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    _require_own_data(data)
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no base class of their own
        raise PackageError(f"The ONNX graph cannot be loaded: {error}") from error


def _require_own_data(data: bytes) -> None:
    """Refuse a graph whose numbers are in other files: they are not what was sealed. Raises PackageError."""
    if _LOCATION not in data:  # the key without which there is no such file
        return
    import onnx

    try:
        waiting: list[Any] = [onnx.load_model_from_string(data)]
    except Exception as error:  # protobuf's own, which has no types
        raise PackageError(f"The ONNX graph cannot be loaded: {error}") from error
    while waiting:
        message = waiting.pop()
        if isinstance(message, onnx.TensorProto) and (message.external_data or message.data_location):
            raise PackageError(f"The ONNX graph has numbers in another file: {message.name[:100]!r}")
        for _, value in message.ListFields():
            if hasattr(value, "ListFields"):  # a message
                waiting.append(value)
            elif hasattr(value, "add"):  # messages
                waiting += value


def load(data: bytes, output: Output) -> Predictor:
    """Load the runtime file's bytes. Raises PackageError."""
    session = _session(data)
    is_table = [one.name for one in session.get_inputs()] == [INPUT]
    return OnnxModel(session, output) if is_table else OnnxArrays(session, output)
