"""Columns as the drift tests take them."""

from ml.monitoring.expected import Expected
from ml.monitoring.profiles import profile
from schemas.run import MonitorSpec

SPEC = MonitorSpec()
ANYTHING = Expected()


def column_of(values, kind="number", known=None):
    """The profile of one column's raw values."""
    return profile({"x": values}, {"x": kind}, {"x": known} if known is not None else None).column("x")


def share_below(p_values, level=0.05):
    """How often a test errs at this level when nothing has changed."""
    return sum(p_value < level for p_value in p_values) / len(p_values)
