"""JSON rows against a signature: typed cells for the rows that satisfy it, one error for each row that does not.

On the path of every request: what a column accepts is compiled once per signature.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.validation.actions import Acting
from ml.validation.at_once import AtOnce
from ml.validation.checked import Checked
from ml.validation.column_rules import rules_of
from ml.validation.refusal import Refusal
from ml.validation.row_errors import Room, RowError, RowFaults, required_by
from ml.validation.values import Check
from ml.values.by_column import ByColumn
from ml.values.canonical import canonical
from ml.values.number_table import NumberTable
from schemas.column_names import composed_row
from schemas.reading import TextReading
from schemas.signature import Signature, WindowDerivation

_ABSENT: Any = object()
_MANY = 1 << 30


class Validator:
    """A signature's inputs, compiled.

    Args:
        signature: What the package says of them.
        text: How text is written where it is not as the package says: of a file that says so for itself.
    """

    def __init__(self, signature: Signature, text: TextReading | None = None) -> None:
        self.names = [column.name for column in signature.inputs]
        rules = rules_of(signature, text)
        self._checks = [(rule.name, rule.nullable, rule.check) for rule in rules]
        self._labels = {name: frozenset(values) for name, values in signature.known_values().items()}
        self._known = frozenset([*self.names, *signature.ignored])
        self._many = None if signature.texts or signature.arrays or signature.window else AtOnce(rules, self._known)
        self._faults = RowFaults(self._checks, self._known, required_by(signature))
        self._actions = Acting(signature)
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

    def check(self, rows: Iterable[Any], explained: int | None = None, flagged: int | None = None) -> Checked:
        """Sort rows, from the JSON parser or by column, into cells and errors; never raises for one row.

        Args:
            rows: Anything.
            explained: Of how many rows the error is spelled out, fewer where the texts are long, None for all: an
                answer is to be no larger than its request deserves.
            flagged: How many values may be told of, None for any number.

        Raises:
            TooManyFlags: If there are more.
        """
        checked = self._sorted(rows, None if explained is None else Room(explained))
        return self._acted(checked, flagged) if self._actions else checked

    def _acted(self, checked: Checked, most: int | None) -> Checked:
        """Return rows with what is declared about values that training did not have."""
        cells, flags = self._actions.on(checked.cells, most)
        if not flags:
            return checked
        told = {checked.positions[place]: found for place, found in flags.items()}
        return replace(checked, cells=cells, flags=told, sent=checked.cells)

    def _sorted(self, rows: Iterable[Any], room: Room | None) -> Checked:
        if self._many is not None and isinstance(rows, list | ByColumn) and self._many.takes(len(rows)):
            checked = self._at_once(rows, self._many, room)
            if checked is not None:
                return checked
        good: list[list[Any]] = []
        positions: list[int] = []
        errors: dict[int, RowError] = {}
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
                    errors[position] = self._faults.error(composed, room)
        columns = zip(*good, strict=True) if good else [()] * len(self.names)
        return Checked(dict(zip(self.names, columns, strict=False)), positions, errors)

    @property
    def of_numbers(self) -> bool:
        """Whether every column is one of numbers, so that rows may be checked as one table."""
        return self._many is not None and self._many.of_numbers

    @property
    def nullable(self) -> list[str]:
        """The columns that may be missing."""
        return [name for name, is_nullable, _ in self._checks if is_nullable]

    def check_numbers(self, table: NDArray[np.float64]) -> Checked | None:
        """Check rows that are numbers alone; None where one is not plainly right, which `check` has words for.

        Args:
            table: All columns, (columns, rows) float64, NaN where a number is missing.
        """
        if self._many is None or not self._many.are_plain(table):
            return None
        cells = NumberTable(self.names, table)
        if self._actions and self._actions.touch(cells):
            return None
        return Checked(cells, list(range(table.shape[1])), {})

    def _at_once(self, rows: Sequence[Any], many: AtOnce, room: Room | None) -> Checked | None:
        """Check many rows; None where one that looks wrong is right under other names for its columns."""
        cells, wrong = many.check(rows)
        others = [_composed(rows[place]) for place in wrong]
        if any(map(self._is_right, others)):
            return None
        errors = {place: self._faults.error(row, room) for place, row in zip(wrong, others, strict=True)}
        return Checked(cells, [place for place in range(len(rows)) if place not in errors], errors)

    def _is_right(self, row: Any) -> bool:
        try:
            self._row(row)
        except Refusal:
            return False
        return True

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


def _composed(row: Any) -> Any:
    """Return a row under composed names, in which two that are the same are refused; what is no row as it is."""
    return composed_row(row) if type(row) is dict else row


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
