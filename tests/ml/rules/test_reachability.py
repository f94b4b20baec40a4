"""A rule reported as never reached decides no row at all; where nothing is hidden, one not reported decides some."""

from typing import Any

import pytest
from hypothesis import given, settings

from ml.rules.boxes import MOST
from ml.rules.column_checks import column_incompatibilities
from ml.rules.equivalence import equivalence
from ml.rules.evaluate import Evaluator
from ml.rules.reachability import unreachable
from schemas.data import Column, Problem, TableSchema
from schemas.rules import RuleList
from tests.ml.rules.rule_strategies import TYPES, grid, rule_lists

GRIDS = {columns: grid(columns) for columns in ("nl", "di", "nd", "bl", "bn", "nli")}


def reported(rules: RuleList) -> set[int]:
    return {int(fault.path.removeprefix("rules[").split("]")[0]) for fault in unreachable(rules)}


def deciding(rules: RuleList, columns: str) -> set[int]:
    return set(Evaluator(rules.rules, TYPES).fired(GRIDS[columns]).tolist())


def listed(*whens: dict[str, Any]) -> RuleList:
    return RuleList.model_validate({"rules": [{"when": when, "then": "a"} for when in whens]})


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize("columns", ["nl", "di", "nd", "bl", "nli"])
def test_a_rule_reported_as_unreachable_decides_no_row(columns: str) -> None:
    @settings(max_examples=150, deadline=None)
    @given(rules=rule_lists(columns))
    def check(rules: RuleList) -> None:
        assert not reported(rules) & deciding(rules, columns)

    check()


@pytest.mark.untraced
@pytest.mark.slow
@pytest.mark.parametrize("columns", ["nl", "nd"])
def test_every_rule_that_no_row_reaches_is_reported_where_nothing_is_hidden(columns: str) -> None:
    @settings(max_examples=200, deadline=None)
    @given(rules=rule_lists(columns, hidden=False))
    def check(rules: RuleList) -> None:
        assert reported(rules) == set(range(len(rules.rules))) - deciding(rules, columns)

    check()


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"column": "x", "above": 5}, {"column": "x", "above": 6}),
        ({"column": "x", "at_least": 5}, {"column": "x", "equals": 5}),
        ({"column": "x", "missing": False}, {"column": "x", "matches": "a"}),
        ({"column": "x", "matches": "^a"}, {"column": "x", "in": ["ab", "abc"]}),
        ({"column": "x", "at_least": "2024-01-01"}, {"column": "x", "equals": "2024-01-01T01:00:00+01:00"}),
        ({"column": "x", "equals": 3}, {"column": "x", "in": ["3", 3.0]}),
        ({"any": [{"column": "x", "equals": "a"}, {"column": "y", "above": 1}]}, {"column": "x", "equals": "a"}),
        (
            {"column": "x", "equals": "a"},
            {"all": [{"column": "x", "in": ["a", "b"]}, {"column": "x", "not_equals": "b"}]},
        ),
        ({"any": [{"column": "x", "missing": True}, {"column": "x", "missing": False}]}, {"column": "y", "above": 1}),
    ],
)
def test_the_earlier_rule_that_catches_all_is_named(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    (fault,) = unreachable(listed({"column": "z", "equals": "other"}, earlier, later))
    assert fault.path == "rules[2].when" and "rules[1] (" in fault.message


def test_rules_that_catch_all_only_together_are_all_named() -> None:
    parts = [{"column": "x", "above": 5}, {"column": "y", "above": 1}, {"column": "x", "at_most": 5}]
    (fault,) = unreachable(listed(*parts, {"column": "x", "missing": False}))
    assert "rules[0], rules[2] together" in fault.message


@pytest.mark.parametrize(
    "when",
    [
        {"column": "x", "above": 5, "below": 3},
        {"column": "x", "above": 5, "at_most": 5},
        {"all": [{"column": "x", "equals": "a"}, {"column": "x", "equals": "b"}]},
        {"all": [{"column": "x", "missing": True}, {"column": "x", "above": 1}]},
        {"all": [{"column": "x", "matches": "^a"}, {"column": "x", "in": ["b", "c"]}]},
        {"all": [{"column": "x", "above": "2024-01-01"}, {"column": "x", "below": "2023-01-01"}]},
    ],
)
def test_a_condition_that_contradicts_itself_is_reported(when: dict[str, Any]) -> None:
    (fault,) = unreachable(listed(when))
    assert "can never hold" in fault.message


@pytest.mark.parametrize(
    "whens",
    [
        [{"column": "x", "matches": "^a"}, {"column": "x", "matches": "^ab"}],  # a person sees it, sets do not
        [{"column": "x", "above": 5}, {"column": "x", "equals": "7"}],  # a number here, a text there
        [{"column": "x", "equals": "2024-01-01"}, {"column": "x", "equals": "2024-01-01T00:00"}],  # labels or one date
        [{"column": "x", "above": 5}, {"column": "x", "missing": True}],
        [{"column": "x", "missing": False}, {"column": "y", "missing": False}],
    ],
)
def test_what_may_be_reached_is_never_reported(whens: list[dict[str, Any]]) -> None:
    assert unreachable(listed(*whens)) == []


def either(column: str, count: int) -> dict[str, Any]:
    return {"any": [{"column": column, "equals": value} for value in range(count)]}


INTRICATE = {"all": [{"any": [{"column": f"x{place}{side}", "above": 1} for side in "ab"]} for place in range(MOST)]}


def test_rules_too_intricate_to_compare_are_taken_as_reachable() -> None:
    wider = {"all": [*INTRICATE["all"][:-1], {"column": "y", "above": 1}]}
    assert unreachable(listed(wider, INTRICATE)) == []


def test_one_intricate_rule_hides_nothing_about_the_others() -> None:
    blocks: list[dict[str, Any]] = [
        {"all": [{"column": f"x{place}{part}", "equals": 1} for part in range(3)]} for place in range(4)
    ]
    whens: list[dict[str, Any]] = [{"any": blocks}, {"column": "m", "above": 5}, {"column": "m", "above": 7}]
    (fault,) = unreachable(listed(*whens))
    assert fault.path == "rules[2].when" and "rules[1] (" in fault.message
    assert reported(listed(INTRICATE, *whens)) == {3}
    parts: list[dict[str, Any]] = [
        {"column": "m", "above": 5},
        {"any": blocks},
        {"column": "m", "at_most": 5},
        {"column": "m", "above": 5.5},
    ]
    assert (
        "rules[0], rules[2] together" in unreachable(listed(*parts[:3], {"column": "m", "missing": False}))[0].message
    )


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (INTRICATE, INTRICATE),
        (INTRICATE, {"all": [{"any": part["any"][::-1]} for part in INTRICATE["all"][::-1]]}),
        (INTRICATE, {"all": [*INTRICATE["all"], {"column": "y", "above": 1}]}),
        (either("x", MOST + 1), either("x", MOST + 1)),
        (either("x", MOST + 2), either("x", MOST + 1)),
        ({"any": [either("x", MOST + 1), {"column": "y", "in": ["b", "a"]}]}, {"column": "y", "in": ["a", "b"]}),
    ],
)
def test_a_copy_of_an_earlier_rule_is_found_however_intricate(earlier: dict[str, Any], later: dict[str, Any]) -> None:
    (fault,) = unreachable(listed(earlier, later))
    assert fault.path == "rules[1].when" and "rules[0] (" in fault.message


