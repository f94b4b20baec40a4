"""Cells to features."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.features.cells import cells, rows
from ml.features.derive import Cell, Deriver, derive
from ml.features.matrix import encode
from ml.features.signature import fit_signature
from ml.values.canonical import canonical, parse_date
from schemas.data import Column, Problem, TableSchema
from schemas.signature import (
    BooleanDerivation,
    CategoryDerivation,
    DateDerivation,
    IdentifierDerivation,
    Input,
    NumberDerivation,
    Output,
    Signature,
)

SIGNATURE = Signature(
    inputs=[
        Input(name="Fläche m²", type="number", nullable=True),
        Input(name="colour", type="category", nullable=True),
        Input(name="ok", type="boolean", nullable=True),
        Input(name="who", type="identifier", nullable=True),
        Input(name="day", type="date", nullable=True),
    ],
    derivations=[
        NumberDerivation(column="Fläche m²"),
        CategoryDerivation(column="colour", categories=["3", "blue", "red"], impute="red"),
        BooleanDerivation(column="ok"),
        IdentifierDerivation(column="who", values=["12", "a"]),
        DateDerivation(
            column="day", parts=["year", "month", "weekday", "day", "hour", "days_since_start"], start="2024-01-01"
        ),
    ],
    features=["Fläche m²", "colour", "ok", "who"] + [f"day.{part}" for part in "YMWDHS"],
    output=Output(task="binary", target="y", classes=[0, 1]),
)

CELL = st.fixed_dictionaries(
    {
        "Fläche m²": st.none() | st.floats(allow_nan=False) | st.integers(-(10**400), 10**400) | st.booleans(),
        "colour": st.none() | st.sampled_from(["blue", "red", "3", 3, 3.0]) | st.text() | st.integers() | st.booleans(),
        "ok": st.none() | st.booleans(),
        "who": st.none() | st.integers() | st.text() | st.sampled_from([12, "a"]),
        "day": st.none() | st.datetimes().map(lambda timestamp: timestamp.isoformat()) | st.dates().map(str),
    }
)


def columns(instances: list[dict[str, Cell]]) -> dict[str, list[Cell]]:
    return {item.name: [row[item.name] for row in instances] for item in SIGNATURE.inputs}


@pytest.mark.slow
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CELL, max_size=8))
def test_features_are_finite_or_missing_and_one_row_at_a_time_gives_the_same(
    instances: list[dict[str, Cell]],
) -> None:
    deriver = Deriver(SIGNATURE)
    matrix = deriver.matrix(columns(instances))
    assert matrix.shape == (len(instances), 10)
    assert matrix.dtype == np.float32
    assert not np.isinf(matrix).any()
    for position, instance in enumerate(instances):
        np.testing.assert_array_equal(deriver.matrix(columns([instance]))[0], matrix[position])


def test_known_unknown_and_missing_values_have_the_declared_codes() -> None:
    matrix = derive(
        SIGNATURE,
        {
            "Fläche m²": [1.5, None, 10**400],
            "colour": [3.0, None, "green"],
            "ok": [True, None, False],
            "who": [12, None, "b"],
            "day": ["2024-01-02T06:30:00+02:00", None, "2023-12-31"],
        },
    )
    maximum = np.finfo(np.float32).max
    np.testing.assert_array_equal(matrix[:, 0], [1.5, np.nan, maximum])
    np.testing.assert_array_equal(matrix[:, 1], [0, 2, -1])
    np.testing.assert_array_equal(matrix[:, 2], [1, np.nan, 0])
    np.testing.assert_array_equal(matrix[:, 3], [1, 0, 0])
    np.testing.assert_allclose(matrix[0, 4:], [2024, 1, 1, 2, 4, 1 + 4.5 / 24], rtol=1e-6)
    assert np.isnan(matrix[1, 4:]).all()
    assert matrix[2, 9] == -1


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (3.0, "3"), (-0.0, "0"), (2.5, "2.5"), (True, "True"), ("3.0", "3.0"), (np.int64(3), "3"), ("", "")],
)
def test_a_value_has_one_name_whatever_its_type(value: object, text: str) -> None:
    assert canonical(value) == text  # type: ignore[arg-type]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.datetimes(timezones=st.timezones()))
def test_every_timestamp_that_python_writes_is_read(timestamp: object) -> None:
    assert parse_date(timestamp.isoformat()).tzinfo is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["yesterday", "01/02/2024", "2024-13-01", ""])
def test_what_is_no_iso_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_date(text)


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "size": pd.Series([1, None, 3, 4], dtype="Int64"),
            "shade": ["b", "a", None, "a"],
            "flag": [True, False, True, True],
            "when": ["01.02.2024", "15.03.2024", None, "??"],
            "owner": [490_000_000_001, 490_000_000_002, 490_000_000_001, 490_000_000_003],
            "y": ["no", "yes", "no", "perhaps"],
        }
    )


def schema() -> TableSchema:
    types = {"size": "number", "shade": "category", "flag": "boolean", "when": "date", "owner": "identifier"}
    return TableSchema(
        problem=Problem(target="y", task="binary", classes=["no", "yes"]),
        columns=[
            Column(name=name, type=kind, declared=False, why="", format="%d.%m.%Y" if kind == "date" else None)  # type: ignore[arg-type]
            for name, kind in types.items()
        ],
    )


def test_rows_sent_as_json_give_the_features_that_training_saw() -> None:
    signature = fit_signature(frame(), schema())
    sent = json.loads(json.dumps(rows(frame(), signature)))
    served = derive(signature, {item.name: [row[item.name] for row in sent] for item in signature.inputs})
    np.testing.assert_array_equal(served, derive(signature, cells(frame(), signature)))


def test_the_signature_is_fitted_on_what_training_holds() -> None:
    signature = fit_signature(frame(), schema())
    size, shade, _, when, owner = signature.inputs
    assert (size.integer, size.nullable, size.range) == (True, True, (1.0, 4.0))
    assert shade.categories == ["a", "b"]
    assert signature.derivations[1] == CategoryDerivation(column="shade", categories=["a", "b"], impute="a")
    assert when.format == "%d.%m.%Y"
    assert signature.derivations[3].start == "2024-02-01T00:00:00"  # type: ignore[union-attr]
    assert not owner.nullable
    assert len(signature.features) == 4 + 5


def test_rare_categories_beyond_the_cap_are_unknown() -> None:
    many = pd.DataFrame({"shade": [f"common{i}" for i in range(50)] * 2 + ["rare"], "y": "no"})
    table = TableSchema(problem=schema().problem, columns=[schema().columns[1]])
    signature = fit_signature(many, table)
    assert derive(signature, {"shade": ["rare", "common1"]})[0, 0] == -1
    assert "rare" in (signature.inputs[0].categories or [])


def test_the_signature_does_not_depend_on_the_order_of_the_rows() -> None:
    assert fit_signature(frame(), schema()) == fit_signature(frame().iloc[::-1], schema())


def test_an_unknown_class_is_minus_one_and_a_gap_in_a_number_is_nan() -> None:
    assert encode(frame(), schema().problem).tolist() == [0, 1, 0, -1]
    values = encode(frame(), Problem(target="size", task="regression"))
    assert values[0] == 1.0 and math.isnan(values[1])


@pytest.mark.parametrize("labels", [[0, 1], [0.0, 1.0], [False, True], ["0", "1"]])
def test_class_labels_are_found_in_every_type(labels: list[object]) -> None:
    problem = Problem(target="y", task="binary", classes=labels[:2])  # type: ignore[arg-type]
    assert encode(pd.DataFrame({"y": labels}), problem).tolist() == [0, 1]
