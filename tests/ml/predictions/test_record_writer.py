"""Records that are written at once are those that are encoded one by one."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic_core import to_json

from ml.predictions.codec import Encoder
from ml.predictions.predictor import Predictions
from ml.predictions.record_writer import RecordWriter
from schemas.base import Scalar
from schemas.signature import Output

SHARES: Any = st.floats(0, 1)


def same(output: Output, predictions: Predictions) -> None:
    encoder = Encoder(output)
    written, encoded = RecordWriter(output, encoder).write(predictions), encoder.encode(predictions)
    assert written.text == to_json(encoded.records).decode() and written.needs_review == encoded.needs_review


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(max_size=4) | st.integers() | st.booleans() | st.floats(-9, 9), min_size=1, max_size=4, unique_by=str
    ),
    st.integers(0, 6),
    st.sampled_from([None, 0.5]),
    st.data(),
)
def test_classes(classes: list[Scalar], rows: int, threshold: float | None, data: Any) -> None:
    output = Output(task="multiclass", target="t", classes=classes, review_threshold=threshold)
    codes = data.draw(arrays.arrays(np.int64, rows, elements=st.integers(-1, len(classes) - 1)))
    same(output, Predictions(codes=codes))
    shares = data.draw(arrays.arrays(np.float64, (rows, len(classes)), elements=SHARES))
    same(output, Predictions(codes=codes, probabilities=shares))


@given(arrays.arrays(np.float64, st.integers(0, 5), elements=st.floats(allow_nan=False, allow_infinity=False)))
def test_values(values: Any) -> None:
    same(Output(task="regression", target="t"), Predictions(values=values))


@pytest.mark.parametrize("label", ["100 %s", '%d"quoted"', "%%"])
def test_classes_with_signs_of_formats(label: str) -> None:
    output = Output(task="binary", target="t", classes=[label, "b"])
    same(output, Predictions(codes=np.array([0, 1]), probabilities=np.array([[1.0, 0.0], [1e-7, 0.5]])))


def test_a_forecast() -> None:
    same(Output(task="forecast", target="t"), Predictions(values=np.array([[1.0, 2.0]])))
