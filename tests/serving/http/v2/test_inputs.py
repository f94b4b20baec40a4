"""The inputs of a version as named tensors."""

import json
from typing import Any

import numpy as np
import pytest

from ml.values.tensor import Tensor
from schemas.forecast import Forecast
from schemas.signature import Input, Latest, NumberDerivation, Output, Signature, TensorDerivation, WindowDerivation
from serving.http.errors import HttpError
from serving.http.v2.input_forms import example, forms_of, metadata
from serving.http.v2.inputs import Inputs
from serving.http.v2.request import Requests
from tests.serving import packages

SIGNATURE = Signature(
    inputs=[
        Input(name="size", type="number"),
        Input(name="rooms", type="number", integer=True),
        Input(name="age", type="number", nullable=True, decimal="."),
        Input(name="garden", type="boolean"),
        Input(name="lift", type="boolean", nullable=True),
        Input(name="größe", type="category", nullable=True, categories=["a"]),
        Input(name="note", type="text", nullable=True),
        Input(name="grid", type="tensor", shape=[2, None], dtype="float32"),
    ],
    ignored=["listing id"],
    derivations=[TensorDerivation(column="grid", shape=[2, None], dtype="float32")],
    features=[],
    output=Output(task="regression", target="price"),
)
GOOD: dict[str, dict[str, Any]] = {
    "size": {"datatype": "FP64", "shape": [2], "data": [1.5, 2.5]},
    "rooms": {"datatype": "INT64", "shape": [2], "data": [1, 2]},
    "garden": {"datatype": "BOOL", "shape": [2, 1], "data": [[True], [False]]},
    "größe": {"datatype": "BYTES", "shape": [2], "data": ["a", ""]},
    "grid": {"datatype": "FP32", "shape": [2, 2, 1], "data": [[[1], [2]], [[3], [4]]]},
}


def rows(changes: dict[str, Any], signature: Signature = SIGNATURE, most: int = 100) -> list[dict[str, Any]]:
    named = {name: tensor for name, tensor in (GOOD | changes).items() if tensor is not None}
    text = json.dumps({"inputs": [{"name": name} | tensor for name, tensor in named.items()]}).encode()
    return list(Inputs(signature, most).rows(*Requests().read(text, None)))


def refused(changes: dict[str, Any], most: int = 100) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        rows(changes, most=most)
    return caught.value.status, caught.value.message


def test_each_column_is_a_tensor_of_its_datatype() -> None:
    found = {one["name"]: (one["datatype"], one["shape"]) for one in metadata(forms_of(SIGNATURE))}
    assert found == {
        **{"size": ("FP64", [-1]), "rooms": ("INT64", [-1]), "age": ("FP64", [-1]), "garden": ("BOOL", [-1])},
        **{"lift": ("FP64", [-1]), "größe": ("BYTES", [-1]), "note": ("BYTES", [-1]), "grid": ("FP32", [-1, 2, -1])},
    }


def test_columns_that_may_be_missing_may_be_left_out_and_an_empty_text_is_missing() -> None:
    first, second = rows({"listing id": {"datatype": "INT64", "shape": [2], "data": [7, 8]}})
    others = {"age": None, "lift": None, "note": None}
    assert first == {
        **{"size": 1.5, "rooms": 1, "garden": True, "größe": "a"},
        **others,
        "grid": Tensor(np.array([[1.0], [2.0]])),
    }
    assert (second["größe"], second["garden"]) == (None, False) and list(second) == [
        one.name for one in SIGNATURE.inputs
    ]
    signature = SIGNATURE.model_copy(update={"derivations": [*SIGNATURE.derivations, *packages.SIGNATURE.derivations]})
    assert rows({}, signature)[1]["größe"] is None


def test_names_of_the_same_letters_in_another_form_are_the_same() -> None:
    word = {"datatype": "BYTES", "shape": [2], "data": ["x", "y"]}
    assert [row["größe"] for row in rows({"größe": None, "gro\u0308ße": word})] == ["x", "y"]
    assert refused({"gro\u0308ße": word}) == (400, "the tensor 'gro\u0308ße' stands there twice")


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"size": None, "rooms": None}, 400, "the tensors of these inputs are missing: 'size', 'rooms'"),
        ({"sise": GOOD["size"]}, 400, "no input 'sise'. Did you mean 'size'?"),
        ({"x" * 200: GOOD["size"]}, 400, "x…"),
        ({"garden": {"datatype": "BYTES", "shape": [2], "data": ["a", "b"]}}, 400, "cannot be BYTES; it is BOOL"),
        ({"size": {"datatype": "BOOL", "shape": [2], "data": [True, False]}}, 400, "cannot be BOOL; it is FP64"),
        ({"note": {"datatype": "FP64", "shape": [2], "data": [1, 2]}}, 400, "cannot be FP64; it is BYTES"),
        ({"grid": {"datatype": "BYTES", "shape": [2, 2, 1], "data": ["1"] * 4}}, 400, "cannot be BYTES; it is FP32"),
        ({"rooms": {"datatype": "INT64", "shape": [3], "data": [1, 2, 3]}}, 400, "has 3 rows, and the first one 2"),
        ({"rooms": {"datatype": "INT64", "shape": [1 << 70], "data": []}}, 400, "has more than 2**63 rows"),
        ({"rooms": {"datatype": "INT64", "shape": [2, 2], "data": [1, 2, 3, 4]}}, 400, "must have the shape [-1]"),
        ({"grid": {"datatype": "FP32", "shape": [2, 3, 1], "data": [1] * 6}}, 400, "must have the shape [-1, 2, -1]"),
        ({"grid": {"datatype": "FP32", "shape": [2, 2], "data": [1] * 4}}, 400, "must have the shape [-1, 2, -1]"),
        ({"grid": {"datatype": "INT8", "shape": [2, 2, 1], "data": [1, None, 3, 4]}}, 400, "null, which an array"),
    ],
)
def test_tensors_that_are_not_the_columns_are_refused(changes: dict[str, Any], status: int, said: str) -> None:
    found = refused(changes)
    assert found[0] == status and said in found[1]


