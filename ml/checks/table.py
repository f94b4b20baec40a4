"""Checks of the whole table: enough rows, balanced classes, few duplicates, few gaps."""

import pandas as pd

from ml.checks.share import share_outcome
from ml.values.columns import as_cells, fits
from schemas.data import Problem, TableSchema
from schemas.evaluation import DataCheck
from schemas.table_checks import BalanceCheck, RowsCheck, ShareCheck


def check_rows(rows: pd.DataFrame, bound: RowsCheck) -> list[DataCheck]:
    """Return whether there are enough rows."""
    if bound.severity == "off":
        return []
    passed = len(rows) >= bound.min
    message = f"{len(rows):,} rows, at least {bound.min:,} are asked for"
    return [
        DataCheck(
            name="rows",
            severity=bound.severity,
            passed=passed,
            value=len(rows),
            threshold=bound.min,
            message=message if passed else f"there are only {message}",
        )
    ]


def check_balance(rows: pd.DataFrame, problem: Problem, bound: BalanceCheck) -> list[DataCheck]:
    """Return whether the rarest class has its share of the rows; nothing for regression."""
    if bound.severity == "off" or problem.classes is None:
        return []
    labels = pd.Series([str(cell) for cell in as_cells(rows[problem.target], "category")])
    counts = labels.value_counts()
    share = float(counts.min() / len(rows))
    rare = [
        f"{name!r} {count:,} ({count / len(rows):.1%})"
        for name, count in counts.items()
        if count / len(rows) < bound.min
    ]
    passed = not rare
    text = f"the rarest of {len(counts)} classes of {problem.target!r} has {share:.1%} of the rows"
    if rare:
        more = f" and {len(rare) - 5} more" if len(rare) > 5 else ""
        text = f"classes of {problem.target!r} with less than {bound.min:.1%} of the rows: {', '.join(rare[-5:])}{more}"
    return [
        DataCheck(
            name="target_balance",
            column=problem.target,
            severity=bound.severity,
            passed=passed,
            value=share,
            threshold=bound.min,
            message=text,
        )
    ]


def check_duplicates(rows: pd.DataFrame, schema: TableSchema, bound: ShareCheck) -> list[DataCheck]:
    """Return whether few enough rows repeat an earlier one in every column that the model sees and the target."""
    if bound.severity == "off":
        return []
    seen = [column.name for column in schema.columns if column.type != "drop"]
    repeated = int(rows[[*seen, schema.problem.target]].duplicated().sum())
    share = repeated / len(rows)
    return [
        DataCheck(
            name="duplicates",
            severity=bound.severity,
            passed=share <= bound.max,
            value=share,
            threshold=bound.max,
            message=f"{repeated:,} of {len(rows):,} rows ({share:.1%}) repeat an earlier row; "
            f"{bound.max:.1%} are tolerated",
        )
    ]


def check_missing(rows: pd.DataFrame, schema: TableSchema, bound: ShareCheck) -> list[DataCheck]:
    """Return one outcome for each column with too many gaps, or one for the table when there is none."""
    if bound.severity == "off":
        return []
    shares = {}
    for column in schema.columns:
        if column.type != "drop":
            values = rows[column.name]
            gone = values.isna().to_numpy(dtype=bool) | ~fits(values, column.type, column.dates, column.marks)
            shares[column.name] = float(gone.mean())
    over = {name: share for name, share in shares.items() if share > bound.max}
    worst = max(shares, key=lambda name: shares[name], default=None)
    if not over:
        text = f"no column misses more than {bound.max:.0%}"
        text += f"; the most is {shares[worst]:.1%} in {worst!r}" if worst is not None and shares[worst] else ""
        value = shares[worst] if worst is not None else 0.0
        return [share_outcome("missing", None, bound, True, value, text)]
    return [
        share_outcome(
            "missing",
            name,
            bound,
            False,
            share,
            f"column {name!r}: {share:.1%} of the values are missing; {bound.max:.1%} are tolerated",
        )
        for name, share in over.items()
    ]
