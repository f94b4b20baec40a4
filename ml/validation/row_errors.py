"""What is wrong with a row, in words for a person; only asked for when something is, so it need not be fast."""

from collections.abc import Collection, Sequence
from json import dumps
from typing import Any, TypedDict

from ml.validation.refusal import LONGEST_SHOWN, Refusal, kind_of, shown
from ml.validation.values import Check
from schemas.errors import did_you_mean
from schemas.signature import Signature

_EXPLAINED = 10  # unknown columns of a row
_EXPLAINED_BYTES = 100_000  # of rows, as JSON, where not all are explained
_ABSENT: Any = object()


class RowError(TypedDict):
    """What is wrong with a row: the first column at fault (None for the row as a whole) and a text for a person."""

    column: str | None
    message: str


NOT_SPELLED_OUT: RowError = {"column": None, "message": "is not valid either; see the first errors"}
"""The error of a row beyond those that are explained."""


class Room:
    """What is left for errors that are spelled out."""

    def __init__(self, rows: int) -> None:
        self._rows, self._bytes = rows, _EXPLAINED_BYTES

    @property
    def is_left(self) -> bool:
        """Whether another one may be."""
        return self._rows > 0 and self._bytes > 0

    def fill(self, error: RowError) -> None:
        """Count one."""
        self._rows -= 1
        self._bytes -= len(dumps(error))


class RowFaults:
    """Says what is wrong with rows.

    Args:
        checks: Of every input its name, whether it may be missing, and what it accepts.
        known: The names that a row may have.
        required: The inputs that are declared to be refused without a value, whatever training had.
    """

    def __init__(
        self, checks: Sequence[tuple[str, bool, Check]], known: Collection[str], required: Collection[str] = ()
    ) -> None:
        self._checks, self._known, self._required = checks, known, frozenset(required)
        self._names = [name for name, _, _ in checks]

    def error(self, row: Any, room: Room | None) -> RowError:
        """Return what is wrong with a row, spelled out while there is room."""
        if room is not None and not room.is_left:
            return NOT_SPELLED_OUT
        error = self._explain(row)
        if room is not None:
            room.fill(error)
        return error

    def _explain(self, row: Any) -> RowError:
        """Say everything that is wrong with a row."""
        if type(row) is not dict:
            return {"column": None, "message": f"a row must be an object of columns and values, not {kind_of(row)}"}
        faults = [fault for name, nullable, check in self._checks if (fault := self._fault(row, name, nullable, check))]
        unknown = [str(name) for name in row if name not in self._known]
        faults += [self._unknown(name) for name in unknown[:_EXPLAINED]]  # each looks for the nearest known name
        first, others = faults[0], faults[1:]
        if not others:
            return first
        others_text = "; ".join(f"{shown(fault['column'])}: {fault['message']}" for fault in others[:9])
        left = len(others) - len(others[:9]) + len(unknown[_EXPLAINED:])
        more = f"; and {left} more" if left else ""
        return {"column": first["column"], "message": f"{first['message']} (also {others_text}{more})"}

    def _fault(self, row: dict[str, Any], name: str, nullable: bool, check: Check) -> RowError | None:
        value = row.get(name, _ABSENT)
        if value is _ABSENT:
            return None if nullable else {"column": name, "message": "is missing, and the column cannot be left out"}
        why = "must have a value" if name in self._required else "had no missing value in training"
        if value is None:
            return None if nullable else {"column": name, "message": f"is null, but the column {why}"}
        try:
            cell = check(value)
        except Refusal as refusal:
            return {"column": name, "message": str(refusal)}
        if cell is None and not nullable:
            return {"column": name, "message": f"{shown(value)} counts as missing, but the column {why}"}
        return None

    def _unknown(self, name: str) -> RowError:
        short = name if len(name) <= LONGEST_SHOWN else name[:LONGEST_SHOWN] + "…"
        hint = (
            did_you_mean(short, self._names)
            or f" It takes {', '.join(self._names[:20])}{' …' if len(self._names) > 20 else ''}."
        )
        return {"column": short, "message": f"the model has no input of this name.{hint}"}


def required_by(signature: Signature) -> list[str]:
    """Return the inputs that are declared to be refused without a value."""
    return [one.name for one in signature.inputs if one.actions is not None and one.actions.missing == "reject"]
