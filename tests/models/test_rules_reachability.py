"""A rule reported as never reached decides no row at all; where nothing is hidden, one not reported decides some."""

from typing import Any

import pytest
from hypothesis import given, settings

from ml.rules.boxes import MOST
from ml.rules.evaluate import Evaluator
from ml.rules.reach import unreachable
from schemas.rules import RuleList
from tests.models.rule_strategies import TYPES, grid, rule_lists

GRIDS = {columns: grid(columns) for columns in ("nl", "di", "nd", "bl", "nli")}


def reported(rules: RuleList) -> set[int]:
    return {int(fault.path.removeprefix("rules[").split("]")[0]) for fault in unreachable(rules)}


def deciding(rules: RuleList, columns: str) -> set[int]:
    return set(Evaluator(rules.rules, TYPES).fired(GRIDS[columns]).tolist())


def listed(*whens: dict[str, Any]) -> RuleList:
    return RuleList.model_validate({"rules": [{"when": when, "then": "a"} for when in whens]})


@pytest.mark.parametrize("columns", ["nl", "di", "nd", "bl", "nli"])
def test_a_rule_reported_as_unreachable_decides_no_row(columns: str) -> None:
    @settings(max_examples=150, deadline=None)
    @given(rules=rule_lists(columns))
    def check(rules: RuleList) -> None:
        assert not reported(rules) & deciding(rules, columns)

    check()


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
def test_a_condition_that_contradicts_itself_is_told(when: dict[str, Any]) -> None:
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


def test_rules_too_intricate_to_compare_are_taken_as_reachable() -> None:
    parts = [{"any": [{"column": f"x{place}{side}", "above": 1} for side in "ab"]} for place in range(MOST)]
    assert unreachable(listed({"all": parts}, {"all": parts})) == []
