"""Inputs that are arrays: their type is inferred or declared, and they stand beside the features of many rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.features.cells import cells, rows
from ml.features.derive import Deriver, array_names
from ml.features.signature import fit_signature
from ml.features.summaries import SUMMARY, summaries, summarized
from ml.features.tensors import with_tensors
from ml.schema_inference.infer import infer_schema
from schemas.choice import Choice
from schemas.data import ColumnSpec, DataSpec, TableSchema
from schemas.errors import ContentError
from schemas.signature import Signature


def spec(**columns: Any) -> DataSpec:
    declared = {name: ColumnSpec(**keys) for name, keys in columns.items()}
    return DataSpec(source=Choice(name="parquet"), target="y", columns=declared)


def schema(table: dict[str, list[Any]], **columns: Any) -> tuple[pd.DataFrame, TableSchema]:
    count = len(next(iter(table.values())))
    frame = pd.DataFrame({name: pd.Series(cells, dtype=object) for name, cells in table.items()})
    frame = frame.infer_objects()
    frame["y"] = [place % 2 for place in range(count)]
    declared = spec(**columns)
    frame = with_tensors(frame, declared.arrays)
    return frame, infer_schema(frame, declared)


def fitted(table: dict[str, list[Any]], **columns: Any) -> tuple[pd.DataFrame, Signature]:
    frame, found = schema(table, **columns)
    return frame, fit_signature(frame, found)


GRIDS: list[Any] = [[[0.5, 1.0], [2.0, 3.0]], [[4.0, 5.0], [6.0, 7.5]]]


def test_nested_lists_are_a_tensor_and_lists_of_many_lengths_a_sequence() -> None:
    _, found = schema({"grid": GRIDS, "steps": [[1], [2, 3]], "size": [1.5, 2.5]})
    kinds = {one.name: (one.type, one.shape, one.dtype) for one in found.columns}
    assert kinds == {
        "grid": ("tensor", [2, 2], "float32"),
        "steps": ("sequence", [None], "int64"),
        "size": ("number", None, None),
    }
    assert "nested lists of numbers: 2 × 2 float32" in found.columns[0].why


def test_whole_numbers_up_to_255_of_three_channels_are_a_picture() -> None:
    draw = np.random.default_rng(0)
    frame, signature = fitted({"photo": [draw.integers(0, 256, (9, 8, 3)) for _ in range(4)]})
    (one,) = signature.inputs
    assert (one.type, one.shape, one.dtype, one.mode) == ("picture", [9, 8, 3], "uint8", "RGB")
    columns = summarized(cells(frame, signature), signature.inputs)
    assert list(columns) == ["photo.brightness", "photo.contrast"]
    weights = np.array([0.299, 0.587, 0.114])
    assert columns["photo.brightness"][0] == pytest.approx((frame["photo"][0].array @ weights).mean() / 255)


def test_a_text_file_holds_arrays_as_json() -> None:
    frame, signature = fitted({"grid": ["[[1, 2], [3, 4]]", "[[5, 6], [7, 8]]"]}, grid={"type": "tensor"})
    assert signature.inputs[0].shape == [2, 2]
    assert rows(frame, signature)[1] == {"grid": [[5, 6], [7, 8]]}


@pytest.mark.parametrize(
    ("cells_of_grid", "declared", "what"),
    [
        (["[[1, 2]", "[[1]]"], {"type": "tensor"}, "row 1 is text that is no JSON"),
        ([[[1, 2], [3]], [[1, 2], [3, 4]]], {}, "row 1 is ragged"),
        ([[[1.0]], None, [[2.0]]], {}, "has no array in 1 of 3 rows"),
        ([[[1.0]], [2.0]], {}, "has arrays of 1 and 2 axes"),
        ([[[1.0]], [[2.0, 3.0]]], {"type": "tensor", "shape": [1, 1]}, "row 2 has the shape 1 × 2"),
        ([[1.5], [2.0]], {"type": "sequence", "dtype": "uint8"}, "row 1 holds 1.5 at [0]"),
        ([[1.0], [float("nan")]], {"type": "tensor"}, "row 2 holds NaN at [0]"),
    ],
)
def test_rows_without_a_sound_array_are_refused_by_number(cells_of_grid: Any, declared: Any, what: str) -> None:
    with pytest.raises(ContentError) as caught:
        schema({"grid": cells_of_grid}, **({"grid": declared} if declared else {}))
    assert what in str(caught.value) and "'grid'" in str(caught.value)


def test_arrays_of_many_rows_stand_beside_the_features() -> None:
    frame, signature = fitted({"grid": GRIDS, "steps": [[1], [2, 3]], "size": [1.5, 2.5]})
    assert array_names(signature) == ["features", "grid", "steps", "steps.shape"]
    found = {name: np.asarray(one) for name, one in Deriver(signature).arrays(cells(frame, signature)).items()}
    assert found["features"].tolist() == [[1.5], [2.5]] and signature.features == ["size"]
    assert found["grid"].dtype == np.float32 and found["grid"].tolist() == GRIDS
    assert found["steps"].tolist() == [[1, 0], [2, 3]] and found["steps.shape"].tolist() == [[1], [2]]


def test_no_row_gives_arrays_without_rows() -> None:
    frame, signature = fitted({"grid": GRIDS, "steps": [[1], [2, 3]]})
    arrays = Deriver(signature).arrays(cells(frame.head(0), signature))
    found = {name: np.asarray(one) for name, one in arrays.items()}
    assert found["grid"].shape == (0, 2, 2) and found["steps"].shape[0] == 0 and found["features"].shape == (0, 0)


def test_what_the_journal_kept_is_summed_up_as_the_array_itself_is() -> None:
    frame, signature = fitted({"grid": GRIDS, "steps": [[1], [2, 3]]})
    whole = summarized(cells(frame, signature), signature.inputs)
    kept: dict[str, list[Any]] = {
        "grid": [{SUMMARY: {name.partition(".")[2]: whole[name][0] for name in whole if name.startswith("grid.")}}],
        "steps": [[1]],
    }
    found = summarized(kept, signature.inputs)
    assert {name: column[0] for name, column in found.items()} == {name: column[0] for name, column in whole.items()}
    assert [one.column for one in summaries(signature.inputs)] == list(whole)
    assert whole["steps.length"] == [1.0, 2.0] and whole["grid.mean"][0] == pytest.approx(1.625)


def test_what_the_journal_holds_otherwise_has_no_summary() -> None:
    _, signature = fitted({"grid": GRIDS})
    strange: list[Any] = [None, "x", {"sha256": "…"}, {SUMMARY: 3}, [[1]], {SUMMARY: {}}]
    assert summarized({"grid": strange}, signature.inputs)["grid.mean"] == [None] * len(strange)
    assert summarized({}, signature.inputs) == {}


@pytest.mark.parametrize("name", ["grid.mean", "grid.shape"])
def test_a_column_called_as_a_summary_is_refused(name: str) -> None:
    with pytest.raises(ContentError, match=f"the column '{name}' is called as what is made of 'grid'"):
        fitted({"grid": GRIDS, name: [1.0, 2.0]})


def test_an_array_must_not_be_called_as_the_float_matrix() -> None:
    with pytest.raises(ContentError, match="must not be called 'features'"):
        fitted({"features": GRIDS})
