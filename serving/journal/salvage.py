"""What can be read of a damaged SQLite journal, copied into a new one.

Rows are asked for by their number, in ranges that are halved where SQLite refuses: a damaged page costs its own rows.
Indexes only say how many rows there were. Where the file's first page is lost, which says where the tables are, that of
an empty journal is put in its place: every journal's tables were created in the same order.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

from sqlalchemy import Table, UniqueConstraint

from serving.journal import location, schema, tables
from serving.journal.contents import TABLES
from serving.journal.integrity import damage
from serving.journal.numbering import settle
from serving.journal.soundness import Row, decoded, is_sound

_PAGE = 4096
_SMALLEST_ROW = 30  # bytes; more rows than fit are not asked for
_RANGE = 1024
_LATER = {schema.requests.name: 16, schema.shadows.name: 16}
"""Tables of format 2, and how many of their rows are read at once: one may be of ten thousand predictions."""
_NEWEST = (schema.losses, schema.archives)
_COLUMNS = "SELECT name FROM pragma_table_info(?)"
_TABLES = (
    schema.releases,
    schema.predictions,
    schema.requests,
    schema.shadows,
    schema.labels,
    schema.losses,
    schema.archives,
)


@dataclass(frozen=True)
class Saved:
    """Rows of a table that were saved, and how many are known to be lost.

    `unknown_after` is set where the end of the table is damaged: whether there were rows beyond this number, nobody
    knows.
    """

    table: str
    rows: int
    lost: int
    unknown_after: int | None = None

    def __str__(self) -> str:
        text = f"{self.rows} {self.table} saved" + (f", {self.lost} lost" if self.lost else "")
        if self.unknown_after is None:
            return text
        if not self.unknown_after:
            return f"{text}; how many there were cannot be read"
        return f"{text}; any after number {self.unknown_after} are lost, and how many those were cannot be read"


@dataclass(frozen=True)
class _End:
    """The number of a table's last row, whether that is certain, and the number up to which rows are asked for."""

    number: int
    is_certain: bool
    most: int


def salvage(source: Path, target: Path) -> list[Saved]:
    """Copy what can be read of the journal `source` into a new one, `target`; return what came of each table.

    Args:
        source: The damaged file, with its `-wal` file beside it; both may be changed.
        target: The file to make; it must not exist.

    Raises:
        OSError: If the disk is full.
    """
    tables.create(location.sqlite_url(target))
    is_lent = _is_unknown(source)
    if is_lent:
        _lend_first_page(source, tables.first_page(target.with_name(f"{target.name}.first"), _PAGE))
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.text_factory = bytes
        there = [table for table in _there(old) if not (is_lent and table in _NEWEST)]  # of some, elsewhere
        saved = [_copy(old, new, table) for table in there]
        if is_lent:  # a file that began as format 1 has its requests elsewhere than an empty journal says
            saved = [Saved(one.table, 0, 0, 0) if one.table in _LATER and not one.rows else one for one in saved]
        may_be_empty = [Saved(table.name, 0, 0) for table in (schema.predictions, schema.shadows, *_NEWEST)]
        saved = [one for one in saved if one not in may_be_empty]
        settle(new)
        new.execute("PRAGMA journal_mode=DELETE")  # one file, that can be put in its place in one step
    assert damage(target) is None, "a new journal is sound"
    return saved


def _is_unknown(source: Path) -> bool:
    """Say whether SQLite finds no tables of ours in the file."""
    try:
        with closing(sqlite3.connect(source)) as connection:
            found = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except (sqlite3.DatabaseError, UnicodeDecodeError):  # SQLite quotes what it cannot read, and that may be no text
        return True
    return not found >= set(TABLES)


def _there(connection: sqlite3.Connection) -> list[Table]:
    """Return the tables that a journal has: one of an earlier format lacks some."""
    try:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        found = {name.decode(errors="replace") for (name,) in names}
    except (sqlite3.DatabaseError, UnicodeDecodeError):  # SQLite quotes what it cannot read, and that may be no text
        return list(_TABLES)
    return [table for table in _TABLES if table.name in found or table.name in TABLES]


def _lend_first_page(source: Path, lent: bytes) -> None:
    pages, first = source.stat().st_size // _PAGE, bytearray(lent)
    first[28:32] = pages.to_bytes(4, "big")
    first[92:96] = first[24:28]  # the number of pages counts only if these two agree
    first[32:40] = bytes(8)  # no page is free: which ones are is not known
    with source.open("r+b") as file:
        file.write(first)
        file.truncate(max(pages, 1) * _PAGE)