def test_a_pattern_that_finds_any_text_leaves_nothing_for_any_value() -> None:
    assert reported(listed({"column": "x", "matches": ".*"}, {"column": "x", "missing": False})) == {1}
    assert not reported(listed({"column": "x", "matches": ".+"}, {"column": "x", "missing": False}))  # an empty text


@pytest.mark.parametrize("last", [{"missing": False}, {"not_equals": False}, {"in": [True, False]}])
def test_true_and_false_leave_nothing_of_a_column_known_to_hold_only_those(last: dict[str, Any]) -> None:
    both = [{"column": "f", "equals": True}, {"column": "f", "equals": False}]
    rules = listed(*both, {"column": "f", **last})
    assert [fault.path for fault in unreachable(rules, frozenset("f"))] == ["rules[2].when"]
    assert not unreachable(listed(*both, {"column": "f", "missing": False}))
    assert not unreachable(listed(*both, {"column": "f", "missing": True}), frozenset("f"))
    assert not unreachable(listed({"column": "f", "equals": 1}), frozenset("f"))


@pytest.mark.untraced
@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(rules=rule_lists("bn", hidden=False))
def test_with_known_booleans_the_rules_that_no_row_reaches_are_reported_and_no_others(rules: RuleList) -> None:
    found = {int(fault.path.removeprefix("rules[").split("]")[0]) for fault in unreachable(rules, frozenset("b"))}
    assert found == set(range(len(rules.rules))) - deciding(rules, "bn")


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize("columns", ["nl", "bl"])
def test_what_structural_equivalence_finds_is_true(columns: str) -> None:
    @settings(max_examples=150, deadline=None)
    @given(rules=rule_lists(columns))
    def check(rules: RuleList) -> None:
        written, decides = [equivalence(rule.when) for rule in rules.rules], deciding(rules, columns)
        covered = {at for at, one in enumerate(written) if any(before.covers(one) for before in written[:at])}
        assert not covered & decides

    check()


def test_a_hidden_rule_is_an_incompatibility_once_the_column_is_known_to_be_boolean() -> None:
    rules = listed(
        {"column": "f", "equals": True}, {"column": "f", "not_equals": True}, {"column": "f", "equals": False}
    )
    assert reported(rules) == {2}
    hidden = listed(
        {"column": "f", "equals": True}, {"column": "f", "equals": False}, {"column": "f", "missing": False}
    )
    schema = TableSchema(
        columns=[Column(name="f", type="boolean", why="", declared=True)], problem=Problem(target="y", task="binary")
    )
    (text,) = column_incompatibilities(hidden, schema)
    assert text.startswith("rules[2].when: is never reached: rules[0], rules[1] together")