def test_no_row_and_too_many_rows_are_refused_before_any_is_read() -> None:
    none = {name: tensor | {"shape": [0, *tensor["shape"][1:]], "data": []} for name, tensor in GOOD.items()}
    assert refused(none) == (422, "the tensors have no row: there is nothing to predict")
    assert refused({}, most=1)[0] == 413
    huge = {name: tensor | {"shape": [1 << 62, *tensor["shape"][1:]]} for name, tensor in GOOD.items()}
    assert refused(huge)[0] == 413


def test_a_series_may_be_named_alone_where_the_package_has_its_last_points() -> None:
    window = WindowDerivation(
        column="points",
        time="time",
        series="shop",
        values=["a"],
        forecast=Forecast(history=2, horizon=1, frequency="day"),
        latest=[Latest(series="a", time="2024-05-31", points=[1, 2])],
    )
    inputs = [
        Input(name="shop", type="identifier"),
        Input(name="time", type="date"),
        Input(name="points", type="sequence", shape=[None], dtype="float64", shortest=2),
    ]
    signature = Signature(inputs=inputs, derivations=[window], features=[], output=SIGNATURE.output)
    shop = {"datatype": "BYTES", "shape": [2], "data": ["a", "a"]}
    left_out = dict.fromkeys(GOOD, None)
    assert rows(left_out | {"shop": shop}, signature) == [{"shop": "a"}] * 2
    time = {"datatype": "BYTES", "shape": [2], "data": ["2024-05-31"] * 2}
    with pytest.raises(HttpError, match="missing: 'points'"):
        rows(left_out | {"shop": shop, "time": time}, signature)


def test_what_is_looked_up_for_other_requests_cannot_be_left_out() -> None:
    text = json.dumps(
        {"inputs": [{"name": name} | tensor for name, tensor in GOOD.items() if name != "rooms"]}
    ).encode()
    with pytest.raises(HttpError) as caught:
        Inputs(SIGNATURE, 10, ["rooms", "age"]).rows(*Requests().read(text, None))
    missing = "the tensors of these inputs are missing: 'rooms', 'age'"
    assert caught.value.message == f"{missing}; only /predict looks up what is left out of 'rooms', 'age'"
    assert caught.value.status == 400


def test_the_example_is_taken() -> None:
    text = json.dumps({"inputs": example(forms_of(packages.SIGNATURE), packages.ROW)}).encode()
    assert list(Inputs(packages.SIGNATURE, 10).rows(*Requests().read(text, None))) == [packages.ROW | {"garden": 1.0}]


@pytest.mark.parametrize("order", [("x", "y"), ("y", "x")])
@pytest.mark.parametrize("datatype", ["FP32", "FP16", "FP64"])
def test_a_number_is_the_same_in_whatever_order_and_datatype_it_comes(order: tuple[str, ...], datatype: str) -> None:
    signature = Signature(
        inputs=[Input(name=name, type="number", decimal=".") for name in ("x", "y")],
        derivations=[NumberDerivation(column=name) for name in ("x", "y")],
        features=["x", "y"],
        output=Output(task="regression", target="price"),
    )
    numbers = {"x": [0.3, 1e-30 if datatype != "FP16" else 0.5], "y": [2.5, 1234.5]}
    dtype = {"FP16": "<f2", "FP32": "<f4", "FP64": "<f8"}[datatype]
    parts = [np.array(numbers[name], dtype=dtype).tobytes() for name in order]
    tensors = [
        {"name": name, "datatype": datatype, "shape": [2], "parameters": {"binary_data_size": len(part)}}
        for name, part in zip(order, parts, strict=True)
    ]
    head = json.dumps({"inputs": tensors}).encode()
    found = Inputs(signature, 10).rows(*Requests().read(head + b"".join(parts), len(head)))
    assert [row["x"] for row in found] == numbers["x"] and found[0]["x"] == 0.3
    assert found.table is None or found.table[0].tolist() == numbers["x"]
