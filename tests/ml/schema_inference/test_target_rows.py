"""Rows without a target, and classes of several spellings."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from ml.checks.target import check_target
from ml.schema_inference.infer import infer_schema
from ml.schema_inference.target_rows import labelled_rows, merged_spellings
from schemas.choice import Choice
from schemas.data_spec import DataSpec, TargetReading
from schemas.errors import ContentError
from schemas.reading import Written
from serving.http.label_value import accepted

SPELLED = [
    "yes",
    "yes",
    "yes",
    "Yes",
    "YES ",
    "no",
    "no",
    "NO",
    unicodedata.normalize("NFD", "größe"),
    "Größe",
    "größe",
]
SPEC = DataSpec(source=Choice(name="csv"), target="y")


def frame(values: Sequence[Any]) -> pd.DataFrame:
    return pd.DataFrame({"a": [number % 7 for number in range(len(values))], "y": pd.Series(values, dtype="str")})


def test_rows_without_a_target_are_left_out_on_request_and_counted() -> None:
    rows = frame(["a", None, "b", None])
    kept, count = labelled_rows(rows, TargetReading(name="y", missing="drop"))
    assert kept["y"].tolist() == ["a", "b"] and kept.index.tolist() == [0, 1] and count == 2
    same, none = labelled_rows(rows, TargetReading(name="y"))
    assert same is rows and none == 0


def test_rows_without_a_target_are_refused_with_the_key_that_leaves_them_out() -> None:
    with pytest.raises(ContentError, match=r"rows 2, 4.*data\.target_missing: drop") as refused:
        infer_schema(frame(["a", None, "b", None] * 8), SPEC)
    assert "skip_end" not in str(refused.value)


@pytest.mark.parametrize(("source", "told"), [("csv", True), ("parquet", False)])
def test_a_last_row_without_a_target_may_be_a_total(source: str, told: bool) -> None:
    with pytest.raises(ContentError) as refused:
        infer_schema(frame([*["a", "b"] * 8, None]), SPEC.model_copy(update={"source": Choice(name=source)}))
    assert ("data.skip_end: 1" in str(refused.value)) == told


def test_spellings_are_merged_into_the_most_frequent() -> None:
    rows, merged = merged_spellings(frame(list(SPELLED)), TargetReading(name="y", spellings="merge"))
    assert rows["y"].tolist() == ["yes"] * 5 + ["no"] * 3 + ["größe"] * 3
    assert merged == {"yes": ["YES", "Yes"], "no": ["NO"], "größe": ["Größe"]}
    schema = infer_schema(rows, SPEC, written=Written(merged=merged))
    (check,) = check_target(schema)
    assert "'yes', 'YES', 'Yes'" in check.message and "merged" in check.message


def test_spellings_that_are_kept_are_told() -> None:
    schema = infer_schema(frame(SPELLED * 2), SPEC)
    (check,) = check_target(schema)
    assert check.severity == "warn" and "data.spellings: merge" in check.message
    assert "'NO', 'no'" in check.message and "'YES', 'Yes', 'yes'" in check.message


def test_rows_left_out_are_told() -> None:
    (check,) = check_target(infer_schema(frame(["a", "b"] * 9), SPEC, written=Written(unlabelled=15)))
    assert check.message == "15 rows were left out, because their target 'y' is not known"


def test_numbers_and_other_columns_have_no_spellings() -> None:
    rows = pd.DataFrame({"y": [1, 2, 1]})
    for name in ("y", "gone"):
        found, merged = merged_spellings(rows, TargetReading(name=name, spellings="merge"))
        assert found is rows and merged == {}


def test_a_label_of_merged_classes_may_have_any_spelling() -> None:
    assert accepted(" YES", ["no", "yes"], merged=True) == "yes"
    with pytest.raises(ValueError, match="none of the model's classes"):
        accepted("YES", ["no", "yes"])
