"""Types and task, read off the rows."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml.features.matrix import make_matrix
from ml.features.signature import fit_signature
from ml.schema_inference.infer import infer_schema
from schemas.choice import Choice
from schemas.data import Column
from schemas.data_spec import DataSpec
from schemas.errors import ContentError

ROWS = 120
DAYS = pd.date_range("2024-01-01", periods=ROWS)


def spec(target: str = "y", **keys: Any) -> DataSpec:
    return DataSpec.model_validate({"source": Choice(name="csv"), "target": target, **keys})


def infer(values: object, declared: dict[str, object] | None = None, name: str = "x") -> Column:
    frame = pd.DataFrame({name: values, "other": np.arange(ROWS) % 7, "y": ["a", "b"] * (ROWS // 2)})
    return infer_schema(frame, spec(columns={name: declared} if declared else {})).columns[0]


@pytest.mark.parametrize(
    ("values", "name", "expected"),
    [
        (np.arange(ROWS) * 1.5, "x", "number"),
        (np.arange(ROWS) % 5, "x", "number"),
        (np.random.default_rng(0).choice(10**6, ROWS, replace=False), "salary", "number"),
        (np.sort(np.random.default_rng(0).choice(10**6, ROWS, replace=False)), "salary", "number"),
        (np.arange(ROWS), "x", "drop"),
        (np.arange(ROWS) + 5, "x", "drop"),
        (np.arange(ROWS)[::-1] * 10, "x", "number"),
        (np.arange(ROWS) * 3 + np.arange(ROWS) % 2, "year_income", "number"),
        (np.random.default_rng(0).permutation(ROWS + 5)[:ROWS], "temp", "number"),
        (np.random.default_rng(0).permutation(ROWS) * 3, "number of visitors", "number"),
        (np.random.default_rng(0).permutation(ROWS) * 3, "order no", "drop"),
        (np.random.default_rng(0).permutation(ROWS) * 3, "Unnamed: 0", "drop"),
        (np.random.default_rng(0).permutation(ROWS) * 3, "column 1", "drop"),
        (np.random.default_rng(0).choice(10**6, ROWS, replace=False), "customerID", "drop"),
        (np.arange(ROWS) % 40 + 4_900_000_000_000, "agency_id", "identifier"),
        (np.arange(ROWS) % 40 + 4_900_000_000_000, "x", "identifier"),
        (np.arange(ROWS) % 40 + 300_000, "Kunden-Nr", "identifier"),
        (np.arange(ROWS) % 40 + 300_000, "price", "number"),
        (np.arange(ROWS) % 8, "shop id", "category"),
        (np.arange(ROWS) % 40 + 2**60, "x", "identifier"),
        (["red", "blue", None] * (ROWS // 3), "x", "category"),
        ([f"v{i % 60}" for i in range(ROWS)], "x", "identifier"),
        ([f"v{i}" for i in range(ROWS)], "x", "drop"),
        (["one"] * ROWS, "x", "drop"),
        ([None] * ROWS, "x", "drop"),
        ([True, False, None] * (ROWS // 3), "x", "boolean"),
        (["TRUE", "False"] * (ROWS // 2), "x", "boolean"),
        (["TRUE", "FALSE", "?"] * (ROWS // 3), "x", "boolean"),
        (["TRUE", "FALSE"] * (ROWS // 2 - 2) + ["-", "?", "unknown", "n. a."], "x", "boolean"),
        (["TRUE", "FALSE", "unknown"] * (ROWS // 3), "x", "category"),
        (["TRUE", "FALSE"] * (ROWS // 2 - 1) + ["yes", "?"], "x", "category"),
        (["TRUE", "?"] * (ROWS // 2), "x", "category"),
        (["TRUE", "FALSE", "?", "-", "--"] * (ROWS // 5), "x", "category"),
        ([f"{i % 30:05d}" for i in range(ROWS)], "zip", "category"),
        (["n/a", "unknown"] + [str(i % 50) for i in range(ROWS - 2)], "x", "number"),
        (["n/a", "unknown"] * 20 + [str(i % 50) for i in range(ROWS - 40)], "x", "number"),
        (["n/a", "unknown"] * 40 + [str(i) for i in range(ROWS - 80)], "x", "category"),
        (["1", "2", "3", "4", "5+"] * (ROWS // 5), "x", "category"),
        (DAYS, "x", "date"),
        (DAYS.tz_localize("Europe/Berlin"), "x", "date"),
        (DAYS.strftime("%Y-%m-%d"), "x", "date"),
        ([f"{day.isoformat()}Z" for day in DAYS], "x", "date"),
        (DAYS.strftime("%d.%m.%Y %H:%M"), "x", "date"),
        (DAYS.strftime("%b %d, %Y"), "x", "date"),
        (DAYS.strftime("%m/%d/%Y %I:%M %p"), "x", "date"),
        ([f"{2000 + i % 20}-{i % 12 + 1:02d}" for i in range(ROWS)], "x", "date"),
        ([f"{i % 12 + 1:02d}/{2000 + i % 20}" for i in range(ROWS)], "x", "date"),
        (["no day", *DAYS.strftime("%m/%d/%Y")[1:]], "x", "date"),
        (["no day"] * 20 + list(DAYS.strftime("%Y-%m-%d")[20:]), "x", "date"),
    ],
)
def test_a_column_gets_the_type_that_its_values_have(values: object, name: str, expected: str) -> None:
    column = infer(values, name=name)
    assert column.type == expected, column.why
    assert column.why and not column.declared


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (range(ROWS), "declare type: number to keep it"),
        ([f"{i}%" for i in range(ROWS)], "percentages ('0%', '1%', '2%')"),
        ([f"{i / 10}%" for i in range(ROWS)], "leave only the number"),
        ([f"€{i}" for i in range(ROWS)], "amounts of money ('€0'"),
        ([f"{i * 37} USD" for i in range(ROWS)], "amounts of money"),
        ([f"{i % 60} kg" for i in range(ROWS)], "quantities with a unit ('0 kg'"),
        ([f"{i},234,567" for i in range(1, ROWS + 1)], 'declare data.thousands: ","'),
        ([f"{i} 234" for i in range(1, ROWS + 1)], 'declare data.thousands: " "'),
        ([f"{i % 28 + 1} avril 20{10 + i % 15}" for i in range(ROWS)], "declare data.columns.x.format"),
    ],
)
def test_a_column_left_out_says_what_it_looks_like_and_what_keeps_it(values: object, words: str) -> None:
    column = infer(list(values))  # type: ignore[call-overload]
    assert column.type == "drop" and words in column.why


@pytest.mark.parametrize("values", [[f"v{i}" for i in range(60)], [f"10.1.{i}.7" for i in range(60)]])
def test_names_of_things_are_no_quantities(values: list[str]) -> None:
    assert infer(values * 2).type == "identifier"


def test_few_different_quantities_stay_a_category_that_says_so() -> None:
    column = infer(["36 months", "60 months"] * (ROWS // 2))
    assert column.type == "category" and "quantities with a unit" in column.why


def test_a_declared_date_that_cannot_be_read_asks_for_its_format() -> None:
    with pytest.raises(ContentError, match=r"declare data\.columns\.x\.format as they are written"):
        infer([f"{i % 28 + 1} avril 2010" for i in range(ROWS)], {"type": "date"})


def test_day_first_and_month_first_are_told_apart_by_the_days_above_twelve() -> None:
    assert infer(DAYS.strftime("%d/%m/%Y")).format == "%d/%m/%Y"
    assert infer(DAYS.strftime("%m/%d/%Y")).format == "%m/%d/%Y"


def test_dates_that_can_be_read_in_two_ways_must_be_declared() -> None:
    either = ["03/04/2024", "05/06/2024"] * (ROWS // 2)
    with pytest.raises(ContentError, match=r"Declare data\.columns\.x\.format: '%d/%m/%Y' or '%m/%d/%Y'"):
        infer(either)
    assert infer(either, {"format": "%m/%d/%Y"}).format == "%m/%d/%Y"


def test_words_among_numbers_are_named_and_count_as_missing() -> None:
    column = infer(["n.a."] * 3 + [str(i) for i in range(ROWS - 3)])
    assert column.type == "number"
    assert "'n.a.' (3)" in column.why


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"type": "category"}, "category"),
        ({"type": "identifier"}, "identifier"),
        ({"type": "drop"}, "drop"),
        ({"min": 0}, "number"),
        ({"nullable": True}, "drop"),
    ],
)
def test_a_declaration_overrides_what_the_values_say(declared: dict[str, object], expected: str) -> None:
    assert infer(np.arange(ROWS), declared).type == expected


def problem(values: object, **keys: Any) -> tuple[str, object]:
    schema = infer_schema(pd.DataFrame({"x": [1.5, 2.5, 3.5] * 20, "y": values}), spec(**keys))
    assert schema.why
    return schema.problem.task, schema.problem.classes


@pytest.mark.parametrize(
    ("values", "task", "classes"),
    [
        (["no", "yes"] * 30, "binary", ["no", "yes"]),
        ([True, False] * 30, "binary", [False, True]),
        (np.array([2, 10, 1] * 20, dtype=np.int8), "multiclass", [1, 2, 10]),
        ([0.0, 1.0] * 30, "binary", [0, 1]),
        (np.arange(60) % 11, "regression", None),
        (np.arange(60) / 7, "regression", None),
        ([0.5, 1.5] * 30, "regression", None),
    ],
)
def test_the_task_follows_from_the_target(values: object, task: str, classes: object) -> None:
    found, labels = problem(values)
    assert (found, labels) == (task, classes)
    assert [type(label) for label in labels or []] == [type(label) for label in classes or []]  # type: ignore[attr-defined]


ORDER, LABELS = "data.task=regression", "data.task=classification"


@pytest.mark.parametrize(
    ("values", "keys", "named"),
    [
        ([1, 2, 3, 4, 5] * 12, {}, ORDER),
        ([0.0, 1.0, 2.0] * 20, {}, ORDER),
        ([0, 1] * 30, {}, None),
        (["a", "b", "c"] * 20, {}, None),
        ([True, False] * 30, {}, None),
        ([1, 2, 3, 4, 5] * 12, {"task": "multiclass"}, None),
        ([1, 2, 3, 4, 5] * 12, {"columns": {"y": {"type": "category"}}}, None),
        (list(range(1, 13)) * 5, {}, LABELS),
        ([0.5, 1.0, 1.5, 2.0] * 15, {}, LABELS),
        (list(range(1, 13)) * 5, {"task": "regression"}, None),
        (list(range(20)) * 3, {}, None),
        (np.arange(60) / 7, {}, None),
    ],
)
def test_a_target_that_may_be_meant_otherwise_names_the_key(values: object, keys: Any, named: str | None) -> None:
    why = infer_schema(pd.DataFrame({"x": [1.5, 2.5, 3.5] * 20, "y": values}), spec(**keys)).why
    assert [key for key in (ORDER, LABELS) if key in why] == ([named] if named else []), why


@pytest.mark.untraced
@pytest.mark.parametrize(
    ("form", "written"),
    [("%H:%M", "%H:%M"), ("%H:%M:%S", "%H:%M:%S"), ("%I:%M %p", "%I:%M %p"), ("%I:%M%p", "%I:%M%p")],
)
def test_a_time_of_day_is_hinted_at_in_its_own_form_and_can_be_learnt_so(form: str, written: str) -> None:
    times = list(pd.date_range("2024-01-01", periods=ROWS, freq="37min").strftime(form))
    column = infer(times)
    hint = f"declare data.columns.x.format: '{written}' and parts: [hour, days_since_start]"
    assert "times of day" in column.why and hint in column.why and "%d" not in column.why
    declared = infer(times, {"format": written, "parts": ["hour", "days_since_start"]})
    assert (declared.type, declared.format) == ("date", written)
    with pytest.raises(ContentError, match=re.escape(hint)):
        infer(times, {"type": "date"})


def test_dates_in_an_unknown_form_are_hinted_at_with_a_date() -> None:
    column = infer([f"{day:%d} avril {day:%Y %H:%M}" for day in DAYS])
    assert "for example '%d.%m.%Y %H:%M'" in column.why


def test_the_declared_task_wins() -> None:
    assert problem([0, 1] * 30, task="regression") == ("regression", None)
    assert problem(np.arange(60) % 12, task="classification")[0] == "multiclass"


@pytest.mark.parametrize(
    ("values", "keys", "words"),
    [
        ([1] * 60, {}, "one class only, 1"),
        ([2.5] * 60, {}, "in every row"),
        ([None] * 60, {}, "no value in any"),
        (["a", None, "b"] * 20, {}, r"missing in 20 of 60 rows \(rows 2, 5, 8, 11, 14, …\)"),
        ([1.5, np.inf, 2.5] * 20, {}, "infinite in 20 rows"),
        (["a", "b", "c"] * 20, {"task": "regression"}, "no numbers"),
        (["a", "b", "c"] * 20, {"task": "binary"}, "has 3 classes"),
        (["a", "b"] * 30, {"task": "multiclass"}, "declare binary"),
        ([f"name {i}" for i in range(60)], {}, "60 classes in 60 rows"),
        ([f"{67 + i},674" for i in range(60)], {}, 'declare data.thousands: ","'),
        ([f"{67 + i},674" for i in range(60)], {"task": "regression"}, 'declare data.thousands: ","'),
        ([f"{67 + i} 674" for i in range(60)], {"task": "classification"}, 'declare data.thousands: " "'),
        ([f"${i}" for i in range(60)], {}, "amounts of money"),
        (["oops"] + [str(i) for i in range(59)], {}, "1 values that are no numbers"),
    ],
)
def test_a_target_that_cannot_be_learnt_is_refused(values: object, keys: dict[str, object], words: str) -> None:
    with pytest.raises(ContentError, match=words):
        problem(values, **keys)


def test_every_fault_is_reported_at_once() -> None:
    frame = pd.DataFrame({"shape": ["a", "b"] * 30, "when": ["03/04/2024", "05/06/2024"] * 30})
    with pytest.raises(ContentError) as caught:
        infer_schema(frame, spec("shap", columns={"shape": {"type": "number"}, "sizes": {"type": "number"}}))
    text = str(caught.value)
    assert "Did you mean 'shape'?" in text
    assert "'sizes'" in text and "none of its values is one" in text and "%d/%m/%Y" in text


def test_a_table_of_which_nothing_is_left_is_refused() -> None:
    with pytest.raises(ContentError, match="no column is left"):
        infer_schema(pd.DataFrame({"x": [1] * 60, "y": ["a", "b"] * 30}), spec())


COLUMN = st.sampled_from(
    [
        st.integers(-(2**62), 2**62),
        st.floats(),
        st.booleans(),
        st.text(max_size=4),
        st.sampled_from(["1", "2", "x", ""]),
        st.datetimes().map(str),
        st.one_of(st.integers(0, 5), st.text(max_size=2), st.floats(), st.booleans()),
    ]
).flatmap(lambda kind: st.lists(st.none() | kind, min_size=30, max_size=30))


@pytest.mark.untraced
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(COLUMN)
def test_any_column_becomes_features_or_is_dropped_or_refused_with_a_message(values: list[object]) -> None:
    frame = pd.DataFrame({"x": values, "z": np.arange(30) / 7, "y": ["a", "b"] * 15})
    try:
        schema = infer_schema(frame, spec())
    except ContentError:
        return
    signature = fit_signature(frame, schema)
    matrix = make_matrix(frame, signature, schema.problem)
    assert matrix.features.shape == (30, len(signature.features))
    assert not np.isinf(matrix.features).any()
