"""What is done about values that training did not have, as it is declared and as a package keeps it."""

import math
from typing import Literal

from pydantic import Field

from schemas.base import Strict
from schemas.column_types import ARRAY_TYPES

OutOfRange = Literal["accept", "flag", "clip", "reject"]
Unseen = Literal["accept", "flag", "missing", "reject"]
Missing = Literal["accept", "flag", "reject"]
ACTION_KEYS = ("when_out_of_range", "when_unseen", "when_missing")
"""The keys that declare them, of a column and of all."""


class ActionKeys(Strict):
    """What a declaration says of them: of one column, or under `data` itself of all whose type it fits."""

    when_out_of_range: OutOfRange | None = Field(
        default=None,
        description="a number outside of min to max (null: of what training had): flag tells it with the prediction, "
        "clip takes the nearest bound and tells it; null: accept",
    )
    when_unseen: Unseen | None = Field(
        default=None,
        description="a category or identifier that training did not have: accept takes it as unknown, flag tells it "
        "too, missing imputes a category and tells it; null: accept",
    )
    when_missing: Missing | None = Field(
        default=None,
        description="no value in a request: accept imputes it, flag tells it too; null: as nullable says",
    )


class Actions(Strict):
    """What is done about values of one column.

    `low` and `high` are the bounds of a number, of which whole ones are whole. `missing` is None where nothing but
    `Input.nullable` says what becomes of a row without a value.
    """

    out_of_range: OutOfRange = "accept"
    unseen: Unseen = "accept"
    missing: Missing | None = None
    low: float | None = None
    high: float | None = None

    @property
    def can_flag(self) -> bool:
        """Whether a prediction may have to tell something of the column."""
        return self.out_of_range in ("flag", "clip") or self.unseen in ("flag", "missing") or self.missing == "flag"


def require_whole(actions: Actions, kind: str) -> None:
    """Check that a column of a package has what its actions need. Raises ValueError."""
    keys = ActionKeys(
        when_out_of_range=None if actions.out_of_range == "accept" else actions.out_of_range,
        when_unseen=None if actions.unseen == "accept" else actions.unseen,
        when_missing=None if actions.missing == "reject" else actions.missing,
    )
    _require_type(keys, kind)
    low, high = actions.low, actions.high
    is_bounded = low is not None and high is not None and -math.inf < low <= high < math.inf
    if actions.out_of_range != "accept" and not is_bounded:
        raise ValueError(f"when_out_of_range: {actions.out_of_range} needs bounds, not {low} to {high}")


def require_fitting_actions(keys: ActionKeys, kind: str | None, *, nullable: bool | None) -> None:
    """Check that what is declared of a column fits its type and itself.

    Args:
        keys: What is declared.
        kind: The column's type; None: not known yet.
        nullable: What is declared of rows without a value.

    Raises:
        ValueError: Naming the key.
    """
    if kind is not None:
        _require_type(keys, kind)
    if keys.when_missing in ("accept", "flag") and nullable is False:
        raise ValueError(
            f"when_missing: {keys.when_missing} takes rows without a value, and nullable: false refuses them"
        )
    if keys.when_missing == "reject" and nullable:
        raise ValueError("when_missing: reject refuses rows without a value, and nullable: true takes them")


def _require_type(keys: ActionKeys, kind: str) -> None:
    if keys.when_out_of_range is not None and kind != "number":
        raise ValueError(
            f"when_out_of_range: {keys.when_out_of_range} belongs to a number, and the column is of type {kind}"
        )
    if keys.when_unseen is not None and kind not in ("category", "identifier"):
        text = f"when_unseen: {keys.when_unseen} belongs to a category or an identifier"
        raise ValueError(f"{text}, and the column is of type {kind}")
    if keys.when_unseen == "missing" and kind == "identifier":
        raise ValueError(
            "when_unseen: missing means nothing of an identifier: one that is missing is unknown, too; flag tells it"
        )
    if keys.when_missing in ("accept", "flag") and kind in ARRAY_TYPES:
        raise ValueError(f"when_missing: {keys.when_missing}: a {kind} cannot be imputed, so every row needs its own")
