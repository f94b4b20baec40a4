"""JSON rows against a signature: typed cells for the rows that satisfy it, one error for each row that does not.

On the path of every request: what a column accepts is compiled once per signature.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from json import dumps
from typing import Any, TypedDict

from ml.validation.cell_reading import CellReading
from ml.validation.origins import origins
from ml.validation.refusal import LONGEST_SHOWN, Refusal, kind_of, shown
from ml.validation.values import Check, check_of
from ml.values.canonical import canonical
from schemas.column_names import composed
from schemas.errors import did_you_mean
from schemas.reading import TextReading
from schemas.signature import Input, Signature, WindowDerivation

_EXPLAINED = 10  # unknown columns of a row
_EXPLAINED_BYTES = 100_000  # of rows, as JSON, where not all are explained
_ABSENT: Any = object()
_MANY = 1 << 30


class RowError(TypedDict):
    """What is wrong with a row: the first column at fault (None for the row as a whole) and a text for a person."""

    column: str | None
    message: str


NOT_SPELLED_OUT: RowError = {"column": None, "message": "is not valid either; see the first errors"}
"""The error of a row beyond those that are explained."""


@dataclass(frozen=True)
class Checked:
    """`cells` are the valid rows as columns, `positions` their places in the request, `errors` the others by place."""

    cells: dict[str, Sequence[Any]]
    positions: list[int]
    errors: dict[int, RowError]


class Validator:
    """A signature's inputs, compiled.

    Args:
        signature: What the package says of them.
        text: How text is written where it is not as the package says: of a file that says so for itself.
    """

    def __init__(self, signature: Signature, text: TextReading | None = None) -> None:
        self.names = [column.name for column in signature.inputs]
        known = signature.known_values()
        self._checks = [
            (
                column.name,
                column.nullable,
                _check(column, signature, text, known.get(column.name, ())),
            )
            for column in signature.inputs
        ]
        self._labels = {name: frozenset(values) for name, values in known.items()}
        self._known = frozenset([*self.names, *signature.ignored])
        self._ignored = frozenset(signature.ignored)
        self._has_texts = bool(signature.texts)
        self._arrays = frozenset(signature.arrays)
        self._window = signature.window
        self._named = next((check for name, _, check in self._checks if name == _series_of(self._window)), None)
        self._latest = {} if self._window is None else {one.series: one for one in self._window.latest}

    def filled(self, row: Any) -> Any:
        """Return a row that names its series alone with the last points that the package has of it; others as it is."""
        window = self._window
        if window is None or not self._latest or type(row) is not dict or window.column in row or window.time in row:
            return row
        found = self._latest.get("" if window.series is None else self._name(row.get(window.series)))
        return row if found is None else {**row, window.time: found.time, window.column: found.points}

    def _name(self, value: Any) -> str:
        """Return the name of a series as its column reads it, which is that of none where it does not."""
        assert self._named is not None, "a series is one of the inputs"
        try:
            return canonical(self._named(value))
        except Refusal:
            return ""

    @property
    def width(self) -> int:
        """How many columns a row has at least one comma for; a text may have any number, which tell nothing."""
        return _MANY if self._has_texts else max(1, len(self.names))

    @property
    def columns(self) -> int:
        """How many columns a row may have, those without effect included."""
        return len(self._known)

    def check(self, rows: Iterable[Any], explained: int | None = None) -> Checked:
        """Sort rows, as the JSON parser gave them, into cells and errors; never raises for what they contain.

        Args:
            rows: Anything.
            explained: Of how many rows the error is spelled out, fewer where the texts are long, None for all: an
                answer is to be no larger than its request deserves.
        """
        good: list[list[Any]] = []
        positions: list[int] = []
        errors: dict[int, RowError] = {}
        room = None if explained is None else _Room(explained)
        for position, row in enumerate(rows):
            try:
                good.append(self._row(row))
                positions.append(position)
            except Refusal:
                composed = _composed(row)  # names of the same letters in another form are the same names
                try:
                    good.append(self._row(composed))
                    positions.append(position)
                except Refusal:
                    spelled_out = room is None or room.is_left
                    errors[position] = error = self._explain(composed) if spelled_out else NOT_SPELLED_OUT
                    if room is not None:
                        room.fill(error)
        columns = zip(*good, strict=True) if good else [()] * len(self.names)
        return Checked(dict(zip(self.names, columns, strict=False)), positions, errors)

    def read(self, rows: Sequence[Any]) -> dict[str, list[Any]]:
        """Return rows that were predicted as columns of cells; what cannot be read any more stays as it is.

        So do arrays, of which the journal may have kept less.
        """
        composed = [row if self._known.issuperset(row) else _composed(row) for row in rows]
        columns = {name: [row.get(name) for row in composed] for name, _, _ in self._checks}
        return {
            name: column if name in self._arrays else _read(column, check, self._labels.get(name))
            for (name, _, check), column in zip(self._checks, columns.values(), strict=True)
        }

    def inputs(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a valid row without the columns that the model ignores: those were not validated."""
        if self._ignored.isdisjoint(row):
            return row
        return {name: value for name, value in row.items() if name not in self._ignored}

    def _row(self, row: Any) -> list[Any]:
        if type(row) is not dict:
            raise Refusal
        get, absent = row.get, _ABSENT
        cells: list[Any] = []
        given = 0
        for name, nullable, check in self._checks:
            value = get(name, absent)
            if value is not absent:
                given += 1
                if value is not None:
                    cell = check(value)
                    cells.append(cell)
                    if cell is not None or nullable:
                        continue
                    raise Refusal
            if not nullable:
                raise Refusal
            cells.append(None)
        if given != len(row) and not self._known.issuperset(row):
            raise Refusal
        return cells

    def _explain(self, row: Any) -> RowError:
        """Say everything that is wrong with a row; only called when something is, so it need not be fast."""
        if type(row) is not dict:
            return {"column": None, "message": f"a row must be an object of columns and values, not {kind_of(row)}"}
        faults = [fault for name, nullable, check in self._checks if (fault := _fault(row, name, nullable, check))]
        unknown = [str(name) for name in row if name not in self._known]
        faults += [self._unknown(name) for name in unknown[:_EXPLAINED]]  # each looks for the nearest known name
        first, others = faults[0], faults[1:]
        if not others:
            return first
        others_text = "; ".join(f"{shown(fault['column'])}: {fault['message']}" for fault in others[:9])
        left = len(others) - len(others[:9]) + len(unknown[_EXPLAINED:])
        more = f"; and {left} more" if left else ""
        return {"column": first["column"], "message": f"{first['message']} (also {others_text}{more})"}

    def _unknown(self, name: str) -> RowError:
        short = name if len(name) <= LONGEST_SHOWN else name[:LONGEST_SHOWN] + "…"
        hint = (
            did_you_mean(short, self.names)
            or f" It takes {', '.join(self.names[:20])}{' …' if len(self.names) > 20 else ''}."
        )
        return {"column": short, "message": f"the model has no input of this name.{hint}"}


