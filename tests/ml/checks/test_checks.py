"""What the data checks say."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.checks.expectations import check_expectations
from ml.checks.page import render
from ml.checks.run import check_data
from ml.schema_inference.infer import infer_schema
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.split.random import RandomSplit, RandomSplitParams
from schemas.choice import Choice
from schemas.data_spec import DataSpec
from schemas.evaluation import DataCheck, DataReport

ROWS = 400


def table() -> pd.DataFrame:
    draw = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "Fläche m²": draw.normal(80, 10, ROWS),
            "colour": draw.choice(["red", "green", "blue"], ROWS),
            "day": pd.date_range("2024-01-01", periods=ROWS).strftime("%Y-%m-%d"),
            "y": draw.choice(["no", "yes"], ROWS),
        }
    )


def report(frame: pd.DataFrame, **keys: object) -> DataReport:
    spec = DataSpec.model_validate({"source": Choice(name="csv"), "target": "y", **keys})
    schema = infer_schema(frame, spec)
    sets = RandomSplit(RandomSplitParams()).assign(frame, "y", test=0.2, validation=0.2, by=None, salt="s")
    parts = [frame[sets == name].reset_index(drop=True) for name in ("train", "validation", "test")]
    return check_data(frame, parts[0], parts[1], parts[2], schema, spec)


def broken(found: DataReport, name: str) -> list[DataCheck]:
    return [check for check in found.checks if check.name == name and not check.passed]


@pytest.mark.parametrize(
    ("kind", "values"),
    [("date", [f"2024-01-{1 + row % 28:02d}" for row in range(ROWS)]), ("number", [f"{row}.5" for row in range(ROWS)])],
)
def test_words_among_values_of_a_declared_type_are_told_with_what_to_declare(kind: str, values: list[str]) -> None:
    frame = table().assign(c=pd.Series(["-", *values[1:]], dtype="str"))
    (check,) = broken(report(frame, columns={"c": {"type": kind}}), "type")
    assert check.severity == "fail" and "for example '-' (rows 1)" in check.message
    assert 'declare data.columns.c.missing: ["-"], or data.columns.c.on_violation: warn' in check.message
    (check,) = broken(report(frame, columns={"c": {"type": kind, "on_violation": "warn"}}), "type")
    assert check.severity == "warn" and check.message.endswith("(rows 1); they count as missing")
    frame["c"] = [f"word {row}" if row < 9 else value for row, value in enumerate(values)]
    (check,) = broken(report(frame, columns={"c": {"type": kind}}), "type")
    assert "declare them in data.columns.c.missing, or" in check.message


def test_what_to_declare_keeps_the_words_that_mean_missing_already(tmp_path: Path) -> None:
    lines = ["-;no", "NA;yes", *(f"{row}.5;{'no' if row % 2 else 'yes'}" for row in range(ROWS))]
    (tmp_path / "t.csv").write_text("\n".join(["c;y", *lines]) + "\n", encoding="utf-8")
    spec = DataSpec.model_validate({"source": Choice(name="csv"), "target": "y", "columns": {"c": {"type": "number"}}})
    frame, written = CsvSource(CsvParams(path=str(tmp_path / "t.csv"))).read_as_written({})
    (check,) = check_expectations(frame, infer_schema(frame, spec, written=written), spec)
    assert 'data.columns.c.missing: ["NA", "-"]' in check.message


def test_good_rows_pass_every_check() -> None:
    found = report(table())
    assert found.passed
    assert [check.message for check in found.checks if not check.passed] == []
    assert {"rows", "target_balance", "classes", "duplicates", "missing", "leakage", "split_drift"} == {
        check.name for check in found.checks
    }


@pytest.mark.parametrize(
    ("declared", "name", "words"),
    [
        ({"Fläche m²": {"min": 60}}, "min", "below 60"),
        ({"Fläche m²": {"max": 90}}, "max", "above 90"),
        ({"colour": {"allowed": ["red", "green"]}}, "allowed", "for example 'blue'"),
        ({"colour": {"unique": True}}, "unique", "occur more than once"),
        ({"y": {"allowed": ["yes"]}}, "allowed", "'no'"),
    ],
)
def test_a_broken_expectation_refuses_the_rows_with_examples(
    declared: dict[str, object], name: str, words: str
) -> None:
    found = report(table(), columns=declared)
    (check,) = broken(found, name)
    assert not found.passed
    assert words in check.message
    assert check.value and check.value > 0  # type: ignore[operator]


def test_an_expectation_may_only_warn() -> None:
    found = report(table(), columns={"Fläche m²": {"min": 60, "on_violation": "warn"}})
    assert broken(found, "min") and found.passed


def test_all_expectations_are_reported_at_once_and_those_that_hold_too() -> None:
    frame = table()
    frame["price"] = [None, "cheap", *map(str, range(ROWS - 2))]
    found = report(frame, columns={"price": {"type": "number", "nullable": False, "min": 5, "max": 10_000}})
    outcome = {check.name: (check.passed, check.value) for check in found.checks if check.column == "price"}
    assert outcome == {"type": (False, 1), "nullable": (False, 1), "min": (False, 5), "max": (True, 0)}


def test_values_that_do_not_fit_an_inferred_type_are_a_warning() -> None:
    frame = table()
    frame["price"] = ["n.a."] * 4 + [str(value) for value in range(ROWS - 4)]
    frame.loc[0, "Fläche m²"] = np.inf
    found = report(frame)
    assert "'n.a.'" in broken(found, "mixed")[0].message
    assert broken(found, "infinite")[0].column == "Fläche m²"
    assert found.passed


def test_a_column_that_is_dropped_unasked_is_a_warning() -> None:
    assert broken(report(table().assign(row=range(ROWS))), "dropped")[0].column == "row"
    assert not broken(report(table().assign(row=range(ROWS)), columns={"row": {"type": "drop"}}), "dropped")


def test_too_few_rows_fail() -> None:
    found = report(table(), checks={"rows": {"min": 401}})
    assert not found.passed
    assert "only 400 rows" in broken(found, "rows")[0].message


def test_a_rare_class_is_named_and_so_is_the_set_that_lacks_it() -> None:
    frame = table()
    frame.loc[7, "y"] = "never"
    found = report(frame)
    assert "'never' 1" in broken(found, "target_balance")[0].message
    assert len(broken(found, "classes")) == 2


def test_repeated_rows_are_counted() -> None:
    frame = pd.concat([table(), table()[:100]], ignore_index=True)
    assert broken(report(frame), "duplicates")[0].value == pytest.approx(0.2)


def test_gaps_are_counted_per_column() -> None:
    frame = table()
    frame.loc[: ROWS * 3 // 4, "colour"] = None
    assert [check.column for check in broken(report(frame), "missing")] == ["colour"]


def test_a_check_that_is_off_says_nothing_and_one_that_fails_refuses() -> None:
    frame = table().assign(copy=lambda rows: rows["y"])
    assert "leakage" not in {
        check.name for check in report(frame, checks={"leakage": {"max": 0.9, "severity": "off"}}).checks
    }
    assert not report(frame, checks={"leakage": {"max": 0.9, "severity": "fail"}}).passed


@pytest.mark.parametrize("kind", ["copy", "number", "identifier", "missing"])
def test_a_column_that_knows_the_class_is_found(kind: str) -> None:
    frame, draw = table(), np.random.default_rng(0)
    yes = (frame["y"] == "yes").to_numpy()
    leaks: dict[str, Any] = {
        "copy": frame["y"].str.upper(),
        "number": yes * 10 + draw.normal(size=ROWS),
        "identifier": [f"{answer}{number}" for answer, number in zip(yes, draw.integers(0, 30, ROWS), strict=True)],
        "missing": np.where(yes, draw.normal(size=ROWS), np.nan),
    }
    frame["leak"] = leaks[kind]
    assert [check.column for check in broken(report(frame), "leakage")] == ["leak"]


@pytest.mark.parametrize("power", [1, 3])
def test_a_column_that_is_a_function_of_the_number_predicted_is_found(power: int) -> None:
    frame = table()
    frame["y"] = np.random.default_rng(1).normal(size=ROWS)
    frame["leak"] = frame["y"] ** power
    assert [check.column for check in broken(report(frame), "leakage")] == ["leak"]


def test_sets_that_follow_a_pattern_are_found_and_chance_is_not() -> None:
    frame = table()
    spec = DataSpec(source=Choice(name="csv"), target="y")
    schema = infer_schema(frame, spec)
    ordered = frame.sort_values("day")
    found = check_data(frame, ordered[:300], ordered[300:350], ordered[350:], schema, spec)
    assert {check.column for check in broken(found, "split_drift")} == {"day"}
    ordered = frame.sample(frac=1, random_state=0).sort_values("colour", kind="stable")
    found = check_data(frame, ordered[:300], ordered[300:350], ordered[350:], schema, spec)
    assert {check.column for check in broken(found, "split_drift")} == {"colour"}


class Tags(HTMLParser):
    """Collects what a page consists of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("src", "href")]


