"""What each rule did on the training rows, and what of it needs a person's attention."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.predictions.predictor import Predictions
from ml.rules.text import outcome_text, rule_text
from ml.values.column_keys import declaration
from schemas.column_types import ColumnType
from schemas.rules import Rule, RuleRecord, RuleSet
from schemas.signature import Signature


def records(
    rules: RuleSet, fired: NDArray[np.int64], predictions: Predictions, target: NDArray[Any]
) -> list[RuleRecord]:
    """Return a record for every rule and, last, for the rows that none decides.

    Args:
        rules: The rules in their order.
        fired: The position of the rule that decides each row, (n,).
        predictions: The rules' predictions for the same rows.
        target: Class positions, (n,).
    """
    assert predictions.codes is not None, "rules predict classes"
    places = len(rules.rules) + 1
    rows = np.bincount(fired, minlength=places).tolist()
    right = (
        np.bincount(fired, (predictions.codes == target) & (target >= 0), minlength=places).astype(np.int64).tolist()
    )
    coverage = [(rule_text(rule), rule.then) for rule in rules.rules]
    coverage.append((f"otherwise: {outcome_text(rules.otherwise)}", rules.otherwise))
    return [
        RuleRecord(text=text, rows=count, right=None if outcome is None else hits)
        for (text, outcome), count, hits in zip(coverage, rows, right, strict=True)
    ]


def warnings(rules: RuleSet, coverage: list[RuleRecord], signature: Signature) -> list[str]:
    """Return a text for each rule that decided no training row, and for what the service would refuse."""
    silent = [
        f"rules[{position}] ({record.text}) decides no training row{_why(rule, rules.columns)}"
        for position, (rule, record) in enumerate(zip(rules.rules, coverage, strict=False))
        if not record.rows
    ]
    full = {one.name for one in signature.inputs if not one.nullable}
    refused = [
        f"{path}: no training row lacks {leaf.column!r}, so that the service refuses rows without it; declare "
        f"{declaration(str(leaf.column), 'nullable: true')} where such rows will come"
        for path, leaf in rules.leaves()
        if leaf.missing and leaf.column in full
    ]
    return silent + refused


def _why(rule: Rule, types: dict[str, ColumnType]) -> str:
    labels = [leaf for _, leaf in rule.when.leaves("") if types[str(leaf.column)] != "boolean"]
    if any(isinstance(point, bool) for leaf in labels for point in leaf.points()):
        return "; it compares labels with true or false, as which YAML reads an unquoted yes or no: quote them"
    return ""