class _Room:
    """What is left for errors that are spelled out."""

    def __init__(self, rows: int) -> None:
        self._rows, self._bytes = rows, _EXPLAINED_BYTES

    @property
    def is_left(self) -> bool:
        """Whether another one may be."""
        return self._rows > 0 and self._bytes > 0

    def fill(self, error: RowError) -> None:
        """Count one, unless it is not spelled out."""
        if error is not NOT_SPELLED_OUT:
            self._rows -= 1
            self._bytes -= len(dumps(error))


def _fault(row: dict[str, Any], name: str, nullable: bool, check: Check) -> RowError | None:
    value = row.get(name, _ABSENT)
    if value is _ABSENT:
        return None if nullable else {"column": name, "message": "is missing, and the column cannot be left out"}
    if value is None:
        return (
            None
            if nullable
            else {"column": name, "message": "is null, but the column had no missing value in training"}
        )
    try:
        cell = check(value)
    except Refusal as refusal:
        return {"column": name, "message": str(refusal)}
    if cell is None and not nullable:
        text = f"{shown(value)} counts as missing, but the column had no missing value in training"
        return {"column": name, "message": text}
    return None


def _check(column: Input, signature: Signature, given: TextReading | None, known: Collection[str]) -> Check:
    check, window = check_of(column, CellReading.of(column, signature.text, given, known), known), signature.window
    return check if window is None or column.name != window.time else origins(check, column, window.forecast)


def _composed(row: Any) -> Any:
    """Return a row under composed names; one in which two are the same stays as it is, and is refused."""
    if type(row) is not dict:
        return row
    named = {composed(str(name)): value for name, value in row.items()}
    return named if len(named) == len(row) else row


def _series_of(window: WindowDerivation | None) -> str | None:
    return None if window is None else window.series


def _read(values: list[Any], check: Check, labels: Collection[str] | None) -> list[Any]:
    """Return text, and what stands for a known label, as what it means; other values are cells already."""
    found: dict[tuple[type, Any], Any] = {}

    def cell(value: Any) -> Any:
        key = (type(value), value)
        if key not in found:
            try:
                meant = check(value)
            except Refusal:
                meant = value
            found[key] = meant if type(value) is str or meant in (labels or ()) else value
        return found[key]

    kinds = (str,) if labels is None else (str, int, float, bool)
    return [cell(value) if type(value) in kinds else value for value in values]
