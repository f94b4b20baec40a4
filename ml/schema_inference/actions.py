"""What is done about values that training does not have, of a column whose type is known."""

from typing import Any

from schemas.actions import ACTION_KEYS, ActionKeys, Actions, require_fitting_actions
from schemas.column_types import ARRAY_TYPES
from schemas.data import Column
from schemas.data_spec import ColumnSpec
from schemas.errors import ContentError

_LABELS = ("category", "identifier")


def actions_of(column: Column, declared: ColumnSpec, every: ActionKeys) -> dict[str, Any]:
    """Return `actions` of a column, and whether it is `nullable` where they say so.

    Args:
        column: With the type that it has.
        declared: What is declared of it.
        every: What is declared of all columns; it holds where it fits the column and that does not say otherwise.

    Raises:
        ContentError: If what is declared of the column does not fit its type.
    """
    if column.type == "drop":
        return {}
    try:
        require_fitting_actions(declared, column.type, nullable=None)
    except ValueError as error:
        raise ContentError(f"column {column.name!r}: data.columns.{column.name}.{error} ({column.why})") from error
    if not any(getattr(keys, key) for keys in (declared, every) for key in ACTION_KEYS):
        return {}
    missing = declared.when_missing
    if missing is None and declared.nullable is None and column.type not in ARRAY_TYPES:
        missing = every.when_missing
    found = Actions(
        out_of_range=declared.when_out_of_range or every.when_out_of_range or "accept"
        if column.type == "number"
        else "accept",
        unseen=_unseen(column, declared, every),
        missing=missing,
        low=declared.min,
        high=declared.max,
    )
    return {"actions": found, "nullable": column.nullable if missing is None else missing != "reject"}


def _unseen(column: Column, declared: ColumnSpec, every: ActionKeys) -> Any:
    if column.type not in _LABELS:
        return "accept"
    of_all = every.when_unseen or "accept"
    if of_all == "missing" and column.type == "identifier":
        of_all = "flag"  # a missing one is unknown, too
    return declared.when_unseen or of_all
