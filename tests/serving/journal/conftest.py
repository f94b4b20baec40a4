"""Journals in each kind of database that they may be in."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from serving.journal.location import sqlite_url
from serving.journal.tables import create
from tests.ml.io.database.postgresql import OWNER, PASSWORD, Server
from tests.ml.io.database.postgresql import postgresql as postgresql


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def any_journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty journal, in a SQLite file and in a real PostgreSQL."""
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "journal.db")
        create(url)
        yield url
        return
    server: Server = request.getfixturevalue("postgresql")
    server.execute("DROP DATABASE IF EXISTS journal WITH (FORCE)", "CREATE DATABASE journal")
    url = f"postgresql+psycopg://{OWNER}:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/journal"
    create(url)
    yield url
