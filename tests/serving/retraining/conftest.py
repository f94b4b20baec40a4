"""Journals of retraining's tests, in SQLite and in PostgreSQL."""

from tests.ml.io.database.postgresql import postgresql as postgresql
from tests.serving.journal.conftest import any_journal as any_journal
