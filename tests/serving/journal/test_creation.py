"""A journal comes into being whole; one whose creation was cut off by an earlier version is completed."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, inspect, select
from sqlalchemy.exc import OperationalError

from ml.io.process_identity import ProcessIdentity
from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from schemas.home import ROOT, Home
from serving.__main__ import main
from serving.journal import tables
from serving.journal.contents import is_unfinished
from serving.journal.engine import connect
from serving.journal.insertion import Unanswered
from serving.journal.integrity import damage
from serving.journal.location import journal_url, sqlite_url
from serving.journal.predictions import count
from serving.journal.schema import unanswered
from serving.process import records
from serving.process.publications import Note, resolve_abandoned
from serving.releases.publisher import current_release
from tests.serving.journal.damaged import write_journal
from tests.soak import count as tries

HINT = "python -m serving repair house"
KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import Engine, event
from serving.journal.tables import create
done = 0
def count(connection, cursor, statement, parameters, context, executemany):
    global done
    done += 1
    if done == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(Engine, "after_cursor_execute", count)
create(sys.argv[1])
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "journals" / "house.db"


def schema(file: Path) -> list[str]:
    """Return the statements that made a journal, in the order of what they made."""
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY rowid")]


def write_beginning(file: Path, statements: int) -> None:
    """Write what a creation left that was killed between two of its statements."""
    whole = file.with_name("whole.db")
    tables.create(sqlite_url(whole))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        for statement in schema(whole)[:statements]:
            connection.execute(statement)


def abandon_publication(home: Path, url: str) -> Path:
    """Leave the note of a publication whose process is gone."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        identity = ProcessIdentity.mine().model_copy(update={"pid": process.pid})
    note = Note(name="house", version="1", journal_url=url, spec=DeploySpec(), process=identity)
    path = records.folder(home) / ".house.one.publishing"
    path.parent.mkdir(parents=True)
    path.write_text(note.model_dump_json())
    return path


def test_a_creation_that_is_killed_anywhere_leaves_no_journal_or_a_whole_one(file: Path) -> None:
    wholes = []
    for step in range(1, 110, tries(5, 1)):
        command = [sys.executable, "-c", KILLED, sqlite_url(file), str(step)]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        assert code in (0, -signal.SIGKILL)
        wholes.append(file.exists())
        assert not file.exists() or damage(file) is None
        if code == 0:
            break
        file.unlink(missing_ok=True)
    assert wholes[0] is False and wholes[-1] is True and len(wholes) > 6
    tables.create(sqlite_url(file))
    assert [path.name for path in file.parent.iterdir() if path.suffix == ".partial"] == []


@pytest.mark.parametrize("statements", range(1, 5))
def test_a_journal_with_some_of_its_tables_and_no_row_is_not_there_yet_and_is_completed(
    file: Path, statements: int
) -> None:
    url = sqlite_url(file)
    file.parent.mkdir()
    write_beginning(file, statements)
    assert is_unfinished(file) and not tables.exists(url) and current_release(url) is None
    tables.create(url)
    assert damage(file) is None and schema(file) == schema(file.with_name("whole.db")) and count(url) == 0


def test_the_publication_that_was_killed_in_the_creation_is_closed_by_the_next_run(tmp_path: Path, file: Path) -> None:
    file.parent.mkdir()
    write_beginning(file, 2)
    note = abandon_publication(tmp_path, sqlite_url(file))
    (resolved,) = resolve_abandoned(tmp_path)
    hint = "nothing is in production. To publish version 1, run its experiment with pipeline=deployment"
    assert str(resolved).endswith(hint) and not note.exists()


@pytest.mark.parametrize("content", [b"", "no table"])
def test_a_journal_without_its_tables_is_damaged_for_whoever_asks_until_it_is_repaired(
    tmp_path: Path, file: Path, content: bytes | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_HOME", str(tmp_path))
    url = journal_url(Home(tmp_path), "house")
    write_journal(file, 10)
    file.write_bytes(b"")
    if content:
        write_beginning(file, 0)
    note = abandon_publication(tmp_path, url)
    for ask in (current_release, count, tables.create):
        with pytest.raises(DeploymentError, match=HINT):
            ask(url)
    (resolved,) = resolve_abandoned(tmp_path)
    assert HINT in str(resolved) and note.exists()
    assert main(["repair", "house"]) == 0
    (resolved,) = resolve_abandoned(tmp_path)
    assert resolved.unknown is None and not note.exists()
    assert current_release(url) is None and count(url) == 0


def test_a_journal_with_rows_that_lost_a_table_is_damaged_and_not_made_anew(file: Path) -> None:
    write_journal(file, 10)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TABLE releases")
    for ask in (current_release, tables.create):
        with pytest.raises(DeploymentError, match=HINT):
            ask(sqlite_url(file))
    assert count(sqlite_url(file)) == 10


def test_a_whole_journal_is_created_again_while_somebody_writes(file: Path) -> None:
    write_journal(file, 10)
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        tables.create(sqlite_url(file))
    assert count(sqlite_url(file)) == 10


def test_a_journal_that_was_removed_is_not_made_anew_as_an_empty_file_by_who_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "house.db"
    tables.create(sqlite_url(file))
    engine = connect(sqlite_url(file))
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    file.unlink()
    with pytest.raises(OperationalError, match="unable to open"):
        engine.connect()
    assert not file.exists()


@pytest.mark.parametrize("options", ["uri=true", "uri=false", "timeout=3", "cached_statements=7&uri=true"])
def test_options_of_the_url_of_a_file_are_taken(tmp_path: Path, options: str) -> None:
    url = f"{sqlite_url(tmp_path / 'a #.db')}?{options}"
    tables.create(url)
    assert count(url) == 0


def test_what_a_version_from_before_wrote_twice_of_a_request_without_an_answer_is_there_once(any_journal: str) -> None:
    rows = [Unanswered(name, 1.0, "2", 0.5, status, 0, 0.1)._asdict() for name, status in (("a", 500), ("b", 500))]
    engine = connect(any_journal)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX unanswered_once")
        connection.exec_driver_sql("CREATE INDEX unanswered_by_request ON unanswered (request_id)")
        connection.execute(insert(unanswered), [*rows, {**rows[0], "status": 504}, *rows])
    tables.create(any_journal)
    tables.create(any_journal)
    with engine.connect() as connection:
        kept = connection.execute(select(unanswered.c.id).order_by(unanswered.c.id)).scalars().all()
        assert kept == [3, 4, 5]
        names = {one["name"] for one in inspect(connection).get_indexes("unanswered")}
        assert "unanswered_once" in names and "unanswered_by_request" not in names
