"""The outcome of a check that bounds a share."""

from schemas.evaluation import DataCheck
from schemas.table_checks import ShareCheck


def share_outcome(
    name: str, column: str | None, bound: ShareCheck, passed: bool, value: float | None, message: str
) -> DataCheck:
    """Return the outcome of check `name` on a column, or on the whole table where `column` is None."""
    return DataCheck(
        name=name,
        column=column,
        severity=bound.severity,
        passed=passed,
        value=value,
        threshold=bound.max,
        message=message,
    )