def test_the_page_is_self_contained_and_escapes_what_the_data_says() -> None:
    frame = table().rename(columns={"colour": "<script>alert(1)</script>"})
    page = render(report(frame, columns={"Fläche m²": {"min": 60}}))
    tags = Tags()
    tags.feed(page)
    assert "script" not in tags.tags and tags.links == []
    assert "&lt;script&gt;" in page
    assert 'lang="en"' in page and "viewport" in page and "below 60" in page
    assert "refused" in page


def test_a_name_too_long_for_a_page_is_cut_and_marks_of_direction_are_written_out() -> None:
    frame = table()
    named: dict[str, Any] = {"n" * 300: range(len(frame)), "a\u202eb": 1.5}
    page = render(report(frame.assign(**named)))
    assert "n" * 121 not in page[page.index("<h2>Columns") :]
    assert "\u202e" not in page and "a\\u202eb" in page


@pytest.mark.untraced
@pytest.mark.parametrize("kind", ["copy", "rare", "category", "number"])
def test_a_leak_among_many_columns_is_found(kind: str) -> None:
    rng = np.random.default_rng(0)
    rows, columns = 400, 400
    frame = pd.DataFrame(rng.normal(size=(rows, columns)), columns=[f"c{number}" for number in range(columns)])
    y = (rng.random(rows) < (0.06 if kind == "rare" else 0.5)).astype(int)
    made: dict[str, Any] = {
        "copy": y * 2.5,
        "rare": np.where(y == 1, 0.001 * rng.random(rows), rng.normal(size=rows) + np.sign(rng.normal(size=rows))),
        "category": np.where(y == 1, rng.choice(["a", "b"], rows), rng.choice(["c", "d"], rows)),
        "number": y + 0.0,
    }
    frame.insert(7, "leak", made[kind])
    frame["y"] = np.where(y == 1, "yes", "no") if kind != "number" else y + rng.normal(size=rows) * 1e-6
    assert [check.column for check in broken(report(frame), "leakage")] == ["leak"]


@pytest.mark.untraced
@pytest.mark.parametrize("noise", ["binary", "constant but for one"])
def test_a_leak_among_many_columns_of_few_values_is_found(noise: str) -> None:
    rng = np.random.default_rng(0)
    rows = 400
    values = rng.integers(0, 2, size=(rows, 150)) if noise == "binary" else np.eye(rows, 150, dtype=int)
    frame = pd.DataFrame(values, columns=[f"c{number}" for number in range(150)])
    y = rng.integers(0, 2, rows)
    frame["leak"] = y * 3.5
    frame["y"] = np.where(y == 1, "yes", "no")
    assert [check.column for check in broken(report(frame), "leakage")] == ["leak"]
    frame["y"] = rng.normal(size=rows)
    frame["leak"] = frame["y"] ** 3
    assert [check.column for check in broken(report(frame), "leakage")] == ["leak"]
