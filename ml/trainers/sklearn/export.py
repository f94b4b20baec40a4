"""A trained pipeline to its packaged form: ONNX where it converts and predicts the same, else skops; never pickle."""

import json
import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ml.components.trainer import Export
from ml.package import parity
from ml.predictions.predictor import Predictions, Predictor
from ml.runtimes import onnx, skops
from ml.runtimes.onnx import CLASSES, COLUMNS, INPUT, PROBABILITIES
from ml.runtimes.skops import TRUSTED, predict
from ml.trainers.sklearn import forest_graph
from ml.trainers.sklearn.packaging_memory import onnx_memory, skops_memory, smaller
from ml.values.memory_bound import MemoryBound, gigabytes
from schemas.errors import PackageError
from schemas.plan import PROGRESS
from schemas.signature import Output

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_log = logging.getLogger(PROGRESS)


def export(
    pipeline: "Pipeline",
    output: Output,
    categories: Mapping[int, int],
    folder: Path,
    example: NDArray[np.float32],
    memory: MemoryBound,
) -> Export:
    """Write the runtime file into `folder` and say which runtime it is, and why.

    Args:
        pipeline: What was trained, on class positions.
        output: What its predictions mean.
        categories: How many categories each feature that is a category code has, by position.
        folder: Where the file goes.
        example: Training rows, (n, features); up to 2,000 of them are replayed through the packaged form, then again
            with missing, unseen and extreme values in them.
        memory: What the making of a form may take; one that would take more is not begun.

    Raises:
        PackageError: If no runtime predicts as the trained pipeline does, or none can be made within the bound.
    """
    size = (pipeline[-1], len(example), example.shape[1])
    needs = Needs(pipeline[-1], onnx_memory(*size), skops_memory(*size))
    return export_compared(lambda: _Comparison.of(pipeline, output, categories, example), needs, folder, memory)


class Comparison(Protocol):
    """What was trained, and the rows that it and its packaged forms are asked."""

    @property
    def output(self) -> Output:
        """What its predictions mean."""

    @property
    def count(self) -> int:
        """How many rows there are."""

    @property
    def content(self) -> Any:
        """What skops is to hold: objects of scikit-learn."""

    def graph(self) -> bytes:
        """Return what was trained as an ONNX graph."""

    def difference(self, packaged: Predictor) -> str | None:
        """Say how a packaged form predicts differently, None when it does not."""

    def overflow(self, packaged: Predictor) -> str | None:
        """Say whether a packaged form predicts NaN or infinity for extreme numbers."""


@dataclass(frozen=True)
class Needs:
    """How many bytes the making of each form of an estimator takes."""

    estimator: Any
    onnx: int
    skops: int


def export_compared(compare: Callable[[], Comparison], needs: Needs, folder: Path, memory: MemoryBound) -> Export:
    """Do the same for what is compared in its own way. Raises PackageError."""
    too_large = {"ONNX": memory.excess(needs.onnx), "skops": memory.excess(needs.skops)}
    if all(too_large.values()):
        raise PackageError(_no_room(needs.estimator, too_large))
    comparison = compare()
    data, why_not_onnx = None, too_large["ONNX"]
    if why_not_onnx is None:
        data, why_not_onnx = _onnx(comparison)
    if data is not None:
        (folder / "model.onnx").write_bytes(data)
        return Export("onnx", "model.onnx", parity.equal_predictions(comparison.count))
    why_not_skops = too_large["skops"]
    if why_not_skops is None:
        data, why_not_skops = _skops(comparison)
    if data is not None:
        (folder / "model.skops").write_bytes(data)
        return Export("skops", "model.skops", f"ONNX: {why_not_onnx}")
    raise PackageError(f"The trained model cannot be packaged. ONNX: {why_not_onnx}. skops: {why_not_skops}")


def _no_room(estimator: Any, why: Mapping[str, str | None]) -> str:
    reasons = "; ".join(f"{runtime}: {reason}" for runtime, reason in why.items())
    keys = ", ".join(f"trainer.{name}" for name in smaller(estimator))
    shrink = f" or make the model smaller ({keys})" if keys else ""
    return f"The trained model is too large to be packaged. {reasons}. Raise package.memory (MiB){shrink}"


