"""Journals of known rows, and ways to damage their files."""

import sqlite3
from contextlib import closing
from pathlib import Path

from serving.journal.location import sqlite_url
from serving.journal.tables import create

PAGE = 4096


def write_journal(file: Path, rows: int = 5_000) -> set[str]:
    """Write a journal of predictions, a label for every tenth, and two versions; return the request ids."""
    create(sqlite_url(file))
    ids = [f"request-{number:06}" for number in range(rows)]
    with closing(sqlite3.connect(file)) as connection:
        connection.executemany(
            "INSERT INTO predictions (request_id, row, time, version, inputs, answer, needs_review, latency)"
            " VALUES (?, 0, ?, '1', ?, ?, 0, 0.001)",
            [(one, 1.7e9 + number, f'{{"größe": {number}}}', '{"label": "yes"}') for number, one in enumerate(ids)],
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


def overwrite(file: Path, page: int, content: bytes = b"\xa5" * PAGE) -> None:
    """Overwrite a page, counted from 1."""
    with file.open("r+b") as opened:
        opened.seek((page - 1) * PAGE)
        opened.write(content)


def pages(file: Path) -> int:
    """Return how many pages a file has."""
    return file.stat().st_size // PAGE
