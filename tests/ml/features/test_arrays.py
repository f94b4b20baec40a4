"""Inputs that are arrays: their type is inferred or declared, and they stand beside the features of many rows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from ml.features.cells import cells, rows
from ml.features.derive import Deriver, array_names
from ml.features.signature import fit_signature
from ml.features.stacking import stacked
from ml.features.summaries import SUMMARY, summaries, summarize_array, summarized
from ml.features.tensors import with_tensors
from ml.predictions.predictions import on_cells
from ml.predictions.predictor import ArrayPredictor, Predictions
from ml.rules.column_checks import column_incompatibilities
from ml.schema_inference.infer import infer_schema
from ml.values.tensor import Tensor
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.errors import ContentError
from schemas.rules import RuleList
from schemas.signature import Input, Signature


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


@pytest.mark.parametrize("channels", [2, 5])
def test_a_picture_has_one_three_or_four_channels(channels: int) -> None:
    photos = [np.zeros((9, 8, channels), dtype=np.uint8) for _ in range(4)]
    with pytest.raises(ContentError, match=f"'photo' is declared a picture, .* are 9 × 8 × {channels}; declare type"):
        schema({"photo": photos}, photo={"type": "picture"})
    with pytest.raises(ContentError, match="declare type: tensor"):
        schema({"photo": [np.zeros((9, 8), dtype=np.uint8)] * 2}, photo={"type": "picture"})
    _, found = schema({"photo": photos})
    assert found.columns[0].type == "tensor"


@pytest.mark.parametrize(
    ("kind", "largest", "what"),
    [
        ("float64", 255.0, "of which floats are from 0 to 1, but it has larger ones; declare dtype: uint8"),
        ("float64", -0.5, "row 1 holds -0.5 at [0, 0, 0]; it must be nested lists of numbers from 0 to 1 of the shape"),
        ("int64", 256, "row 1 holds 256 at [0, 0, 0]; it must be nested lists of whole numbers from 0 to 255"),
        ("bool", True, "row 1 holds booleans"),
    ],
)
def test_a_picture_is_of_bytes_or_of_floats_up_to_one(kind: str, largest: Any, what: str) -> None:
    photo = np.zeros((9, 8, 3), dtype=kind)
    photo[0, 0, 0] = largest
    with pytest.raises(ContentError) as caught:
        schema({"photo": [photo, photo]}, photo={"type": "picture"})
    assert what in str(caught.value)


def test_pictures_of_bytes_and_of_floats_are_equally_bright() -> None:
    bright: dict[str, list[float]] = {}
    for dtype, cell in {
        "uint8": np.full((9, 8, 3), 51.0),
        "float32": np.full((9, 8, 3), 0.2),
    }.items():
        frame, signature = fitted({"photo": [cell, cell]}, photo={"type": "picture", "dtype": dtype})
        assert signature.inputs[0].dtype == dtype
        bright[dtype] = summarized(cells(frame, signature), signature.inputs)["photo.brightness"]
    assert bright["uint8"] == pytest.approx([0.2, 0.2]) and bright["float32"] == pytest.approx([0.2, 0.2])


@pytest.mark.parametrize("dtype", ["uint8", "int64", "int32"])
def test_whole_numbers_of_any_width_are_as_bright_as_bytes(dtype: Any) -> None:
    one = Input(name="photo", type="picture", shape=[9, 8, 3], dtype=dtype, mode="RGB")
    found = summarize_array(one, Tensor(np.full((9, 8, 3), 51, dtype=dtype)))
    assert found["brightness"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("declared", "what"),
    [
        ({"type": "picture", "shape": [9, 8, 5]}, "1, 3 or 4 channels, not \\[9, 8, 5\\]"),
        ({"type": "picture", "shape": [9, 8, None]}, "1, 3 or 4 channels"),
        ({"type": "picture", "dtype": "int64"}, "dtype uint8 \\(0 to 255\\) or float32 \\(0 to 1\\), not int64"),
        ({"type": "tensor", "nullable": True}, "nullable: every row needs its array"),
        (
            {"type": "sequence", "missing": ["x"]},
            "missing belongs to single values, but the type declared is 'sequence'",
        ),
        ({"type": "tensor", "allowed": [1]}, "allowed belongs to single values"),
    ],
)
def test_what_an_array_cannot_have_is_refused_where_it_is_declared(declared: Any, what: str) -> None:
    with pytest.raises(ValidationError, match=what):
        ColumnSpec(**declared)
    assert ColumnSpec(type="tensor", nullable=False, unique=True).type == "tensor"


@pytest.mark.parametrize("declared", [{"nullable": True}, {"allowed": [1]}, {"missing": ["x"]}])
def test_what_an_array_cannot_have_is_refused_where_its_type_is_inferred_too(declared: Any) -> None:
    with pytest.raises(ContentError, match=f"'grid' is found to be a tensor .*{next(iter(declared))}"):
        schema({"grid": GRIDS}, grid=declared)


def test_rules_look_at_single_values_only() -> None:
    _, found = schema({"grid": GRIDS})
    for operand in ({"above": 1}, {"equals": "a"}, {"matches": "a"}):
        rules = RuleList.model_validate({"rules": [{"when": {"column": "grid", **operand}, "then": 1}], "otherwise": 0})
        (text,) = column_incompatibilities(rules, found)
        assert "of type tensor" in text and text.endswith(
            "rules look at single values only, which an array has none of; leave the condition out"
        )


def test_a_text_file_holds_arrays_as_json() -> None:
    frame, signature = fitted({"grid": ["[[1, 2], [3, 4]]", "[[5, 6], [7, 8]]"]}, grid={"type": "tensor"})
    assert signature.inputs[0].shape == [2, 2]
    assert rows(frame, signature)[1] == {"grid": [[5, 6], [7, 8]]}


@pytest.mark.parametrize(
    ("cells_of_grid", "declared", "what"),
    [
        (["[[1, 2]", "[[1]]"], {"type": "tensor"}, "row 1 is text that is no JSON"),
        ([[[1, 2], [3]], [[1, 2], [3, 4]]], {}, "row 1 is ragged"),
        ([[[1.0]], None, [[2.0]]], {}, "has no array in 1 of 3 rows: row 2; leave"),
        (
            [None, [1.0], None, [2.0], None, None, [3.0]],
            {"type": "tensor"},
            "in 4 of 7 rows: rows 1, 3, 5 (and 1 more)",
        ),
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


class _Stacking:
    def __init__(self) -> None:
        self.sizes: list[int] = []

    def arrays(self, cells: Any) -> dict[str, Any]:
        found = stacked(cells["steps"], [None], "float32")
        self.sizes.append(found.nbytes)
        return {"steps": found}

    def matrix(self, cells: Any) -> Any:
        raise AssertionError("it takes arrays")


class _Lengths(ArrayPredictor):
    def predict_arrays(self, arrays: Any) -> Predictions:
        return Predictions(values=(arrays["steps"] != 0).sum(axis=1).astype(np.float64))


def test_one_long_row_among_short_ones_makes_no_part_that_is_large() -> None:
    lengths = [3] * 500 + [3_000_000] + [3] * 500
    deriver, steps = _Stacking(), [Tensor(np.ones(length, dtype=np.float32)) for length in lengths]
    found = on_cells(_Lengths(), deriver)({"steps": steps})
    assert found.values is not None and found.values.tolist() == lengths
    assert max(deriver.sizes) <= 16 << 20 and sum(deriver.sizes) < 5 * 4 * 3_000_000
