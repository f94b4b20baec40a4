"""What rules cost: conditions a second on many rows, and one row against a constant answer."""

import time
from collections.abc import Callable

import numpy as np

from ml.runtimes.rules import Constant, DecisionList, RulesModel
from schemas.rules import RuleSet
from schemas.signature import Output

ROWS = 100_000
OUTPUT = Output(task="binary", target="late", classes=["no", "yes"])


def rule_set() -> RuleSet:
    """Return ten rules of nineteen conditions: bounds, membership, a pattern."""
    whens = [
        {"all": [{"column": "n", "above": place}, {"any": [{"column": "l", "in": ["a", f"b{place}"]}]}]}
        for place in range(9)
    ]
    rules = [{"when": when, "then": "yes"} for when in [*whens, {"column": "i", "matches": "^URGENT"}]]
    columns = {"n": "number", "l": "category", "i": "identifier"}
    return RuleSet.model_validate({"columns": columns, "rules": rules})


def best_of(call: Callable[[], object], times: int = 5) -> float:
    """Return the least seconds that a call took."""
    found = float("inf")
    for _ in range(times):
        started = time.perf_counter()
        call()
        found = min(found, time.perf_counter() - started)
    return found


def main() -> None:
    """Print both figures, the single row as a ratio to a constant answer on the same machine."""
    model = DecisionList(rule_set(), OUTPUT)
    table = {
        "n": [float(row % 7) for row in range(ROWS)],
        "l": [f"c{row % 90}" for row in range(ROWS)],
        "i": [f"note {row}" for row in range(ROWS)],
    }
    many = best_of(lambda: model.answer_cells(table))
    print(f"{ROWS * 19 / many / 1e6:.1f} million conditions a second on {ROWS:,} rows")
    single = {name: values[:1] for name, values in table.items()}
    constant = RulesModel(Constant(probabilities=[0.5, 0.5]), OUTPUT)
    features = np.zeros((1, 1), dtype=np.float32)
    one, plain = best_of(lambda: model.answer_cells(single), 200), best_of(lambda: constant.answer(features), 200)
    print(f"a single row: {one * 1e6:.0f} µs, {one / plain:.0f} times a constant answer")


if __name__ == "__main__":
    main()
