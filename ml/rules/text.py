"""Rules in plain language, for the model card, warnings and faults."""

from collections.abc import Sequence
from typing import Any

from schemas.base import Scalar
from schemas.rules import Condition, Rule

_VERBS = {
    "above": "is above", "at_least": "is at least", "below": "is below", "at_most": "is at most", "equals": "is",
    "not_equals": "is not", "in": "is one of", "not_in": "is none of", "matches": "matches",
}  # fmt: skip
_SHOWN = 8


def rule_text(rule: Rule) -> str:
    """Return `if weather is 'storm': 'late'`."""
    return f"if {condition_text(rule.when)}: {outcome_text(rule.then)}"


def outcome_text(outcome: Scalar | None) -> str:
    """Return the class, or that the rule abstains."""
    return "abstain" if outcome is None else repr(outcome)


def condition_text(condition: Condition, inner: bool = False) -> str:
    """Return `weather is 'storm' and (distance_km is above 300 or note is missing)`."""
    if condition.column is None:
        word = " and " if condition.all is not None else " or "
        parts = condition.all or condition.any or []
        text = word.join(condition_text(part, inner=len(parts) > 1) for part in parts)
        return f"({text})" if inner and len(parts) > 1 else text
    comparisons = [_comparison(name, operand) for name, operand in condition.operators().items()]
    return f"{condition.column} {' and '.join(comparisons)}"


def _comparison(operator: str, operand: Any) -> str:
    if operator == "missing":
        return "is missing" if operand else "is not missing"
    return f"{_VERBS[operator]} {_listed(operand) if isinstance(operand, list) else _shown(operand)}"


def _listed(operands: Sequence[Any]) -> str:
    more = f" and {len(operands) - _SHOWN} more" if len(operands) > _SHOWN else ""
    return ", ".join(map(_shown, operands[:_SHOWN])) + more


def _shown(operand: Any) -> str:
    return f"{operand:g}" if isinstance(operand, float) else repr(operand)
