"""What rules cost: conditions a second on many rows, and one row against a constant prediction.

    python -m benchmarks.rules

prints JSON.
"""

import json
import timeit
from collections.abc import Callable

import numpy as np

from ml.runtimes.rules import Constant, ConstantModel, DecisionList
from schemas.base import Scalar
from schemas.rules import RuleSet
from schemas.signature import Output

ROWS, CONDITIONS = 100_000, 19
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
    return min(timeit.repeat(call, number=1, repeat=times))


def main() -> None:
    """Print both figures, the single row as a ratio to a constant prediction on the same machine."""
    model = DecisionList(rule_set(), OUTPUT)
    table: dict[str, list[Scalar | None]] = {
        "n": [float(row % 7) for row in range(ROWS)],
        "l": [f"c{row % 90}" for row in range(ROWS)],
        "i": [f"note {row}" for row in range(ROWS)],
    }
    many = best_of(lambda: model.predict_cells(table))
    single = {name: values[:1] for name, values in table.items()}
    constant = ConstantModel(Constant(probabilities=[0.5, 0.5]), OUTPUT)
    features = np.zeros((1, 1), dtype=np.float32)
    one, plain = best_of(lambda: model.predict_cells(single), 200), best_of(lambda: constant.predict(features), 200)
    print(
        json.dumps(
            {
                "benchmark": "rules",
                "rows": ROWS,
                "million_conditions_per_second": round(ROWS * CONDITIONS / many / 1e6, 1),
                "single_row_microseconds": round(one * 1e6, 1),
                "ratio_to_a_constant": round(one / plain, 1),
            }
        )
    )


if __name__ == "__main__":
    main()
