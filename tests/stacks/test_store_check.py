"""ZenML's store before it is opened, and a lock that somebody else takes while it is."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from schemas.errors import StorageError
from stacks import store_locks
from stacks.store_check import check_store, remember_store
from stacks.store_locks import locks_told


def nobody_hears(said: str) -> None:
    pytest.fail(said)


def store(folder: Path, *tables: str) -> Path:
    """Return the file of a store with these tables."""
    path = folder / "my store.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (id)")
        connection.commit()
    return path


@pytest.mark.parametrize("tables", [(), ("something",)])
def test_a_store_that_was_used_and_has_no_tables_of_zenml_s_is_refused(tmp_path: Path, tables: tuple[str, ...]) -> None:
    path = store(tmp_path, *tables)
    check_store(path, tmp_path, nobody_hears)  # a new one, for all that is known
    remember_store(path, tmp_path)
    with pytest.raises(StorageError, match=r"(?s)my store.db is empty: .* rm /.*\.drivetrain-store"):
        check_store(path, tmp_path, nobody_hears)


def test_a_store_with_them_is_taken(tmp_path: Path) -> None:
    path = store(tmp_path, "stack")
    remember_store(path, tmp_path)
    check_store(path, tmp_path, nobody_hears)


def test_a_lock_that_begins_later_is_told_once_of_each_statement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_locks, "QUIETLY", 0.3)
    monkeypatch.setattr(store_locks, "_LOOK_SECONDS", 0.05)
    path, heard = store(tmp_path, "stack"), list[str]()
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 20})
    with locks_told(engine, path, heard.append), engine.connect() as connection:
        connection.execute(text("SELECT * FROM stack")).all()
        connection.rollback()
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN EXCLUSIVE")
            timer = threading.Timer(1.0, other.execute, ("ROLLBACK",))
            timer.start()
            connection.execute(text("INSERT INTO stack VALUES (1)"))
            timer.join()
        time.sleep(0.2)
    assert heard == [f"the ZenML store {path} is in use by another process; waiting for it"]
    engine.dispose()


def test_a_statement_that_fails_waits_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_locks, "QUIETLY", 0.1)
    path = store(tmp_path, "stack")
    engine = create_engine(f"sqlite:///{path}")
    with locks_told(engine, path, nobody_hears), engine.begin() as connection:
        with pytest.raises(Exception, match="no such table"):
            connection.execute(text("SELECT * FROM absent"))
        time.sleep(0.8)
    engine.dispose()
