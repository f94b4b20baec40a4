"""Arrays in a batch: one that is none is an error of its row alone, and of a table to train on told by its row."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml.batch.contents import contents
from ml.batch.rows import raw_rows, without_tensors
from ml.features.tensors import with_tensors
from ml.validation.rows import Validator
from schemas.choice import Choice
from schemas.errors import ContentError
from schemas.signature import Input, Output, Signature, TensorDerivation
from steps.components import create

GRID = [[1, 2], [3, 4]]
WRONG: list[tuple[Any, str]] = [
    ([[1, 2], [3]], "is ragged"),
    ([[1, 2], [3, None]], "holds null at [1, 1]"),
    ([[1, 2], None], "null stands at [1]"),
    ([[1, 2], [3, 4], [5, 6]], "has the shape 3 × 2"),
    ([], "is empty"),
]


def source(folder: Path, cells: list[Any], kind: pa.DataType) -> Any:
    path = folder / "rows.parquet"
    pq.write_table(pa.table({"grid": pa.array(cells, kind)}), path, row_group_size=3)
    return create("load", Choice(name="parquet", params={"path": str(path)}))


def signature(dtype: Any = "int64") -> Signature:
    return Signature(
        inputs=[Input(name="grid", type="tensor", shape=[2, 2], dtype=dtype)],
        derivations=[TensorDerivation(column="grid", shape=[2, 2], dtype=dtype)],
        features=[],
        output=Output(task="regression", target="y"),
    )


@pytest.mark.parametrize(("wrong", "what"), WRONG)
@pytest.mark.parametrize("place", [0, 4])
def test_a_wrong_array_in_a_parquet_file_is_an_error_of_its_row_alone(
    wrong: Any, what: str, place: int, tmp_path: Path
) -> None:
    cells = [GRID] * 7
    cells[place] = wrong
    (chunk,) = source(tmp_path, cells, pa.list_(pa.list_(pa.int64()))).chunks_as_stored(100, ["grid"])
    checked = Validator(signature()).check(raw_rows(chunk.values, signature()))
    assert list(checked.errors) == [place] and what in checked.errors[place]["message"]
    assert [cell.array.tolist() for cell in checked.cells["grid"]] == [GRID] * 6
    assert contents(chunk.cells)[place] == {"grid": wrong}
    assert without_tensors(chunk.kept, as_lists=True)["grid"].tolist() == cells
    assert [json.loads(text) for text in without_tensors(chunk.kept, as_lists=False)["grid"]] == cells


def test_what_no_json_can_say_is_null_or_text_in_the_rows_that_were_refused() -> None:
    cells = pd.Series([[[1.0], [float("nan"), float("inf")]]], dtype=object)
    assert contents(pd.DataFrame({"grid": cells})) == [{"grid": [[1.0], [None, "inf"]]}]


@pytest.mark.parametrize(("wrong", "what"), [WRONG[0], (WRONG[1][0], "missing values"), (WRONG[2][0], "ragged")])
def test_training_names_the_rows_of_the_whole_file(wrong: Any, what: str, tmp_path: Path) -> None:
    cells = [GRID] * 7
    cells[4] = wrong
    rows = source(tmp_path, cells, pa.list_(pa.list_(pa.int64()))).read()
    with pytest.raises(ContentError, match=f"'grid' does not hold arrays in every row: row 5 .*{what}"):
        with_tensors(rows, [])
