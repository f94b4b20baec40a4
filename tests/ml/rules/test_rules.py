"""Rules: what they predict, what they refuse to be asked, what they leave in a package, and how fast they are."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from ml.evaluation.evaluate import evaluate, target_and_predictions
from ml.evaluation.metrics import scores
from ml.features.cells import cells, rows
from ml.package.build import seal
from ml.package.model import PackagedModel
from ml.package.storage import read
from ml.predictions.predictor import Predictions
from ml.rules.evaluate import Evaluator
from ml.runtimes.load import load
from ml.runtimes.rules import DecisionList
from ml.trainers.rules import FittedRules, Rules
from schemas.data import Column, Problem, TableSchema
from schemas.errors import ContentError, PackageError
from schemas.evaluation import Evaluation
from schemas.patterns import LONGEST, pattern_fault
from schemas.rules import RuleList, RuleSet
from schemas.signature import Output
from tests.ml.bench import Bench
from tests.ml.rules.rule_strategies import TYPES, grid, rule_lists, slow

YES_NO = Output(task="binary", target="y", classes=["no", "yes"])
DECLARED = {
    "rules": [
        {"when": {"column": "color", "equals": "ultraviolet"}, "then": "no"},
        {"when": {"column": "who", "matches": r"^id-\d{2}$"}, "abstain": True},
        {"when": {"all": [{"column": "größe in cm", "above": 175}, {"column": "flag", "equals": True}]}, "then": "yes"},
        {
            "when": {"any": [{"column": "when", "below": "2024-06-01"}, {"column": "empty", "missing": False}]},
            "then": "no",
        },
    ],
    "otherwise": "yes",
}


def fitted(bench: Bench, declared: dict[str, Any] = DECLARED) -> FittedRules:
    return Rules(RuleList.model_validate(declared)).fit(bench.matrix, bench.matrix, bench.signature, seed=0)


def one(when: dict[str, Any], kind: Any, values: list[Any]) -> list[bool]:
    rules = RuleList.model_validate({"rules": [{"when": {"column": "x", **when}, "then": "a"}]})
    return [position == 0 for position in Evaluator(rules.rules, {"x": kind}).fired({"x": values})]


@pytest.mark.untraced
@pytest.mark.slow
@pytest.mark.parametrize("columns", ["nli", "bd", "nd"])
def test_columns_are_predicted_as_one_row_after_the_other_would_be(columns: str) -> None:
    table = grid(columns)

    @settings(max_examples=150, deadline=None)
    @given(rules=rule_lists(columns))
    def check(rules: RuleList) -> None:
        assert Evaluator(rules.rules, TYPES).fired(table).tolist() == slow(rules, table)

    check()


@pytest.mark.parametrize(
    ("when", "kind", "values", "expected"),
    [
        ({"not_equals": 3}, "number", [3, 4, None], [False, True, False]),
        ({"not_in": ["a"]}, "category", ["a", "b", None], [False, True, False]),
        ({"missing": True}, "category", ["a", None, float("nan")], [False, True, True]),
        ({"equals": 3}, "category", [3, "3", 3.0, "3.0"], [True, True, True, False]),
        ({"above": 3}, "number", [10**400, -(10**400), 3], [True, False, False]),
        ({"equals": True}, "boolean", [True, False, None], [True, False, False]),
        ({"at_least": "2024-01-01"}, "date", ["2024-01-01T01:00:00+02:00", "2024-01-01"], [False, True]),
        ({"matches": "URG"}, "category", ["xURGx", "urg", None], [True, False, False]),
        ({"matches": "URG"}, "text", ["an URGENT call", "urg", None], [True, False, False]),
        ({"matches": "late"}, "identifier", ["x" * LONGEST + "late", "x" * (LONGEST - 4) + "late"], [False, True]),
        ({"equals": 1}, "category", [True, 1], [False, True]),
    ],
)
def test_a_comparison_means_what_it_says(
    when: dict[str, Any], kind: str, values: list[Any], expected: list[bool]
) -> None:
    assert one(when, kind, values) == expected


@pytest.mark.parametrize("operator", ["above", "at_least", "below", "at_most"])
def test_true_is_no_bound(operator: str) -> None:
    with pytest.raises(ValidationError, match="true is neither a number nor a date in ISO 8601"):
        RuleList.model_validate(listed({"column": "x", operator: True}))


def test_rules_without_a_row_predict_none() -> None:
    model = DecisionList(
        RuleSet.model_validate({"columns": {"x": "number"}, **listed({"column": "x", "above": 1})}), YES_NO
    )
    codes = model.predict_cells({"x": []}).codes
    assert codes is not None and codes.tolist() == []


def listed(*whens: dict[str, Any]) -> dict[str, Any]:
    return {"rules": [{"when": when, "then": "yes"} for when in whens]}


def test_what_is_packaged_predicts_as_what_was_fitted(
    benches: dict[str, Bench], packaged: Callable[..., PackagedModel], tmp_path: Path
) -> None:
    bench = benches["binary"]
    model = packaged(fitted(bench), bench, tmp_path / "package", "rules")
    table = cells(bench.asked, bench.signature)
    found, expected = model.predict(table), fitted(bench).predict_cells(table)
    assert found.codes is not None and expected.codes is not None and found.probabilities is None
    assert found.codes.tolist() == expected.codes.tolist() and set(found.codes.tolist()) == {-1, 0, 1}
    by_row = [
        model.predict({name: [cell] for name, cell in row.items()}) for row in rows(bench.asked, bench.signature)[:50]
    ]
    assert np.concatenate([predictions.codes for predictions in by_row]).tolist() == expected.codes[:50].tolist()
    abstained = model.encode(found).records[int(np.flatnonzero(found.codes == -1)[0])]
    assert abstained == {"label": None, "needs_review": True}


def test_the_package_tells_what_every_rule_did(
    benches: dict[str, Bench], packaged: Callable[..., PackagedModel], tmp_path: Path
) -> None:
    bench = benches["binary"]
    model = packaged(fitted(bench), bench, tmp_path / "package", "rules")
    metrics, intervals = evaluate(bench.problem, *target_and_predictions(model, bench.train, bench.problem), 0)
    evaluation = Evaluation(metrics={"validation": metrics}, intervals={"validation": intervals})
    seal(model.root, tmp_path / "final", evaluation=evaluation, baseline=None, gate=None, reference=None)
    records = PackagedModel.open(tmp_path / "final").manifest.rules
    assert [record.rows > 0 for record in records] == [False, True, True, True, True]
    assert sum(record.rows for record in records) == len(bench.train)
    right = sum(record.right or 0 for record in records)
    answered = sum(record.rows for record in records if record.right is not None)
    assert metrics["coverage"] == pytest.approx(answered / len(bench.train))
    assert metrics["answered_accuracy"] == pytest.approx(right / answered)
    assert metrics["accuracy"] == pytest.approx(right / len(bench.train))
    assert {"coverage", "answered_accuracy"} <= set(intervals)
    card = read(tmp_path / "final", PackagedModel.open(tmp_path / "final").manifest, "card.md").decode()
    assert "| 3 | if größe in cm is above 175 and flag is True: 'yes' |" in card and "otherwise: 'yes'" in card


def test_a_rule_that_decides_no_training_row_is_warned_of(benches: dict[str, Bench]) -> None:
    (warning,) = fitted(benches["binary"]).warnings
    assert "rules[0] (if color is 'ultraviolet': 'no') decides no training row" in warning
    declared = {"rules": [{"when": {"column": "color", "equals": True}, "then": "no"}]}
    assert "quote them" in fitted(benches["binary"], declared).warnings[0]


def test_a_missing_value_that_the_service_would_refuse_is_warned_of(benches: dict[str, Bench]) -> None:
    bench = benches["binary"]
    inputs = [one.model_copy(update={"nullable": False}) for one in bench.signature.inputs]
    signature = bench.signature.model_copy(update={"inputs": inputs})
    rules = RuleList.model_validate({"rules": [{"when": {"column": "color", "missing": True}, "then": "no"}]})
    warnings = Rules(rules).fit(bench.matrix, bench.matrix, signature, seed=0).warnings
    assert any("data.columns.color.nullable: true" in warning for warning in warnings)


def test_metrics_of_rules_that_predict_nothing_are_undefined_or_nil() -> None:
    found = scores("binary", np.array([0, 1, 1]), Predictions(codes=np.full(3, -1)))
    assert (found["coverage"], found["answered_accuracy"], found["accuracy"], found["f1"]) == (0, None, 0, 0)


SCHEMA = TableSchema(
    problem=Problem(target="left", task="binary", classes=["no", "yes"]),
    columns=[
        Column(name="km", type="number", declared=False, why="numbers"),
        Column(name="carrier", type="category", declared=False, why="text"),
        Column(name="note", type="drop", declared=False, why="it identifies every row"),
        Column(name="day", type="date", declared=True, why="declared"),
        Column(name="fragile", type="boolean", declared=False, why="true and false"),
    ],
)


@pytest.mark.parametrize(
    ("when", "then", "path", "said"),
    [
        ({"column": "km", "above": 1}, True, "rules[0].then", "write 'yes' in quotes"),
        ({"column": "km", "above": 1}, "yess", "rules[0].then", "Did you mean 'yes'?"),
        ({"column": "km", "above": 1}, 1, "rules[0].then", "(classes: 'no', 'yes')"),
        ({"column": "carrier", "above": 1}, "yes", "rules[0].when.above", "data.columns.carrier.type: number"),
        ({"column": "carrier", "above": "2024-01-01"}, "yes", "rules[0].when.above", "data.columns.carrier.type: date"),
        ({"all": [{"column": "km", "matches": "a"}]}, "yes", "rules[0].when.all[0].matches", "only text"),
        ({"column": "km", "equals": "5"}, "yes", "rules[0].when.equals", "without quotes"),
        ({"column": "km", "in": [1, True]}, "yes", "rules[0].when.in", "numbers"),
        ({"column": "note", "matches": "a"}, "yes", "rules[0].when.column", "data.columns.note.type: identifier"),
        ({"column": "note", "above": 3}, "yes", "rules[0].when.column", "data.columns.note.type: number"),
        ({"column": "day", "above": 3}, "yes", "rules[0].when.above", "dates in quotes"),
        ({"column": "day", "equals": "soon"}, "yes", "rules[0].when.equals", "dates in quotes"),
        ({"column": "fragile", "equals": "yes"}, "yes", "rules[0].when.equals", "true or false"),
        ({"column": "left", "equals": "yes"}, "yes", "rules[0].when.column", "the target itself"),
        ({"column": "nowhere", "equals": "yes"}, "yes", "rules[0].when.column", "there is no column"),
    ],
)
def test_what_does_not_fit_the_rows_is_reported_with_its_remedy(
    when: dict[str, Any], then: Any, path: str, said: str
) -> None:
    (text,) = Rules.incompatibilities({"rules": [{"when": when, "then": then}]}, SCHEMA)
    assert text.startswith(f"{path}: ") and said in text


def test_free_text_is_searched_as_any_other() -> None:
    texts = [one.model_copy(update={"type": "text"}) if one.name == "carrier" else one for one in SCHEMA.columns]
    schema = SCHEMA.model_copy(update={"columns": texts})
    rule = {"when": {"column": "carrier", "matches": "late"}, "then": "yes"}
    assert Rules.incompatibilities({"rules": [rule]}, schema) == []


def test_everything_that_does_not_fit_the_rows_is_reported_at_once() -> None:
    rule = {"when": {"column": "carrier", "above": 1}, "then": "maybe"}
    assert len(Rules.incompatibilities({"rules": [rule, rule], "otherwise": False}, SCHEMA)) == 5


@pytest.mark.parametrize("classes", [[0, 1], ["0", "1"], [False, True]])
def test_outcomes_are_classes_in_their_canonical_form(classes: list[Any]) -> None:
    schema = SCHEMA.model_copy(update={"problem": Problem(target="left", task="binary", classes=classes)})
    rule = {"when": {"column": "km", "above": 1}}
    for label in classes:
        assert Rules.incompatibilities({"rules": [{**rule, "then": label}]}, schema) == []
    assert Rules.incompatibilities({"rules": [{**rule, "then": "true" if classes[0] is False else True}]}, schema) != []


def test_rules_that_name_what_is_no_class_cannot_be_fitted_or_loaded(benches: dict[str, Bench]) -> None:
    declared = {"rules": [{"when": {"column": "flag", "equals": True}, "then": "perhaps"}]}
    with pytest.raises(ContentError, match="perhaps"):
        fitted(benches["binary"], declared)
    content = RuleSet.model_validate({**declared, "columns": {"flag": "boolean"}})
    with pytest.raises(PackageError, match="perhaps"):
        load("rules", content.model_dump_json(by_alias=True, exclude_none=True).encode(), YES_NO)
    for kind, operand in (("number", {"equals": "far"}), ("date", {"in": ["soon"]}), ("number", {"matches": "a"})):
        odd = RuleSet.model_validate({"columns": {"x": kind}, **listed({"column": "x", **operand})})
        with pytest.raises(PackageError, match=r"rules\.json cannot be used"):
            load("rules", odd.model_dump_json(by_alias=True, exclude_none=True).encode(), YES_NO)
    with pytest.raises(PackageError, match=r"rules\.json"):
        load("rules", b'{"kind": "rules", "rules": [{"when": {"column": "x", "matches": "(a+)+"}}]}', YES_NO)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^URGENT",
        r"a.*b",
        r"a.*b.*c",
        r"\bfoo\b.*\bbar\b.*\bbaz\b",
        r".*from.*delivered too late",
        r"order.*damaged.*insurance claim",
        r"^.*order.*was.*delivered too late",
        r"\d{1,3}(\.\d{1,3}){3}",
        r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?",
        r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){7}",
        r"^.{300}late",
        r"(?i)\brefund\b",
        r"^\s*re\s*:\s*x",
    ],
)
def test_a_pattern_of_bounded_cost_is_taken_and_comes_to_an_end(pattern: str) -> None:
    assert pattern_fault(pattern) is None
    one({"matches": pattern}, "identifier", ["a" * 10_000, " " * 10_000, "1" * 10_000, "1." * 5_000])


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|aa)+$",
        "^(x*)*y",
        "a?" * 40,
        "(?:a?){18}!",
        ".*.*.*.*=",
        "^.*.*.*(?:aa){60}!",
        "^.{300}.*.*.*(?:aa){60}!",
        f"^.*.*.*{'a' * 200}!",
        r"^(\w*)(\w*)(\w*)\1\2\3!",
        "(a",
        "[z-a]",
        "a" * 301,
    ],
)
def test_a_pattern_that_could_keep_the_service_busy_is_refused(pattern: str) -> None:
    assert pattern_fault(pattern)


def test_serving_rules_imports_no_training_library() -> None:
    content = json.dumps({"kind": "rules", "columns": {"n": "number"}, **listed({"column": "n", "above": 1})})
    code = f"""
import sys
from ml.runtimes.load import load
from schemas.signature import Output
output = Output(task="binary", target="y", classes=["no", "yes"])
model = load("rules", {content!r}.encode(), output)
assert model.predict_cells({{"n": [2, 0]}}).codes.tolist() == [1, -1]
heavy = {{"sklearn", "pandas", "scipy", "onnxruntime", "keras", "pyarrow"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)
