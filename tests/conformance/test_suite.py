"""The suite as a plug-in's own tests call it: returned violations, one assertion that names them all."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from drivetrain.testing import (
    Violation,
    check_gate_check,
    check_sink,
    check_source,
    check_splitter,
    check_trainer,
    examine,
    foreign_imports,
    pickling,
    require,
    sample,
    table,
)
from drivetrain.testing.samples import unseeded
from ml.sinks.csv import CsvSink
from ml.sources.csv import CsvSource
from ml.split.random import RandomSplit
from ml.trainers.constant import Majority
from ml.trainers.sklearn.presets import LogisticRegression
from tests.conformance.sound import Fine, Halves, Lines, Out, Same, out_of, rows_of


def rows_as_csv(folder: Path, rows: pd.DataFrame) -> dict[str, Any]:
    rows.to_csv(folder / "rows.csv", index=False)
    return {"path": str(folder / "rows.csv")}


def test_components_that_hold_the_contract_have_no_violations() -> None:
    require(check_source(CsvSource, rows_as_csv))
    require(check_splitter(RandomSplit))
    require(check_trainer(Majority))
    require(check_trainer(LogisticRegression))
    require(check_sink(CsvSink, lambda folder, rows: {"path": str(folder / "out.csv")}))


def test_every_violation_is_in_one_failed_assertion() -> None:
    with pytest.raises(AssertionError) as caught:
        require([Violation("trainer x", "empty", "takes it"), Violation("trainer x", "tasks", "none")])
    text = str(caught.value)
    assert "trainer x: empty: takes it" in text and "trainer x: tasks: none" in text


def test_what_is_no_component_is_said_and_not_tried() -> None:
    (only,) = check_trainer(CsvSource, name="csv")
    assert only == Violation(
        "trainer csv", "declared", "<class 'ml.sources.csv.CsvSource'> is not a subclass of drivetrain.Trainer"
    )


@pytest.mark.parametrize("error", [SystemExit(3), RuntimeError("no licence"), AssertionError()])
def test_whatever_a_strangers_code_raises_is_a_violation(error: BaseException) -> None:
    def check() -> list[str]:
        raise error

    (found,) = examine("trainer x", [("tasks", check)])
    assert f"raised {type(error).__name__}" in found.message and "test_suite.py, line" in found.message


def test_a_check_that_raised_stops_no_other() -> None:
    def check() -> list[str]:
        raise RuntimeError

    assert len(examine("x", [("one", check), ("two", lambda: ["two is wrong"])])) == 2


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_a_sample_is_the_same_every_time_and_has_every_kind_of_column(task: Any) -> None:
    assert table(task).equals(table(task)) and table(task)["weight"].isna().any()
    given = sample(task)
    assert len(given.train.features) == 80 and len(given.empty.features) == 0
    assert {one.type for one in given.signature.inputs} == {"number", "category", "boolean", "date"}


def test_who_draws_from_shared_generators_is_found_and_they_are_as_before() -> None:
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.random()
    random.seed(1)
    np.random.seed(1)
    with unseeded(5) as used:
        random.random()
        np.random.random()
    assert used == ["random", "numpy.random"] and (random.random(), np.random.random()) == expected
    with unseeded(5) as used:
        np.random.default_rng(0).random()
    assert used == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("import joblib\n", "line 1, imports joblib"),
        ("def f():\n    from cloudpickle import dumps\n", "line 2, imports cloudpickle"),
        ("frame.to_pickle('x')\n", "calls to_pickle"),
        ("np.load('x', allow_pickle=True)\n", "allows pickles"),
    ],
)
def test_what_pickles_is_found_in_source(text: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text(text)
    (found,) = pickling([tmp_path / "part.py"])
    assert what in found


@pytest.mark.parametrize("name", ["ml.values", "schemas.errors", "steps", "zenml.client"])
def test_what_is_no_part_of_the_contract_is_found_in_source(name: str, tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text(f"import numpy\nfrom drivetrain import Source\nimport {name}\n")
    (found,) = foreign_imports([tmp_path / "part.py"])
    assert f"part.py, line 3, imports {name}" in found
    assert bool(list(foreign_imports([tmp_path / "part.py"], also=frozenset({"zenml"})))) is (name != "zenml.client")


def test_the_sound_ones_have_no_violation() -> None:
    require(check_source(Lines, rows_of))
    require(check_sink(Out, out_of))
    require(check_splitter(Halves))
    require(check_trainer(Same))
    require(check_gate_check(Fine))


def test_what_a_check_found_before_it_raised_is_told_too() -> None:
    def check() -> Iterator[str]:
        yield "the first is wrong"
        raise RuntimeError("no licence")

    assert [one.message.partition(" (")[0] for one in examine("x", [("one", check)])] == [
        "the first is wrong",
        "raised RuntimeError: no licence",
    ]
