"""Exact explanations of what learns no weights: rules, of which one decided, and constants, which nothing moves."""

from collections.abc import Iterator

import numpy as np
from pydantic_core import to_json

from ml.explanations.explainer import EXACT, HEAD_BYTES, Explainer, Explanation, SecondsLeft, bytes_of
from ml.explanations.shapley import answer, codes_of, output_of
from ml.predictions.predictor import Cells, Predictions
from ml.rules.columns import Mask, Table
from ml.rules.evaluate import compile_condition
from ml.rules.text import condition_text, outcome_text, rule_text
from ml.runtimes.rules import DecisionList
from schemas.rules import Condition
from schemas.signature import Signature

_AT_ONCE = 1000  # rows


class RulesExplainer(Explainer):
    """Says which rule decided, and which of its conditions held."""

    def __init__(self, model: DecisionList) -> None:
        self._model, self._rules = model, model.rules
        texts = [(rule_text(rule), _texts(rule.when)) for rule in self._rules.rules]
        longest = max((len(to_json([text, conditions])) for text, conditions in texts), default=0)
        self.bytes_per_row = HEAD_BYTES + max(longest, len(to_json(self._otherwise())))

    def explain(self, cells: Cells, predictions: Predictions, left: SecondsLeft) -> Iterator[Explanation]:
        """Yield the rule of each row: its position from 0, its text, and the conditions in it that held."""
        rows = len(next(iter(cells.values()), ()))
        for start in range(0, rows, _AT_ONCE):
            if left() <= 0:
                return
            yield from self._of_some({name: column[start : start + _AT_ONCE] for name, column in cells.items()})

    def _of_some(self, cells: Cells) -> list[Explanation]:
        fired, table = self._model.fired(cells), Table(cells, self._rules.columns)
        found = [self._otherwise() for _ in fired]
        for position in np.unique(fired[fired < len(self._rules.rules)]).tolist():
            rule = self._rules.rules[position]
            rows = np.flatnonzero(fired == position)
            _, leaves = self._held(rule.when, table)
            for row in rows.tolist():
                held = [condition_text(leaf) for leaf, mask in leaves if mask[row]]
                found[row] = {
                    "method": EXACT,
                    "of": "label",
                    "rule": {"index": position, "text": rule_text(rule)},
                    "conditions": held,
                }
        return found

    def _held(self, condition: Condition, table: Table) -> tuple[Mask, list[tuple[Condition, Mask]]]:
        """Return where a condition holds, and of its comparisons where each of them is a reason for that."""
        if condition.column is not None:
            mask = compile_condition(condition, self._rules.columns)(table)
            return mask, [(condition, mask)]
        parts = [self._held(part, table) for part in condition.all or condition.any or []]
        join = np.logical_and if condition.all is not None else np.logical_or
        mask = join.reduce([part for part, _ in parts])
        return mask, [(leaf, held & part) for part, leaves in parts for leaf, held in leaves]

    def _otherwise(self) -> Explanation:
        text = f"otherwise: {outcome_text(self._rules.otherwise)}"
        return {"method": EXACT, "of": "label", "rule": {"index": None, "text": text}, "conditions": []}


class ConstantExplainer(Explainer):
    """Says that no input moves a prediction that is the same for every row."""

    def __init__(self, signature: Signature) -> None:
        self._names = [one.name for one in signature.inputs]
        self.bytes_per_row = bytes_of(self._names, 1)

    def explain(self, cells: Cells, predictions: Predictions, left: SecondsLeft) -> Iterator[Explanation]:
        """Yield the output itself as base, and contributions of 0."""
        of = output_of(predictions)
        nothing = dict.fromkeys(self._names, 0.0)
        for row, code in enumerate(codes_of(predictions)):
            if left() <= 0:
                return
            base = answer(predictions, row, code)
            yield {"method": EXACT, "of": of, "base": base, "contributions": nothing}


def _texts(condition: Condition) -> list[str]:
    return [condition_text(leaf) for _, leaf in condition.leaves("")]
