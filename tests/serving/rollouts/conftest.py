"""Journals of rollouts."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from serving.journal.tables import open_existing
from tests.serving.journal.conftest import any_journal as any_journal
from tests.serving.journal.conftest import postgresql as postgresql


@pytest.fixture
def engine(journal_url: str) -> Iterator[Engine]:
    """An empty journal in a SQLite file."""
    found = open_existing(journal_url)
    yield found
    found.dispose()


@pytest.fixture
def any_engine(any_journal: str) -> Iterator[Engine]:
    """An empty journal, in SQLite and in PostgreSQL."""
    found = open_existing(any_journal)
    yield found
    found.dispose()