def _columns(old: sqlite3.Connection, table: Table) -> list[str]:
    """Return which of a table's columns are there: one of an earlier format lacks some."""
    columns = [column.name for column in table.columns]
    with suppress(
        sqlite3.DatabaseError, UnicodeDecodeError
    ):  # damaged: they are asked for, and SQLite reads null beyond a row's end
        names = {name.decode(errors="replace") for (name,) in old.execute(_COLUMNS, (table.name,))}
        return [name for name in columns if name in names] or columns
    return columns


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: Table) -> Saved:
    columns = _columns(old, table)
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    query = f"SELECT {names} FROM {table.name} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
    store = f"INSERT OR IGNORE INTO {table.name} ({names}) VALUES ({marks})"
    end, went = _end(old, table), _went(old, table)
    count = bad = last = 0
    for rows in _readable(old, query, end.most, _LATER.get(table.name, _RANGE)):
        read = [decoded(columns, row) for row in rows]
        good = [row for row in read if row is not None and is_sound(columns, row)]
        count += new.executemany(store, good).rowcount if good else 0
        bad += len(rows) - len(good)
        last = max([last, *(row[0] for row in good)])
        new.commit()
    last = max(last, end.number)
    return Saved(table.name, count, max(last - went - count, bad), None if end.is_certain else last)


def _went(old: sqlite3.Connection, table: Table) -> int:
    """Return how many rows of a table went because they were old; 0 where that cannot be read."""
    with suppress(sqlite3.DatabaseError, UnicodeDecodeError, TypeError):
        return int(old.execute("SELECT rows FROM removed WHERE name = ?", (table.name,)).fetchone()[0])
    return 0


def _most(old: sqlite3.Connection) -> int:
    """Return a number that no row's number is above: the tables only grow, by one."""
    with suppress(sqlite3.DatabaseError):
        return int(old.execute(f"SELECT page_count * {_PAGE // _SMALLEST_ROW} FROM pragma_page_count").fetchone()[0])
    return 0


def _end(old: sqlite3.Connection, table: Table) -> _End:
    """Ask the table and each of its indexes for the last number; of those that can say, most are right."""
    most, certain, highest = _most(old), list[int](), 0
    with suppress(sqlite3.DatabaseError):
        certain.append(int(old.execute(f"SELECT max(rowid) FROM {table.name}").fetchone()[0] or 0))
    for index, columns in _indexes(table).items():
        number, is_whole = _end_in_index(old, f"{table.name} INDEXED BY {index}", columns, most)
        certain += [number] * is_whole
        highest = max(highest, number)
    certain = [number for number in certain if number <= most]  # a damaged number may be any
    if certain:
        return _End(median_low(certain), True, max(certain))
    return _End(highest, False, most)


def _indexes(table: Table) -> dict[str, list[str]]:
    """Return the indexes that have an entry for every row, and their columns."""
    unique = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    named = {f"sqlite_autoindex_{table.name}_{number}": one.columns for number, one in enumerate(unique, start=1)}
    named |= {str(index.name): index.columns for index in table.indexes}
    return {name: [column.name for column in columns] for name, columns in named.items()}


def _end_in_index(old: sqlite3.Connection, source: str, columns: list[str], most: int) -> tuple[int, bool]:
    """Return the highest number in an index, read from both of its ends, and whether all of it could be read."""
    highest = 0
    for direction in ("ASC", "DESC"):
        order = ", ".join(f'"{name}" {direction}' for name in columns)
        try:
            for (number,) in old.execute(f"SELECT rowid FROM {source} ORDER BY {order}"):
                highest = max(highest, number if number <= most else 0)
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            continue
        return highest, True
    return highest, False


def _readable(old: sqlite3.Connection, query: str, most: int, at_once: int) -> Iterator[list[Row]]:
    """Yield the rows of every range that can be read; one that cannot is halved until single rows are left."""
    for start in range(1, most + 1, at_once):
        yield from _of_range(old, query, start, min(start + at_once - 1, most))


def _of_range(old: sqlite3.Connection, query: str, start: int, end: int) -> Iterator[list[Row]]:
    waiting = [(start, end)]
    while waiting:
        first, last = waiting.pop()
        try:
            if rows := old.execute(query, (first, last)).fetchall():
                yield rows
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            if first < last:
                middle = (first + last) // 2
                waiting += [(middle + 1, last), (first, middle)]


def unreadable_rows(file: Path) -> int:
    """Return how many rows of a journal whose pages are sound would be left behind by `salvage`."""
    bad = 0
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        for table in _there(connection):
            columns = _columns(connection, table)
            for row in connection.execute(f"SELECT {', '.join(columns)} FROM {table.name}"):
                read = decoded(columns, row)
                bad += read is None or not is_sound(columns, read)
    return bad


def copy_whole(file: Path, target: Path) -> None:
    """Copy a journal with what its last commits left beside it; what is missing there is removed at the target."""
    for suffix in ("", "-wal"):
        source, copy = Path(f"{file}{suffix}"), Path(f"{target}{suffix}")
        copy.unlink(missing_ok=True)
        if source.exists():
            shutil.copyfile(source, copy)
