"""A trained pipeline to its packaged form: ONNX where it converts and predicts the same, else skops; never pickle."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ml.components.trainer import Export
from ml.package import parity
from ml.predictions.predictor import Predictions
from ml.runtimes.onnx import CLASSES, INPUT, PROBABILITIES, OnnxModel
from ml.runtimes.skops import TRUSTED, SkopsModel, predict
from schemas.errors import PackageError
from schemas.signature import Output

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def export(
    pipeline: "Pipeline", output: Output, categories: Mapping[int, int], folder: Path, example: NDArray[np.float32]
) -> Export:
    """Write the runtime file into `folder` and say which runtime it is, and why.

    Args:
        pipeline: What was trained, on class positions.
        output: What its predictions mean.
        categories: How many categories each feature that is a category code has, by position.
        folder: Where the file goes.
        example: Training rows, (n, features); up to 2,000 of them are replayed through the packaged form, then again
            with missing, unseen and extreme values in them.

    Raises:
        PackageError: If no runtime predicts as the trained pipeline does.
    """
    replayed = parity.replayed(example, categories)
    trained = predict(pipeline, replayed, output)
    data, why_not_onnx = _onnx(pipeline, output, categories, trained, replayed)
    if data is not None:
        (folder / "model.onnx").write_bytes(data)
        return Export("onnx", "model.onnx", parity.equal_predictions(replayed))
    data, why_not_skops = _skops(pipeline, output, trained, replayed)
    if data is not None:
        (folder / "model.skops").write_bytes(data)
        return Export("skops", "model.skops", f"ONNX: {why_not_onnx}")
    raise PackageError(f"The trained model cannot be packaged. ONNX: {why_not_onnx}. skops: {why_not_skops}")


def _onnx(
    pipeline: "Pipeline",
    output: Output,
    categories: Mapping[int, int],
    trained: Predictions,
    rows: NDArray[np.float32],
) -> tuple[bytes | None, str]:
    try:
        data = _convert(pipeline, output, rows.shape[1])
        model = OnnxModel.load(data, output)
        found = parity.difference(trained, model.predict(rows))
    except Exception as error:  # converters fail in their own ways; the reason is kept and skops takes over
        return None, parity.failure(error)
    found = found or parity.overflow(model, rows, categories)
    return (None, f"does not predict the same: {found}") if found else (data, "")


def _convert(pipeline: "Pipeline", output: Output, features: int) -> bytes:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    classifies = output.task != "regression"
    graded = classifies and hasattr(pipeline, "predict_proba")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter's own affairs; the parity check judges the outcome
        model = to_onnx(
            pipeline,
            initial_types=[(INPUT, FloatTensorType([None, features]))],
            options={"zipmap": False} if graded else None,
            name="drivetrain",
        )
    known = [int(code) for code in pipeline.classes_] if classifies else []
    for key, value in ((CLASSES, json.dumps(known)), (PROBABILITIES, json.dumps(graded))):
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    data: bytes = model.SerializeToString()
    return data


def _skops(
    pipeline: "Pipeline", output: Output, trained: Predictions, rows: NDArray[np.float32]
) -> tuple[bytes | None, str]:
    from skops.io import dumps, get_untrusted_types
    from skops.io.exceptions import UnsupportedTypeException

    try:
        data: bytes = dumps(pipeline)
    except (UnsupportedTypeException, TypeError, ValueError, AttributeError) as error:
        return None, f"cannot hold it ({parity.short(error)})"
    foreign = sorted(set(get_untrusted_types(data=data)) - set(TRUSTED))
    if foreign:
        return None, f"holds types that are not on the trusted list: {', '.join(foreign)}"
    found = parity.difference(trained, SkopsModel.load(data, output).predict(rows))
    return (None, f"does not predict the same: {found}") if found else (data, "")