@dataclass(frozen=True)
class _Comparison:
    """What was trained, the rows that it and its packaged forms are asked, and what it predicts for them."""

    pipeline: "Pipeline"
    output: Output
    categories: Mapping[int, int]
    rows: NDArray[np.float32]
    trained: Predictions

    @classmethod
    def of(
        cls, pipeline: "Pipeline", output: Output, categories: Mapping[int, int], example: NDArray[np.float32]
    ) -> "_Comparison":
        rows = parity.replayed(example, categories)
        trained = parity.in_chunks(partial(predict, pipeline, output=output), rows, "asking the trained model")
        return cls(pipeline, output, categories, rows, trained)

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def content(self) -> "Pipeline":
        return self.pipeline

    def graph(self) -> bytes:
        return _convert(self.pipeline, self.output, self.rows.shape[1])

    def difference(self, packaged: Predictor) -> str | None:
        return parity.difference(
            self.trained, parity.in_chunks(packaged.predict, self.rows, "asking the packaged form the same")
        )

    def overflow(self, packaged: Predictor) -> str | None:
        return parity.overflow(packaged, self.rows, self.categories)


def _onnx(comparison: Comparison) -> tuple[bytes | None, str]:
    try:
        _log.info("converting to ONNX")
        data = comparison.graph()
        _log.info("loading %s of ONNX", gigabytes(len(data)))
        model = onnx.load(data, comparison.output)
        found = comparison.difference(model) or comparison.overflow(model)
    except Exception as error:  # converters fail in their own ways; the reason is kept and skops takes over
        return None, parity.failure(error)
    return (None, f"does not predict the same: {found}") if found else (data, "")


def _convert(pipeline: "Pipeline", output: Output, features: int) -> bytes:
    model = converted(pipeline, INPUT, features, output)
    return described(model, pipeline, output)


def converted(part: Any, name: str, width: int, output: Output | None = None) -> Any:
    """Return the graph of something of scikit-learn that takes `name`, float32 (n, width).

    Args:
        part: A pipeline or an estimator; without `output`, what makes features.
        name: What its input is called.
        width: How wide that is.
        output: What the predictions mean.
    """
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    graded = output is not None and output.task != "regression" and hasattr(part, "predict_proba")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter's own affairs; the parity check judges the outcome
        return convert_sklearn(
            part,
            initial_types=[(name, FloatTensorType([None, width]))],
            options={"zipmap": False} if graded else None,
            name="drivetrain",
            custom_conversion_functions=forest_graph.converters(),
        )


def described(model: Any, estimator: Any, output: Output, columns: Mapping[str, str] | None = None) -> bytes:
    """Return a graph's bytes with what the runtime has to know of it; `columns` are the arrays that its inputs take."""
    classifies = output.task != "regression"
    known = [int(code) for code in estimator.classes_] if classifies else []
    graded = classifies and hasattr(estimator, "predict_proba")
    told = {CLASSES: known, PROBABILITIES: graded} | ({COLUMNS: dict(columns)} if columns else {})
    for key, value in told.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, json.dumps(value)
    data: bytes = model.SerializeToString()
    return data


def _skops(comparison: Comparison) -> tuple[bytes | None, str]:
    from skops.io import dumps, get_untrusted_types
    from skops.io.exceptions import UnsupportedTypeException

    _log.info("writing it as skops")
    try:
        data: bytes = dumps(comparison.content)
    except (UnsupportedTypeException, TypeError, ValueError, AttributeError) as error:
        return None, f"cannot hold it ({parity.short(error)})"
    foreign = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED))
    if foreign:
        return None, f"holds types that are not on the trusted list: {', '.join(foreign)}"
    try:
        found = comparison.difference(skops.load(data, comparison.output))
    except PackageError as error:
        return None, str(error)
    return (None, f"does not predict the same: {found}") if found else (data, "")
