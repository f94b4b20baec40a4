"""What is encoded is read back: arrays to records, columns and tables, and records to arrays."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ml.predictions.codec import Encoder, chosen, decode, finite, own_labels, record_columns
from ml.predictions.predictions import needs_review
from ml.predictions.predictor import Predictions
from ml.predictions.table import prediction_columns
from schemas.base import Scalar, Task
from schemas.signature import Output

CLASSES: list[list[Scalar]] = [[False, True], ["no", "yes"], [1, 2, 7], ["a", 1, 2.5, True]]


def output(classes: list[Scalar], threshold: float | None = None) -> Output:
    task: Task = "binary" if len(classes) == 2 else "multiclass"
    return Output(task=task, target="y", classes=classes, review_threshold=threshold)


@st.composite
def predicted(draw: st.DrawFn) -> tuple[Output, Predictions]:
    classes = draw(st.sampled_from(CLASSES))
    count = draw(st.integers(0, 6))
    codes = np.array(draw(st.lists(st.integers(-1, len(classes) - 1), min_size=count, max_size=count)), dtype=np.int64)
    if draw(st.booleans()):
        return output(classes), Predictions(codes=codes)
    weights: NDArray[np.float64] = np.array(
        draw(
            st.lists(
                st.lists(st.floats(0.01, 1), min_size=len(classes), max_size=len(classes)),
                min_size=count,
                max_size=count,
            )
        )
    ).reshape(count, len(classes))
    shares = weights / weights.sum(axis=1, keepdims=True)
    return output(classes, draw(st.sampled_from([None, 0.5, 0.9]))), Predictions(codes=codes, probabilities=shares)


@given(predicted())
def test_records_are_read_back_as_the_arrays_they_were_made_of(pair: tuple[Output, Predictions]) -> None:
    out, predictions = pair
    records = json.loads(json.dumps(Encoder(out).encode(predictions).records))
    again = decode(records, out.classes or [])
    assert predictions.codes is not None and again.codes is not None
    assert again.codes.tolist() == predictions.codes.tolist()
    if predictions.probabilities is not None and len(predictions.codes):
        assert again.probabilities is not None
        assert again.probabilities.tolist() == predictions.probabilities.tolist()


@given(predicted())
def test_the_service_batches_and_profiles_say_the_same_of_every_row(pair: tuple[Output, Predictions]) -> None:
    out, predictions = pair
    encoder = Encoder(out)
    encoded, table = encoder.encode(predictions), prediction_columns(predictions, out, "3")
    review = needs_review(predictions, out.review_threshold).tolist()
    assert encoded.needs_review == review == [one["needs_review"] for one in encoded.records]
    assert table["needs_review"].tolist() == review and len(encoded) == len(table)
    own, read = encoder.columns(predictions), record_columns(encoded.records, out)
    assert list(read["label"]) == list(own["label"]) == [one["label"] for one in encoded.records]
    if encoded.records and "confidence" in own:
        assert list(read["confidence"]) == list(own["confidence"])


def test_a_value_is_a_record_without_a_label() -> None:
    out = Output(task="regression", target="y")
    predictions = Predictions(values=np.array([1.5, -2.0]))
    encoded = Encoder(out).encode(predictions)
    assert encoded.records == [{"value": 1.5, "needs_review": False}, {"value": -2.0, "needs_review": False}]
    assert record_columns(encoded.records, out) == {"value": [1.5, -2.0]}


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_is_found_and_can_be_left_out(wrong: float) -> None:
    table = Predictions(codes=np.array([0, 1]), probabilities=np.array([[0.5, 0.5], [wrong, 0.5]]))
    numbers = Predictions(values=np.array([2.0, wrong]))
    assert finite(table).tolist() == finite(numbers).tolist() == [True, False]
    assert finite(Predictions(codes=np.array([0, -1]))).tolist() == [True, True]
    assert len(chosen(table, finite(table)).codes) == 1  # type: ignore[arg-type]
    assert chosen(numbers, finite(numbers)).values.tolist() == [2.0]  # type: ignore[union-attr]


@given(st.lists(st.dictionaries(st.sampled_from(["label", "probabilities", "value", "x"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2), max_leaves=4,
)), max_size=4))  # fmt: skip
def test_whatever_a_record_holds_it_is_read_without_an_error(records: list[dict[str, Any]]) -> None:
    found = decode(records, ["no", "yes"])
    assert found.codes is not None and len(found.codes) == len(records)
    record_columns(records, output(["no", "yes"]))


def test_labels_are_told_as_the_packages_own_threshold_decides() -> None:
    records: list[dict[str, Any]] = [
        {"label": "no", "probabilities": {"no": 0.3, "yes": 0.7}, "needs_review": True},  # moved to 0.75
        {"label": None, "probabilities": {"no": 0.3, "yes": 0.7}, "needs_review": True},
        {"label": "no", "probabilities": {"no": 0.6, "yes": 0.4}, "needs_review": True},
        {"label": "no", "needs_review": True},
    ]
    assert own_labels(records, output(["no", "yes"])) == ["yes", None, "no", "no"]
