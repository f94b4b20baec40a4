"""Journals of known rows, and ways to damage their files."""

import sqlite3
from contextlib import closing
from pathlib import Path

from serving.journal.location import sqlite_url
from serving.journal.tables import create

PAGE = 4096
_REQUESTS = (
    "INSERT INTO requests (request_id, rows, time, version, inputs, answers, for_review, latency)"
    " VALUES (?, 1, ?, '1', ?, ?, 0, 0.001)"
)
_PREDICTIONS = (
    "INSERT INTO predictions (request_id, row, time, version, inputs, answer, needs_review, latency)"
    " VALUES (?, 0, ?, '1', ?, ?, 0, 0.001)"
)


def create_old(file: Path) -> None:
    """Create a journal of format 1: the same tables in the same order, but for the last two."""
    new = file.with_name(f"{file.name}.new")
    create(sqlite_url(new))
    with closing(sqlite3.connect(new)) as connection:
        query = "SELECT sql FROM sqlite_master WHERE tbl_name NOT IN ('requests', 'journal_format') AND sql NOTNULL"
        statements = [statement for (statement,) in connection.execute(f"{query} ORDER BY rowid")]
    new.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(";".join(["PRAGMA journal_mode=WAL", *statements]))


def write_journal(file: Path, rows: int = 5_000, *, old: bool = False) -> set[str]:
    """Write a journal of predictions, a label for every tenth, and two versions; return the request ids.

    Args:
        file: The file.
        rows: How many requests of one row each.
        old: Whether it is of format 1.
    """
    (create_old if old else lambda file: create(sqlite_url(file)))(file)
    ids = [f"request-{number:06}" for number in range(rows)]
    with closing(sqlite3.connect(file)) as connection:
        connection.executemany(
            _PREDICTIONS if old else _REQUESTS,
            [(one, 1.7e9 + number, *_row(number, old)) for number, one in enumerate(ids)],
        )
        connection.executemany(
            "INSERT INTO labels (request_id, row, label, time) VALUES (?, 0, '\"yes\"', 1.7e9)",
            [(one,) for one in ids[::10]],
        )
        connection.executemany(
            "INSERT INTO releases (sequence, version, package_url, weight, state, time)"
            " VALUES (?, ?, '/p', 1.0, 'current', 1.7e9)",
            [(1, "1"), (2, "2")],
        )
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return set(ids)


def _row(number: int, old: bool) -> tuple[str, str]:
    """Return inputs and answer."""
    inputs, answer = f'{{"größe": {number}}}', '{"label": "yes", "needs_review": false}'
    return (inputs, answer) if old else (f"[{inputs}]", f"[{answer}]")


def overwrite(file: Path, page: int, content: bytes = b"\xa5" * PAGE) -> None:
    """Overwrite a page, counted from 1."""
    with file.open("r+b") as opened:
        opened.seek((page - 1) * PAGE)
        opened.write(content)


def pages(file: Path) -> int:
    """Return how many pages a file has."""
    return file.stat().st_size // PAGE
