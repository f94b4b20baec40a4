"""What is declared of values that training did not have, done to columns of cells at once.

Values that are refused are refused where a cell is read; here are those that are taken, as they are or as others.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

from ml.validation.refusal import Refusal, shown
from ml.validation.values import Check
from ml.values.canonical import canonical
from ml.values.numbers import Numbers
from schemas.errors import did_you_mean
from schemas.signature import Input, Signature

_NAMED = 5  # labels that the refusal of another one names
_MANY = 16  # cells for which an array is faster
Column = Sequence[Any]


class Flag(TypedDict):
    """What a prediction tells of a value: its column and, for a person, what was wrong with it and was taken."""

    column: str
    message: str


class _Action(ABC):
    """What is done about some values of a column."""

    changes = False
    """Whether the model gets another value."""

    def __init__(self, column: Input) -> None:
        self.name = column.name

    @abstractmethod
    def places(self, cells: Column) -> Sequence[int]:
        """Return where such values are."""

    @abstractmethod
    def message(self, cell: Any) -> str:
        """Say what is wrong with one, and what is taken."""

    def taken(self, cell: Any) -> Any:
        """Return what the model gets in its place."""
        return cell


class _OutOfRange(_Action):
    def __init__(self, column: Input) -> None:
        super().__init__(column)
        self._low, self._high = bounds(column)
        self.changes = column.actions is not None and column.actions.out_of_range == "clip"

    def places(self, cells: Column) -> Sequence[int]:
        low, high = self._low, self._high
        if type(cells) is Numbers or len(cells) >= _MANY:
            array = cells.array if type(cells) is Numbers else np.array(cells, dtype=np.float64)
            found: list[int] = np.flatnonzero((array < low) | (array > high)).tolist()
            return found
        return [place for place, cell in enumerate(cells) if cell is not None and not low <= cell <= high]

    def message(self, cell: Any) -> str:
        taken = f"as {self.taken(cell):.12g}" if self.changes else "as it is"
        return f"is {shown(_plain(cell))}, outside of {range_text(self._low, self._high)}: taken {taken}"

    def taken(self, cell: Any) -> Any:
        return self._low if cell < self._low else self._high


class _Unseen(_Action):
    def __init__(self, column: Input, known: Collection[str]) -> None:
        super().__init__(column)
        self._seen = seen(column, known)
        self.changes = column.actions is not None and column.actions.unseen == "missing"

    def places(self, cells: Column) -> Sequence[int]:
        others = {cell for cell in set(cells) - self._seen if cell is not None and canonical(cell) not in self._seen}
        return [place for place, cell in enumerate(cells) if cell in others] if others else []

    def message(self, cell: Any) -> str:
        return f"is {shown(cell)}, which training did not have: taken as {'missing' if self.changes else 'unknown'}"

    def taken(self, cell: Any) -> Any:
        return None


class _Missing(_Action):
    def places(self, cells: Column) -> Sequence[int]:
        if type(cells) is Numbers:
            found: list[int] = np.flatnonzero(np.isnan(cells.array)).tolist()
            return found
        return [place for place, cell in enumerate(cells) if cell is None] if None in cells else []

    def message(self, cell: Any) -> str:
        return "is missing: imputed as in training"


def _plain(number: float) -> float:
    """Return a whole number as one, whatever it was sent as."""
    return int(number) if number == int(number) and abs(number) < 1 << 53 else number


class TooManyFlags(Exception):
    """More is to be told of a request's values than an answer may hold."""


class Acting:
    """What a signature declares, compiled; false where it declares nothing that changes or tells anything."""

    def __init__(self, signature: Signature) -> None:
        known = signature.known_values()
        self._actions = [one for column in signature.inputs for one in _of(column, known.get(column.name, ()))]

    def __bool__(self) -> bool:
        return bool(self._actions)

    def touch(self, cells: Mapping[str, Column]) -> bool:
        """Say whether anything is to be done about a value."""
        return any(action.places(cells[action.name]) for action in self._actions)

    def on(
        self, cells: Mapping[str, Column], most: int | None = None
    ) -> tuple[dict[str, Column], dict[int, list[Flag]]]:
        """Return the columns that the model takes, and what is to be told of rows, by place.

        Args:
            cells: Columns of equal length that satisfy the signature.
            most: Values that may be told of, None for any number.

        Raises:
            TooManyFlags: If there are more.
        """
        found, flags = dict(cells), dict[int, list[Flag]]()
        told = 0
        for action in self._actions:
            column = cells[action.name]  # as it was sent: what is taken for missing is told once
            places = action.places(column)
            if not places:
                continue
            told += len(places)
            if most is not None and told > most:
                raise TooManyFlags
            for place in places:
                flag: Flag = {"column": action.name, "message": action.message(column[place])}
                flags.setdefault(place, []).append(flag)
            if action.changes:
                instead = {place: action.taken(column[place]) for place in places}
                found[action.name] = _replaced(found[action.name], instead)
        return found, dict(sorted(flags.items()))


def refusing(check: Check, column: Input, known: Collection[str]) -> Check:
    """Return the check of a column with what is declared to be refused.

    Args:
        check: What the column takes else.
        column: What the package says of it.
        known: The labels that it has a code for.
    """
    if column.actions is not None and column.actions.out_of_range == "reject":
        return _within(check, *bounds(column))
    if column.closed:
        return _known(check, known)
    if column.actions is not None and column.actions.unseen == "reject":
        return _known(check, seen(column, known))
    return check


def bounds(column: Input) -> tuple[float, float]:
    """Return the least and the largest number that a column is declared to have, whole where it has no others."""
    actions = column.actions
    low = -np.inf if actions is None or actions.low is None else actions.low
    high = np.inf if actions is None or actions.high is None else actions.high
    return (int(low), int(high)) if column.integer and np.isfinite([low, high]).all() else (low, high)


def range_text(low: float, high: float) -> str:
    """Return a range for a person."""
    return f"{low:.12g} to {high:.12g}"


def seen(column: Input, known: Collection[str]) -> frozenset[str]:
    """Return the labels that training had."""
    return frozenset(known) | frozenset(column.categories or ())


def _of(column: Input, known: Collection[str]) -> list[_Action]:
    if column.actions is None:
        return []
    found: list[_Action] = []
    if column.actions.out_of_range in ("flag", "clip"):
        found.append(_OutOfRange(column))
    if column.actions.unseen in ("flag", "missing"):
        found.append(_Unseen(column, known))
    if column.actions.missing == "flag":
        found.append(_Missing(column))
    return found


def _replaced(column: Column, cells: Mapping[int, Any]) -> Column:
    if type(column) is Numbers:
        return column.replaced(cells)
    found = list(column)
    for place, cell in cells.items():
        found[place] = cell
    return found


def _within(check: Check, low: float, high: float) -> Check:
    def number(value: Any) -> Any:
        found = check(value)
        if found is None or low <= found <= high:
            return found
        raise Refusal(f"is outside of {range_text(low, high)}: {shown(found)}")

    return number


def _known(check: Check, known: Collection[str]) -> Check:
    """Return a check that takes no label but those of training."""
    ordered, every = sorted(known), frozenset(known)

    def label(value: Any) -> str | None:
        found: str | None = check(value)
        if found is None or found in every:
            return found
        few = ", ".join(map(repr, ordered[:_NAMED])) + (", …" if len(ordered) > _NAMED else "")
        near = did_you_mean(found, ordered)
        raise Refusal(f"is {shown(found)}, which training never saw.{near} It knows {len(ordered)}: {few}")

    return label
