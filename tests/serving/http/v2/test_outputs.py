"""The predictions of every kind of model as named tensors, in JSON and as bytes."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ml.predictions.codec import Encoder
from ml.predictions.predictor import Outlook, Predictions
from ml.validation.checked import Checked
from schemas.base import Scalar
from schemas.signature import Output
from serving.http.answering import Answered
from serving.http.errors import HttpError
from serving.http.reading import Rows
from serving.http.v2.outputs import Outputs
from serving.http.v2.request import Requests
from serving.http.v2.response import response
from serving.http.v2.wanted import wanted
from serving.http.work import Work
from serving.journal.inputs import Kept
from tests.serving.http.v2.tensors import outputs_of

CODES = np.array([1, 0], dtype=np.int64)


def classes(found: list[Scalar]) -> Output:
    return Output(task="multiclass", target="t", classes=found)


def asked(output: Output, predicted: Predictions, runtime: str = "onnx", **more: Any) -> tuple[Any, Any, bytes]:
    """Return metadata, JSON and whole content of the answer that has these predictions."""
    encoder = Encoder(output)
    encoded = encoder.encode(predicted)
    manifest = SimpleNamespace(runtime=runtime)
    signature = SimpleNamespace(output=output)
    model = SimpleNamespace(manifest=manifest, signature=signature)
    version: Any = SimpleNamespace(version="7", answered=encoded.records[0], model=model)
    count = len(encoded)
    rows = Rows(count, Checked({}, [*range(count)], {}), Kept("[]"), False)
    done = Work(version, encoder, rows, predicted, "", encoded.needs_review)
    outputs = Outputs(version)
    tensor = {"name": "a", "shape": [count], "datatype": "FP64", "data": [0.0] * count}
    request, _ = Requests().read(json.dumps({"inputs": [tensor], **more}).encode(), None)
    sent = response("m", Answered("id", version, done), request.id, wanted(outputs, request))
    headers = {name.decode(): value.decode() for name, value in sent.headers}
    assert headers["x-content-type-options"] == "nosniff"
    return {one["name"]: one for one in outputs.metadata()}, outputs_of(sent.content, headers), sent.content


BINARY = {"parameters": {"binary_data_output": True}}


@pytest.mark.parametrize("more", [{}, BINARY])
@pytest.mark.parametrize(
    ("found", "runtime", "datatype", "label"),
    [
        (["no", "yés"], "onnx", "BYTES", ["yés", "no"]),
        ([3, 5], "onnx", "INT64", [5, 3]),
        ([False, True], "onnx", "BOOL", [True, False]),
        ([0.5, 2], "onnx", "FP64", [2.0, 0.5]),
        (["a", 1], "onnx", "BYTES", ["1", "a"]),
        ([0, 1 << 70], "onnx", "BYTES", [str(1 << 70), "0"]),
        ([3, 5], "rules", "BYTES", ["5", "3"]),
    ],
)
def test_labels_are_of_the_datatype_that_the_classes_have(
    found: list[Scalar], runtime: str, datatype: str, label: list[Any], more: Any
) -> None:
    metadata, answer, _ = asked(classes(found), Predictions(codes=CODES), runtime, **more)
    assert metadata["label"] == {"name": "label", "datatype": datatype, "shape": [-1]}
    assert answer == {"label": label, "needs_review": [False, False]}


@pytest.mark.parametrize("more", [{}, BINARY])
def test_probabilities_are_by_class_in_the_order_of_the_metadata(more: Any) -> None:
    predicted = Predictions(codes=CODES, probabilities=np.array([[0.25, 0.75], [0.5, 0.5]]))
    metadata, answer, _ = asked(classes(["no", "yes"]), predicted, **more)
    assert metadata["probabilities"]["shape"] == [-1, 2]
    assert metadata["probabilities"]["parameters"] == {"classes": ["no", "yes"]}
    assert answer["probabilities"] == [0.25, 0.75, 0.5, 0.5]


def test_an_abstention_is_an_empty_text_for_review_and_never_a_number() -> None:
    abstained = Predictions(codes=np.array([0, -1]))
    _, answer, _ = asked(classes([1, 2]), abstained, "rules")
    assert answer == {"label": ["1", ""], "needs_review": [False, True]}
    with pytest.raises(HttpError, match="abstains"):
        asked(classes([1, 2]), abstained)


@pytest.mark.parametrize("more", [{}, BINARY])
def test_a_value_and_a_forecast(more: Any) -> None:
    _, answer, _ = asked(Output(task="regression", target="t"), Predictions(values=np.array([1.5, -2.0])), **more)
    assert answer == {"value": [1.5, -2.0], "needs_review": [False, False]}
    steps = np.array([[1.0, 2.0], [3.0, 4.0]])
    times = np.array([["2024-05-31", "2024-06-01"]] * 2, dtype="datetime64[us]")
    outlook = Outlook(times, np.array([0.5, np.nan]))
    predicted = Predictions(values=steps, lower=steps - 1, upper=steps + 1, outlook=outlook)
    metadata, answer, content = asked(Output(task="forecast", target="t"), predicted, **more)
    assert {name: one["shape"] for name, one in metadata.items()} == {
        **{name: [-1, 2] for name in ("value", "lower", "upper", "times")},
        **{name: [-1] for name in ("naive_error", "needs_review")},
    }
    assert answer["value"] == [1, 2, 3, 4] and answer["lower"] == [0, 1, 2, 3] and answer["upper"] == [2, 3, 4, 5]
    assert answer["times"] == ["2024-05-31", "2024-06-01"] * 2 and answer["naive_error"][0] == 0.5
    assert answer["naive_error"][1] is None or np.isnan(answer["naive_error"][1])
    assert b"NaN" not in content


def test_outputs_may_be_chosen_each_in_its_form() -> None:
    chosen = [{"name": "needs_review", "parameters": {"binary_data": True}}, {"name": "label"}]
    _, answer, content = asked(classes(["no", "yes"]), Predictions(codes=CODES), outputs=chosen, id="mine")
    assert list(answer) == ["needs_review", "label"] and content.endswith(b"\x00\x00") and b'"id":"mine"' in content
    with pytest.raises(HttpError, match=r"no output 'lable'\. Did you mean 'label'"):
        asked(classes(["no", "yes"]), Predictions(codes=CODES), outputs=[{"name": "lable"}])
