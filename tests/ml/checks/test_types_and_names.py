"""What is told of columns whose type or name will surprise somebody."""

import numpy as np
import pandas as pd
import pytest

from ml.checks.names import check_names
from ml.checks.types import check_types
from ml.schema_inference.infer import infer_schema
from schemas.choice import Choice
from schemas.data_spec import ColumnSpec, DataSpec

ROWS = 120


def table(values: list[str], name: str = "c") -> pd.DataFrame:
    repeated = (values * (ROWS // len(values) + 1))[:ROWS]
    return pd.DataFrame({name: pd.Series(repeated, dtype="str"), "a": np.arange(ROWS) % 7, "y": ["yes", "no"] * 60})


def told(values: list[str], **columns: ColumnSpec) -> list[str]:
    frame, spec = table(values), DataSpec(source=Choice(name="csv"), target="y", columns=columns)
    return [check.message for check in check_types(frame, infer_schema(frame, spec), spec)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([f"{number} %" for number in range(40)], "percentages"),
        ([f"{number}.5%" for number in range(90)], "percentages"),
        ([*[f"({number},234.56)" for number in range(1, 30)], "17.20", "3.10"], "in parentheses"),
        ([*[f"{number}.2-" for number in range(20)], "4.1", "5.2"], "minus behind"),
        ([f"€ {number}" for number in range(30)], "money"),
    ],
)
def test_quantities_taken_for_labels_are_told(values: list[str], kind: str) -> None:
    (message,) = told(values)
    assert kind in message and "'c'" in message


@pytest.mark.parametrize(
    "values", [["a", "b", "c"], ["A-", "B-", "C"], ["(x)", "(y)"], ["1-2", "3-4"], ["08383", "10115"]]
)
def test_other_labels_are_not(values: list[str]) -> None:
    assert told(values) == []


def test_a_declared_type_is_not_questioned() -> None:
    assert told([f"{number} %" for number in range(40)], c=ColumnSpec(type="category")) == []


@pytest.mark.parametrize(("name", "is_told"), [("Prediction", True), ("probability_no", True), ("predictions", False)])
def test_a_column_named_as_the_predictions_are_is_told_before_a_batch_is_refused(name: str, is_told: bool) -> None:
    frame, spec = table(["a", "b"], name), DataSpec(source=Choice(name="csv"), target="y")
    assert bool(check_names(infer_schema(frame, spec))) == is_told
