"""Tensors of arrays and of texts are the rows that they would be as instances."""

import json
from typing import Any, Literal

import numpy as np
import pytest

from ml.features.derive import Deriver
from ml.validation.rows import Validator
from schemas.deploy_spec import DeploySpec
from schemas.forecast import Forecast
from schemas.signature import (
    Input,
    Latest,
    NumberDerivation,
    Output,
    Signature,
    TensorDerivation,
    TfidfDerivation,
    WindowDerivation,
)
from serving.http.errors import HttpError
from serving.http.reading import Rows, reader
from serving.http.v2.inputs import Inputs
from serving.http.v2.request import Requests

OUTPUT = Output(task="regression", target="y")
GRIDS = Signature(
    inputs=[
        Input(name="grid", type="tensor", shape=[2, None], dtype="float32"),
        Input(name="size", type="number", nullable=True),
    ],
    derivations=[TensorDerivation(column="grid", shape=[2, None], dtype="float32"), NumberDerivation(column="size")],
    features=["size"],
    output=OUTPUT,
)
NOTES = Signature(
    inputs=[Input(name="note", type="text", max_characters=100, nullable=True)],
    derivations=[TfidfDerivation(column="note", words=["lovely", "room"], idf=[1.0, 2.0])],
    features=[],
    output=OUTPUT,
)
SHOPS = Signature(
    inputs=[
        Input(name="shop", type="identifier"),
        Input(name="day", type="date"),
        Input(name="sales", type="sequence", shape=[None], dtype="float64", shortest=2),
    ],
    derivations=[
        WindowDerivation(
            column="sales",
            time="day",
            series="shop",
            values=["a"],
            forecast=Forecast(history=2, horizon=1, frequency="day"),
            latest=[Latest(series="a", time="2024-05-31", points=[1, 2])],
        )
    ],
    features=[],
    output=OUTPUT,
)
Tensors = dict[str, tuple[str, Any]]


def as_instances(signature: Signature, rows: list[dict[str, Any]], keep: Literal["digest", "whole"] = "digest") -> Rows:
    texts = Deriver(signature).texts
    found = reader(signature, Validator(signature), DeploySpec(), keep, texts)
    return found.read(json.dumps({"instances": rows}).encode(), lambda *_: None, lambda: None)


def as_tensors(signature: Signature, tensors: Tensors, keep: Literal["digest", "whole"] = "digest") -> Rows:
    inputs, parts = [], list[bytes]()
    for name, (datatype, values) in tensors.items():
        one: dict[str, Any] = {"name": name, "datatype": datatype, "shape": list(np.shape(values))}
        if isinstance(values, np.ndarray):
            parts.append(values.tobytes())
            one["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            one["data"] = values
        inputs.append(one)
    text = json.dumps({"inputs": inputs}).encode()
    rows = Inputs(signature, 100).rows(*Requests().read(text + b"".join(parts), len(text)))
    texts = Deriver(signature).texts
    found = reader(signature, Validator(signature), DeploySpec(), keep, texts)
    return found.check(rows, lambda *_: None, lambda: None)


def same(first: Rows, second: Rows) -> None:
    assert (first.count, first.checked.positions, first.checked.errors) == (
        second.count,
        second.checked.positions,
        second.checked.errors,
    )
    assert {name: list(cells) for name, cells in first.checked.cells.items()} == {
        name: list(cells) for name, cells in second.checked.cells.items()
    }
    assert json.loads(first.kept.inputs) == json.loads(second.kept.inputs)


@pytest.mark.parametrize("keep", ["digest", "whole"])
@pytest.mark.parametrize("datatype", ["FP32", "INT16"])
def test_arrays_in_json_and_bytes(keep: Literal["digest", "whole"], datatype: str) -> None:
    grids = np.arange(18).reshape(3, 2, 3)
    rows = [{"grid": grid.tolist(), "size": size} for grid, size in zip(grids, (1.5, None, 2.5), strict=True)]
    expected = as_instances(GRIDS, rows, keep)
    sizes = ("FP64", np.array([1.5, np.nan, 2.5]))
    typed = grids.astype({"FP32": "<f4", "INT16": "<i2"}[datatype])
    same(as_tensors(GRIDS, {"grid": (datatype, typed), "size": sizes}, keep), expected)
    same(as_tensors(GRIDS, {"size": sizes, "grid": (datatype, grids.tolist())}, keep), expected)


def test_an_array_with_nan_or_of_another_number_of_rows_is_refused() -> None:
    grids = np.array([[[1.0], [np.nan]], [[1.0], [2.0]]], dtype="<f4")
    found = as_tensors(GRIDS, {"grid": ("FP32", grids)})
    assert found.checked.positions == [1] and "holds NaN at [1, 0]" in found.checked.errors[0]["message"]
    with pytest.raises(HttpError, match="has 1 rows, and the first one 2"):
        as_tensors(GRIDS, {"grid": ("FP32", grids), "size": ("FP64", np.zeros(1))})


@pytest.mark.parametrize("axes", [[0, 3], [3, 0], [0, 1 << 70], [1 << 62, 0], [0, 1 << 40]])
def test_an_empty_array_is_refused_however_long_its_other_axes_are(axes: list[int]) -> None:
    signature = Signature(
        inputs=[Input(name="grid", type="tensor", shape=[None, None], dtype="float32")],
        derivations=[TensorDerivation(column="grid", shape=[None, None], dtype="float32")],
        features=[],
        output=OUTPUT,
    )
    head: dict[str, Any] = {"name": "grid", "shape": [1, *axes], "datatype": "FP32"}
    data: list[dict[str, Any]] = [{"data": []}, {"parameters": {"binary_data_size": 0}}]
    for one in data:
        text = json.dumps({"inputs": [head | one]}).encode()
        with pytest.raises(HttpError, match="'grid' is empty") as caught:
            Inputs(signature, 100).rows(*Requests().read(text, len(text)))
        assert caught.value.status == 400


def test_texts_are_read_and_an_empty_one_is_missing() -> None:
    notes = ["a lovely room", None, "words"]
    expected = as_instances(NOTES, [{"note": note} for note in notes])
    same(as_tensors(NOTES, {"note": ("BYTES", ["a lovely room", "", "words"])}), expected)


def test_windows_of_series_and_the_last_points_that_the_package_has() -> None:
    rows = [
        {"shop": "a", "day": "2024-05-30", "sales": [1, 2, 3]},
        {"shop": "a", "day": "2024-05-31", "sales": [4, 5, 6]},
    ]
    tensors: Tensors = {
        "shop": ("BYTES", ["a", "a"]),
        "day": ("BYTES", ["2024-05-30", "2024-05-31"]),
        "sales": ("INT64", np.array([[1, 2, 3], [4, 5, 6]])),
    }
    same(as_tensors(SHOPS, tensors), as_instances(SHOPS, rows))
    same(as_tensors(SHOPS, {"shop": ("BYTES", ["a"])}), as_instances(SHOPS, [{"shop": "a"}]))
