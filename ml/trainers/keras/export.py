"""A trained network to its packaged form: ONNX where all of it can be written and answers alike, else `.keras`."""

import json
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ml.components import Export
from ml.package import parity
from ml.predictions.predictions import Answering
from ml.runtimes.keras import CONFIG, FILE, METADATA, KerasModel
from ml.runtimes.onnx import OnnxModel
from ml.trainers.keras.onnx import ACTIVATIONS, convert
from schemas.errors import PackageError

if TYPE_CHECKING:
    from ml.trainers.keras.fit import FittedKeras

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can say; equal networks are equal files


def export(fitted: "FittedKeras", folder: Path, example: NDArray[np.float32]) -> Export:
    """Write the runtime file into `folder` and say which runtime it is, and why.

    Args:
        example: Training rows, (n, features); up to 2,000 of them are replayed through the packaged form, then again
            with missing, unseen and extreme values in them.

    Raises:
        PackageError: If no runtime answers as the trained network does.
    """
    replayed = parity.replayed(example, fitted.categories)
    data, why_not_onnx = _onnx(fitted, replayed)
    if data is not None:
        (folder / "model.onnx").write_bytes(data)
        return Export("onnx", "model.onnx", parity.equal_answers(replayed))
    data = _file(fitted)
    found = _unlike(fitted, KerasModel.load(data, fitted.output), replayed)
    if found:
        raise PackageError(f"The trained network cannot be packaged. ONNX: {why_not_onnx}. keras: {found}")
    (folder / FILE).write_bytes(data)
    return Export("keras", FILE, f"ONNX: {why_not_onnx}")


def _onnx(fitted: "FittedKeras", rows: NDArray[np.float32]) -> tuple[bytes | None, str]:
    if fitted.params.activation not in ACTIVATIONS:
        return None, f"the activation {fitted.params.activation!r} has no translation"
    try:
        data = convert(fitted, rows.shape[1])
        found = _unlike(fitted, OnnxModel.load(data, fitted.output), rows)
    except Exception as error:  # protobuf, the checker and onnxruntime fail in their own ways; `.keras` takes over
        return None, parity.failure(error)
    return (None, found) if found else (data, "")


def _unlike(fitted: "FittedKeras", packaged: Answering, rows: NDArray[np.float32]) -> str | None:
    found = parity.difference(fitted.answer(rows), packaged.answer(rows))
    found = found or parity.overflow(packaged, rows, fitted.categories)
    return f"does not answer alike: {found}" if found else None


def _file(fitted: "FittedKeras") -> bytes:
    """Return the network as Keras saves it, with the backend named, without the time of day and addresses."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, FILE)
        fitted.model.save(path)
        saved = path.read_bytes()
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(saved)) as given, zipfile.ZipFile(target, "w") as taken:
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name == METADATA:
                known = {**json.loads(content), "date_saved": "", "backend": fitted.params.backend}
                content = json.dumps(known, sort_keys=True).encode()
            elif name == CONFIG:
                content = json.dumps(_renumbered(json.loads(content), {})).encode()
            taken.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return target.getvalue()


def _renumbered(node: Any, seen: dict[int, int]) -> Any:
    """Return a configuration in which objects used twice are numbered in their order, not by their addresses."""
    if isinstance(node, list):
        return [_renumbered(one, seen) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: seen.setdefault(value, len(seen)) if key == "shared_object_id" else _renumbered(value, seen)
        for key, value in node.items()
    }
