"""The bounds of a number, and whether a column can keep what is declared of values that training did not have."""

import math

from ml.validation.values import MANY_LISTED
from schemas.actions import Actions
from schemas.data import Column
from schemas.errors import ContentError

Span = tuple[float, float]


def with_bounds(column: Column, span: Span | None, listed: int, *, whole: bool) -> Actions | None:
    """Return what is done about values of a column, with the bounds of its numbers; None where nothing is declared.

    Args:
        column: As declared.
        span: The least and the largest number of training, None without any.
        listed: How many categories of training are named in the signature.
        whole: Whether all numbers of training are whole.

    Raises:
        ContentError: If there is no range, or more categories than are named.
    """
    actions = column.actions
    if actions is None:
        return None
    key = f"data.columns.{column.name}"
    if actions.unseen != "accept" and listed >= MANY_LISTED:
        raise ContentError(
            f"{key}.when_unseen (or data.when_unseen): column {column.name!r} has {MANY_LISTED:,} categories or more, "
            f"of which not all are kept, so that nobody can tell an unseen one; declare {key}.type: identifier, or "
            f"{key}.when_unseen: accept"
        )
    if actions.out_of_range == "accept":
        return actions.model_copy(update={"low": None, "high": None})
    low, high = _bounds(actions, span, whole=whole)
    if low is None or high is None or low > high:
        raise ContentError(
            f"{key}.when_out_of_range (or data.when_out_of_range): column {column.name!r} has no range: its training "
            f"rows have no number within what is declared; declare {key}.min and {key}.max"
        )
    return actions.model_copy(update={"low": low, "high": high})


def _bounds(actions: Actions, span: Span | None, *, whole: bool) -> tuple[float | None, float | None]:
    """Return what is declared, else what training had; of whole numbers the next whole ones inside."""
    seen = span or (None, None)
    low = seen[0] if actions.low is None else actions.low
    high = seen[1] if actions.high is None else actions.high
    if not whole or low is None or high is None:
        return low, high
    return float(math.ceil(low)), float(math.floor(high))
