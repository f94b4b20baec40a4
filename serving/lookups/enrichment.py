"""The rows of a request, with the columns that callers left out looked up."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml.validation.actions import Flag
from ml.validation.refusal import kind_of
from ml.validation.row_errors import RowError
from ml.values.canonical import canonical
from schemas.column_names import composed_row
from schemas.lookups import LookupSpec
from serving.lookups.lookup import Lookup
from serving.lookups.source import Key, Lost

_LONGEST_KEY = 400  # characters
_LARGEST_KEY = 2**63 - 1
_EXACT = 2.0**53
"""From it on a number that was sent with a point may have been another one."""
_WHOLE = re.compile("0|-?[1-9][0-9]*")


@dataclass
class Enriched:
    """What came of lookups: rows that are refused, what is told of others, both by place; `down`: who did not answer.

    `down` is set where each of the rows is refused for that alone.
    """

    errors: dict[int, RowError] = field(default_factory=dict)
    flags: dict[int, list[Flag]] = field(default_factory=dict)
    down: str | None = None


class Refused:
    """Stands where a row stood that a lookup refuses."""


class Enrichment:
    """The lookups of a service, for the rows of one version.

    Args:
        lookups: In the order in which they are done: a later one may have a key that an earlier one gives.
        inputs: The columns that the version takes; a lookup that gives none of them is not done, and its key, which
            callers send for other versions, has no effect.
        known: The columns that a row may have.
    """

    def __init__(self, lookups: Sequence[Lookup], inputs: Collection[str], known: Collection[str]) -> None:
        wanted = [(one, [name for name in one.spec.columns if name in inputs]) for one in lookups]
        self._lookups = [(one, columns) for one, columns in wanted if columns]
        self.columns = frozenset(name for _, columns in self._lookups for name in columns)
        """What is looked up for the version."""
        self._foreign = frozenset(one.spec.key for one in lookups) - frozenset(known)
        self._names = self._foreign.union(known)

    def __bool__(self) -> bool:
        return bool(self._lookups or self._foreign)

    def put(self, rows: list[Any]) -> Enriched:
        """Put what is looked up into rows that lack it; those that are refused become `Refused`.

        What a caller sends stays, under composed names. Keys that the version does not take are taken out.
        """
        found, failed = Enriched(), dict[int, str]()
        self._compose(rows)
        for lookup, columns in self._lookups:
            _Filling(lookup, columns, rows, found, failed).do()
        self._take_out_foreign(rows)
        if failed and len(failed) == len(rows):
            found.down = failed[0]
        return found

    def _compose(self, rows: list[Any]) -> None:
        for place, row in enumerate(rows):
            if type(row) is dict and not self._names.issuperset(row):
                rows[place] = composed_row(row)

    def _take_out_foreign(self, rows: list[Any]) -> None:
        for row in rows if self._foreign else ():
            if type(row) is dict:
                for name in self._foreign:
                    row.pop(name, None)


class _Filling:
    """One lookup for the rows of one request."""

    def __init__(
        self, lookup: Lookup, columns: list[str], rows: list[Any], found: Enriched, failed: dict[int, str]
    ) -> None:
        self._lookup, self._spec, self._columns = lookup, lookup.spec, columns
        self._rows, self._found, self._failed = rows, found, failed

    def do(self) -> None:
        """Ask for all keys at once, and fill each row."""
        places = self._places()
        if not places:
            return
        known = self._lookup.of({text: key for text, key in places.values() if key is not None})
        for place, (text, key) in places.items():
            row = Lost.UNKNOWN if key is None else known[text]
            if isinstance(row, Lost):
                self._fall_back(place, row)
            else:
                self._fill(place, row)

    def _places(self) -> dict[int, tuple[str, Key | None]]:
        """Return the rows that lack a column, with their key and its text."""
        found: dict[int, tuple[str, Key | None]] = {}
        for place, row in enumerate(self._rows):
            if type(row) is not dict or all(name in row for name in self._columns):
                continue
            try:
                key = key_of(row.get(self._spec.key), self._spec)
            except ValueError as error:
                self._refuse(place, {"column": self._spec.key, "message": str(error)})
                continue
            found[place] = "" if key is None else canonical(key), key
        return found

    def _fill(self, place: int, values: dict[str, Any]) -> None:
        for name in self._columns:
            self._rows[place].setdefault(name, values.get(name))

    def _fall_back(self, place: int, lost: Lost) -> None:
        if self._spec.fallback == "reject":
            if lost is Lost.FAILED:
                self._failed[place] = self._spec.name
            self._refuse(place, {"column": self._spec.key, "message": f"{self._why(lost)}: {self._instead}"})
            return
        given = {} if isinstance(self._spec.fallback, str) else self._spec.fallback
        for name in self._columns:
            if name not in self._rows[place]:
                taken = f"as {given[name]!r}" if name in given else "as missing"
                told: Flag = {"column": name, "message": f"{self._why(lost)}: taken {taken}"}
                self._found.flags.setdefault(place, []).append(told)
        self._fill(place, dict(given))

    def _why(self, lost: Lost) -> str:
        if lost is Lost.FAILED:
            return f"the lookup {self._spec.name!r} does not answer"
        verb = "takes" if lost is Lost.REFUSED else "knows"
        return f"the lookup {self._spec.name!r} {verb} no such {self._spec.key!r}"

    @property
    def _instead(self) -> str:
        return f"send {', '.join(map(repr, self._columns))}, or another {self._spec.key!r}"

    def _refuse(self, place: int, error: RowError) -> None:
        self._found.errors[place] = error
        self._found.flags.pop(place, None)
        self._rows[place] = Refused()


def key_of(value: Any, spec: LookupSpec) -> Key | None:
    """Return a key as its source takes it, None for a missing one. Raises ValueError for what is none."""
    if value is None or value == "":
        return None
    if type(value) is str and (len(value) > _LONGEST_KEY or "\0" in value or not _is_unicode(value)):
        raise ValueError(f"is no key of the lookup {spec.name!r}: at most {_LONGEST_KEY} letters")
    is_text = spec.key_type == "text"
    if is_text and type(value) is str:
        return str(value)
    number = _whole(value)
    if number is None:
        raise ValueError(f"must be {_kind(spec)}, the key of the lookup {spec.name!r}, not {kind_of(value)}")
    if (type(value) is float and abs(value) >= _EXACT) or (not is_text and abs(number) > _LARGEST_KEY):
        raise ValueError(f"is too large a number for a key of the lookup {spec.name!r}")
    return canonical(number) if is_text else number


def _whole(value: Any) -> int | None:
    """Return the whole number that a value is as columns of them take it, None where it is none."""
    if type(value) is str:
        return int(value) if _WHOLE.fullmatch(value) else None
    if type(value) is float:
        return int(value) if value.is_integer() else None
    return value if type(value) is int else None


def _kind(spec: LookupSpec) -> str:
    return "a whole number" if spec.key_type == "integer" else "a text or a whole number"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
