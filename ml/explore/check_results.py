"""How the data checks went, in figures: they saw all rows, so that their own messages may quote test rows."""

from collections.abc import Mapping

from ml.checks.page import state
from ml.values.display import readable
from schemas.evaluation import CheckState, DataCheck, DataReport
from schemas.exploration import Outcome
from schemas.numbers import percent

_ORDER: tuple[CheckState, ...] = ("failed", "warning", "held")
_COUNTED = {
    "type": "cannot be read as declared",
    "nullable": "are missing",
    "min": "are below the declared minimum",
    "max": "are above the declared maximum",
    "allowed": "are not among the declared ones",
    "unique": "occur more than once",
    "mixed": "do not fit the column's type and count as missing",
    "infinite": "are infinite and count as missing",
    "max_characters": "are longer than is taken",
    "languages": "are in other languages than declared",
}
_SHARES = {
    "duplicates": "of the rows repeat an earlier one; at most {bound} may",
    "repeated_texts": "of the texts of other sets are in the training set too; at most {bound} may be",
    "missing": "of the values are missing; at most {bound} may be",
    "target_balance": "of the rows are of the rarest class; at least {bound} should be",
}


def outcomes(report: DataReport, reasons: Mapping[str, str]) -> list[Outcome]:
    """Return every check, those that failed first, then the warnings, then those that held.

    Args:
        report: The outcomes with their figures.
        reasons: For every column why it has its type, as the training rows show it.
    """
    found = [_outcome(check, report.rows, reasons) for check in report.checks]
    return sorted(found, key=lambda one: _ORDER.index(one.state))


def _outcome(check: DataCheck, rows: int, reasons: Mapping[str, str]) -> Outcome:
    column = None if check.column is None else readable(check.column)
    text = reasons.get(check.column or "", "left out") if check.name == "dropped" else _text(check, rows)
    return Outcome(name=check.name, column=column, state=state(check), text=text)


def _text(check: DataCheck, rows: int) -> str:
    value, bound = check.value, check.threshold
    if check.name in _COUNTED:
        return f"{value:,} of {rows:,} values {_COUNTED[check.name]}" if value else f"all {rows:,} rows satisfy it"
    if check.name == "rows":
        return f"{value:,} rows; at least {bound:,} are asked for"
    if check.name == "classes":
        return f"{value} classes lack a row in one of the sets" if value else "every class is in every set"
    if isinstance(value, float) and isinstance(bound, float):
        return _bounded(check, value, bound)
    return "see the data report"


def _bounded(check: DataCheck, value: float, bound: float) -> str:
    """Return what a check of a share, a score or a distance found."""
    if check.name == "missing" and check.column is None:
        return f"no column misses more than {percent(value)} of its values; at most {percent(bound)} may be missing"
    if check.name in _SHARES:
        return f"{percent(value)} {_SHARES[check.name].format(bound=percent(bound))}"
    if check.name == "leakage":
        what = "alone predicts the target with" if check.column else "no column alone predicts the target; the best has"
        return f"{what} a score of {value:.3f}; above {bound} it likely leaks the target"
    if check.name == "split_drift" and check.passed:
        return f"no difference beyond chance and {bound}; the largest is {value:.2f}"
    if check.name == "split_drift":
        return f"differs between the sets by {value:.2f}; {bound} is tolerated"
    return "see the data report"
