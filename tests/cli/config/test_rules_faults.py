"""Rules in an experiment: what is wrong with them is reported before anything starts, at once, with its key path."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.main import main
from ml.checks.compatibility import incompatibilities
from ml.trainers.sklearn.presets import RandomForest
from schemas.data import Problem, TableSchema
from schemas.errors import Fault
from schemas.metrics import resolve_metric
from schemas.run import GateSpec, Run

Faults = Callable[..., dict[str, Fault]]
Load = Callable[..., Run]
ROWS = "km,carrier,note,late\n1,Fast,a,no\n2,Slow,b,yes\n"
GOOD = [{"when": {"column": "km", "above": 300}, "then": "yes"}]


@pytest.fixture
def words(outside: Callable[..., Path], tmp_path: Path) -> Callable[..., list[str]]:
    """Write an experiment whose trainer or baseline is rules; return the words that ask for it."""
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")

    def write(rules: Any, block: str = "trainer", **more: Any) -> list[str]:
        content: dict[str, Any] = {
            "name": "x",
            "data": {"path": str(tmp_path / "rows.csv"), "target": "late", "task": "binary"},
            block: {"rules": rules, **({"name": "rules"} if block == "baseline" else {})},
        }
        content |= more
        trainer = "rules" if block == "trainer" else "random_forest"
        choices = f"defaults:\n  - override /data: csv\n  - override /trainer: {trainer}\n"
        body = "".join(f"{key}: {json.dumps(value)}\n" for key, value in content.items())
        return [
            f"--config-dir={outside(experiment__x=f'# @package _global_{chr(10)}{choices}{body}')}",
            "+experiment=x",
        ]

    return write


def when(**said: Any) -> list[dict[str, Any]]:
    return [{"when": {"in" if key == "in_" else key: value for key, value in said.items()}, "then": "yes"}]


CASES: list[tuple[Any, str, str]] = [
    (None, "rules", "must be given"),
    ([], "rules", "must be given"),
    ({"when": 3}, "rules", "not a list"),
    (["storm"], "rules[0]", "not a mapping"),
    ([{"then": "yes"}], "rules[0].when", "must be given"),
    ([{**GOOD[0], "than": "yes"}], "rules[0].than", "Did you mean 'then'?"),
    ([{**GOOD[0], "abstain": True}], "rules[0]", "has both"),
    ([{"when": GOOD[0]["when"]}], "rules[0]", "has neither"),
    ([{"when": GOOD[0]["when"], "abstain": False}], "rules[0]", "has neither"),
    ([{"when": GOOD[0]["when"], "then": None}], "rules[0].then", "abstain: true"),
    ([{"when": GOOD[0]["when"], "then": ["yes"]}], "rules[0].then", "not text"),
    (when(), "rules[0].when", "is empty"),
    (when(column="km"), "rules[0].when", "no operator"),
    (when(column="km", abowe=3), "rules[0].when.abowe", "Did you mean 'above'?"),
    (when(column="km", inn=[3]), "rules[0].when.inn", "Did you mean 'in'?"),
    (when(above=3), "rules[0].when", "names no column"),
    (when(column=True, above=3), "rules[0].when.column", "quote it"),
    (when(column="km", above=3, equals=4), "rules[0].when", "one operator"),
    (when(column="km", above=3, at_least=4), "rules[0].when", "one operator"),
    (when(column="km", above=3, below="2024-01-01"), "rules[0].when", "a number and a date"),
    (when(column="km", above="3"), "rules[0].when.above", "without quotes"),
    (when(column="km", above="soon"), "rules[0].when.above", "neither a number nor a date"),
    (when(column="km", above=True), "rules[0].when.above", "true is neither a number nor a date"),
    (when(column="km", equals=None), "rules[0].when.equals", "missing: true"),
    (when(column="km", equals=2**53 + 1), "rules[0].when.equals", "quote it"),
    (when(column="km", in_=[]), "rules[0].when.in", "is empty"),
    (when(column="km", in_=3), "rules[0].when.in", "not a list"),
    (when(column="km", missing="yes"), "rules[0].when.missing", "not true or false"),
    (when(column="note", matches="a("), "rules[0].when.matches", "at character 2"),
    (when(column="note", matches="(a+)+"), "rules[0].when.matches", "too long"),
    (when(all=[]), "rules[0].when.all", "is empty"),
    (when(any=[]), "rules[0].when.any", "is empty"),
    (when(all=[{"any": [{"column": "km", "over": 3}]}]), "rules[0].when.all[0].any[0].over", "not a known key"),
    (when(all=[{"column": "km", "above": 3}], column="km"), "rules[0].when", "all and column"),
    (when(all=[{"column": "km", "above": 3}], above=3), "rules[0].when", "put the comparison into the list"),
    (when(column="km", above=5, below=3), "rules[0].when", "can never hold"),
    (GOOD + when(column="km", above=400), "rules[1].when", "rules[0] (km is above 300)"),
    (when(column="late", equals="yes"), "rules[0].when.column", "the target itself"),
]


@pytest.mark.parametrize(("rules", "path", "text"), CASES, ids=[f"{path}: {text}" for _, path, text in CASES])
@pytest.mark.parametrize("block", ["trainer", "baseline"])
def test_a_wrong_rule_is_a_fault_at_its_place(
    block: str, rules: Any, path: str, text: str, words: Callable[..., list[str]], faults: Faults
) -> None:
    found = faults(*words(rules, block))
    assert f"{block}.{path}" in found, sorted(found)
    assert text in str(found[f"{block}.{path}"])


def test_faults_of_rules_come_all_at_once_and_with_those_of_other_blocks(
    words: Callable[..., list[str]], faults: Faults
) -> None:
    wrong = [*when(column="km", abowe=3), *when(all=[]), *when(column="note", matches="[")]
    found = faults(*words(wrong), "seed=-1")
    assert {"trainer.rules[0].when.abowe", "trainer.rules[1].when.all", "trainer.rules[2].when.matches"} <= set(found)
    assert "seed" in found
    unreached = faults(*words(GOOD + GOOD), "seed=-1")
    assert {"trainer.rules[1].when", "seed"} <= set(unreached)


def test_a_column_that_the_header_lacks_stops_the_run_before_it_starts(
    words: Callable[..., list[str]], empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(when(column="carier", equals="Fast") + when(column="nte", missing=True))) == 2
    said = capsys.readouterr().err
    assert "trainer.rules[0].when.column: there is no column 'carier'. Did you mean 'carrier'?" in said
    assert "trainer.rules[1].when.column" in said and "Did you mean 'note'?" in said
    assert list(empty.iterdir()) == []


@pytest.mark.untraced
@pytest.mark.parametrize("block", ["trainer", "baseline"])
def test_auto_is_a_metric_that_rules_have(block: str, words: Callable[..., list[str]], load: Load) -> None:
    resolve_defaults = load(*words(GOOD, block)).metric
    assert resolve_defaults == "balanced_accuracy", "a person meets it as a parameter of steps"
    assert load(*words(GOOD, block, metric="f1")).metric == "f1"
    assert load("+experiment=breast_cancer").metric == "auto"


def test_auto_is_a_metric_of_the_task_that_the_rows_turn_out_to_have(
    load: Load, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["+experiment=breast_cancer", "trainer=random_forest", "gate=default"]
    monkeypatch.setattr(RandomForest, "gives_probabilities", False, raising=False)
    resolve_defaults = load(*words, "data.task=auto").metric
    schema = TableSchema(problem=Problem(target="y", task="regression"), columns=[], why="numbers")
    assert incompatibilities(schema, RandomForest.tasks, "random_forest", resolve_defaults, GateSpec()) == []
    assert resolve_metric(resolve_defaults, "regression") == "root_mean_squared_error"
    assert resolve_metric(resolve_defaults, "binary") == "balanced_accuracy"
    assert load(*words, "data.task=regression").metric == "auto"  # a sweep with other trainers has one metric
    assert "is not a metric" in faults(*words, f"metric='{resolve_defaults}'")["metric"].message


def test_a_metric_that_needs_probabilities_is_a_fault_with_rules(
    words: Callable[..., list[str]], faults: Faults
) -> None:
    for block in ("trainer", "baseline"):
        assert "gives none" in faults(*words(GOOD, block, metric="roc_auc"))["metric"].message
    gate = {"min": {"roc_auc": 0.5}, "max": {"log_loss": 1}}
    assert {"gate.min.roc_auc", "gate.max.log_loss"} <= set(faults(*words(GOOD, gate=gate)))


def test_a_threshold_on_probabilities_stays_possible_beside_a_baseline_of_rules(
    words: Callable[..., list[str]], load: Load
) -> None:
    assert load(*words(GOOD, "baseline", gate={"min": {"roc_auc": 0.5}})).gate.min == {"roc_auc": 0.5}


def test_coverage_is_a_threshold_and_ranks_nothing(words: Callable[..., list[str]], load: Load, faults: Faults) -> None:
    asked = {"min": {"coverage": 0.5, "answered_accuracy": 0.9}}
    assert load(*words(GOOD, gate=asked)).gate.min == asked["min"]
    assert "gate.min.coverage" in faults(*words(GOOD, metric="coverage"))["metric"].hint


def test_rules_cannot_learn_a_quantity(words: Callable[..., list[str]], faults: Faults) -> None:
    found = faults(*words(GOOD), "data.task=regression")
    assert "trainer.name" in found


@pytest.mark.untraced
def test_trainer_rules_takes_those_of_the_baseline_which_is_then_auto(
    words: Callable[..., list[str]], load: Load, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = words(GOOD, "baseline", baseline={"name": "rules", "rules": GOOD, "otherwise": "no"})
    run = load(*given, "trainer=rules")
    assert run.trainer.params["rules"] == GOOD and run.trainer.params["otherwise"] == "no"
    assert run.baseline.name == "auto" and resolve_metric(run.metric, "binary") == "balanced_accuracy"
    assert load(*given, "trainer=rules", "trainer.otherwise=yes").trainer.params["otherwise"] == "yes"
    assert load(*given).baseline.name == "rules"
    assert main([*given, "trainer=rules", "action=plan"]) == 0
    assert "baseline: rules cannot beat itself, so the baseline is auto" in capsys.readouterr().err


def test_faults_of_borrowed_rules_are_reported_where_they_were_declared(
    words: Callable[..., list[str]], faults: Faults
) -> None:
    found = faults(
        *words(GOOD + when(column="km", above=400) + when(column="km", abowe=3), "baseline"), "trainer=rules"
    )
    named = ["baseline.rules[1].when", "baseline.rules[2].when.abowe"]
    assert [path for path in found if "rules[" in path] == named
    assert list(faults(*words(GOOD + GOOD, "baseline"), "trainer=rules")) == ["baseline.rules[1].when"]


def test_a_baseline_that_is_the_trainer_becomes_auto(load: Load) -> None:
    same = ["trainer=logistic_regression", "baseline.name=logistic_regression"]
    assert load("+experiment=breast_cancer", *same).baseline.name == "auto"


def test_a_baseline_that_auto_would_be_anyway_stays_without_a_word(
    load: Load, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = ["+experiment=breast_cancer", "trainer=majority", "gate=default", "baseline.name=majority"]
    assert load(*same).baseline.name == "majority"
    assert main([*same, "action=plan"]) == 0
    assert "cannot beat itself" not in capsys.readouterr().err


def test_rules_must_be_given_where_the_baseline_has_none(faults: Faults) -> None:
    found = faults("+experiment=breast_cancer", "trainer=rules", "gate=default")
    assert "under trainer or under baseline" in found["trainer.rules"].message


def test_rules_can_be_given_on_the_command_line(load: Load) -> None:
    rules = "trainer.rules=[{when: {column: mean radius, above: 15}, then: 0}]"
    run = load("+experiment=breast_cancer", "trainer=rules", "gate=default", rules, "trainer.otherwise=1")
    assert run.trainer.params["otherwise"] == 1


def test_a_broken_rule_does_not_hide_that_another_is_never_reached(
    words: Callable[..., list[str]], faults: Faults
) -> None:
    far = {"when": {"column": "km", "above": "far"}, "then": "yes"}
    above = [{"when": {"column": "km", "above": bound}, "then": "yes"} for bound in (5, 7)]
    found = faults(*words([above[0], far, above[1]]))
    assert set(found) == {"trainer.rules[1].when.above", "trainer.rules[2].when"}
    assert "rules[0] (km is above 5) catches" in found["trainer.rules[2].when"].message
