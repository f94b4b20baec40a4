"""A trained network to its packaged form: ONNX where all of it can be written and predicts the same, else `.keras`."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.components.trainer import Export
from ml.io.scratch import scratch_folder
from ml.package import parity
from ml.predictions.predictor import Predictor
from ml.runtimes import keras, onnx
from ml.runtimes.keras import COLUMNS, CONFIG, FILE, METADATA, ask
from ml.trainers.keras.network import TrainedNetwork
from ml.trainers.keras.onnx import ACTIVATIONS, convert
from ml.values.memory_bound import MemoryBound
from schemas.errors import PackageError
from schemas.signature import Output

_BYTES = 4  # of a weight
_BASE, _ONNX_MEMORY, _KERAS_MEMORY = 35_000_000, 5, 7
"""Bytes that making a form takes at least, and for each byte of weights; measured with 16 million weights: 4.2 and 6.3
(the growth of the resident set; Keras 3.15 on JAX, two cores)."""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can hold; equal networks are equal files


class Comparison(Protocol):
    """The trained network, and the rows that it and its packaged forms are asked."""

    @property
    def network(self) -> TrainedNetwork:
        """What was trained."""

    @property
    def output(self) -> Output:
        """What its predictions mean."""

    @property
    def count(self) -> int:
        """How many rows there are."""

    def difference(self, packaged: Predictor) -> str | None:
        """Say how a packaged form predicts differently, None when it does not."""

    def graph(self) -> bytes:
        """Return the network as an ONNX graph."""

    def columns(self) -> dict[str, str] | None:
        """Return the array that each input of the network takes, None where it takes the float matrix alone."""


def export(
    network: TrainedNetwork,
    output: Output,
    categories: Mapping[int, int],
    folder: Path,
    example: NDArray[np.float32],
    memory: MemoryBound,
) -> Export:
    """Write the runtime file into `folder` and say which runtime it is, and why.

    Args:
        network: What was trained.
        output: What its predictions mean.
        categories: How many categories each feature that is a category code has, by position.
        folder: Where the file goes.
        example: Training rows, (n, features); up to 2,000 of them are replayed through the packaged form, then again
            with missing, unseen and extreme values in them.
        memory: What the making of a form may take; one that would take more is not begun.

    Raises:
        PackageError: If no runtime predicts as the trained network does, or none can be made within the bound.
    """
    return export_compared(
        _OfFeatures(network, output, categories, parity.replayed(example, categories)), folder, memory
    )


def export_compared(comparison: Comparison, folder: Path, memory: MemoryBound) -> Export:
    """Do the same for a network that is compared in its own way. Raises PackageError."""
    weights = int(comparison.network.model.count_params()) * _BYTES
    why_not_onnx = memory.excess(_BASE + _ONNX_MEMORY * weights)
    why_not_keras = memory.excess(_BASE + _KERAS_MEMORY * weights)
    if why_not_onnx is not None:  # the other form takes more still
        why = f"ONNX: {why_not_onnx}; keras: {why_not_keras}"
        what = "Raise package.memory (MiB) or make the network smaller (trainer.layers)"
        raise PackageError(f"The trained network is too large to be packaged. {why}. {what}")
    data, why_not_onnx = _onnx(comparison)
    if data is not None:
        (folder / "model.onnx").write_bytes(data)
        return Export("onnx", "model.onnx", parity.equal_predictions(comparison.count))
    data, found = (None, why_not_keras) if why_not_keras else _keras(comparison)
    if data is None:
        raise PackageError(f"The trained network cannot be packaged. ONNX: {why_not_onnx}. keras: {found}")
    (folder / FILE).write_bytes(data)
    return Export("keras", FILE, f"ONNX: {why_not_onnx}")


@dataclass(frozen=True)
class _OfFeatures:
    """The comparison of a network on the float matrix."""

    network: TrainedNetwork
    output: Output
    categories: Mapping[int, int]
    rows: NDArray[np.float32]

    @property
    def count(self) -> int:
        return len(self.rows)

    def difference(self, packaged: Predictor) -> str | None:
        found = parity.difference(ask(self.network.model, self.rows, self.output), packaged.predict(self.rows))
        return found or parity.overflow(packaged, self.rows, self.categories)

    def graph(self) -> bytes:
        return convert(self.network, self.rows.shape[1])

    def columns(self) -> None:
        return None


def _onnx(comparison: Comparison) -> tuple[bytes | None, str]:
    activation = comparison.network.params.activation
    if activation not in ACTIVATIONS:
        return None, f"the activation {activation!r} has no translation"
    try:
        data = comparison.graph()
        found = comparison.difference(onnx.load(data, comparison.output))
    except Exception as error:  # protobuf, the checker and onnxruntime fail in their own ways; `.keras` takes over
        return None, parity.failure(error)
    return (None, f"does not predict the same: {found}") if found else (data, "")


def _keras(comparison: Comparison) -> tuple[bytes | None, str]:
    data = _file(comparison)
    found = comparison.difference(keras.load(data, comparison.output))
    return (None, f"does not predict the same: {found}") if found else (data, "")


def _file(comparison: Comparison) -> bytes:
    """Return the network as Keras saves it, with the backend named, without the time of day and addresses."""
    network, columns = comparison.network, comparison.columns()
    with scratch_folder("keras") as folder:
        path = Path(folder, FILE)
        network.model.save(path)
        saved = path.read_bytes()
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(saved)) as given, zipfile.ZipFile(target, "w") as taken:
        for name in sorted(given.namelist()):
            content = given.read(name)
            if name == METADATA:
                known = {**json.loads(content), "date_saved": "", "backend": network.params.backend}
                known.update({} if columns is None else {COLUMNS: columns})
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
