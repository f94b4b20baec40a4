"""What is made of errors of disks and databases: which file, and a command that can be pasted."""

import pickle
import shlex
import sqlite3
from pathlib import Path
from types import ModuleType

import pytest

from ml.io.storage_errors import Database, storage_error, told_plainly
from schemas.errors import StorageError, UnreachableError

STORE = Database(Path("/my zen/zenml.db"), ("zenml.zen_stores",), Path("/my zen/.mark"))


def broken(text: str) -> None:
    """Fail as SQLite does."""
    raise sqlite3.DatabaseError(text)


def within(name: str) -> ModuleType:
    """Return a module of this name whose `use` asks for a database that is damaged."""
    module = ModuleType(name)
    module.__dict__["broken"] = broken
    exec("def use(text):\n    broken(text)\n", module.__dict__)
    return module


def said(module: str, text: str) -> StorageError:
    with pytest.raises(StorageError) as raised, told_plainly(STORE):
        try:
            within(module).use(text)
        except sqlite3.Error as error:
            raise RuntimeError("a step failed") from error
    return raised.value


@pytest.mark.parametrize("module", ["zenml.zen_stores.sql_zen_store", "zenml.zen_stores"])
def test_what_passed_through_the_users_of_a_database_is_of_its_file(module: str) -> None:
    error = said(module, "database disk image is malformed")
    assert str(STORE.path) in str(error) and "is damaged" in str(error)
    command = str(error).rpartition(": ")[2].splitlines()[0]
    words = shlex.split(command)
    assert words == ["mv", str(STORE.path), f"{STORE.path}.damaged", "&&", "rm", "-f", str(STORE.mark)]


@pytest.mark.parametrize("module", ["acme.source", "zenml.steps", "sqlite3"])
@pytest.mark.parametrize("text", ["database disk image is malformed", "file is not a database", "database is locked"])
def test_what_did_not_is_of_another_file_and_nothing_is_to_be_moved(module: str, text: str) -> None:
    error = str(said(module, text))
    assert "A SQLite file that the run uses" in error and "zenml.db" not in error and "mv " not in error


def test_an_error_of_no_storage_is_none() -> None:
    assert storage_error(ValueError("malformed"), STORE) is None
    assert storage_error(sqlite3.OperationalError("no such table: x"), STORE) is None


def test_the_command_for_a_folder_can_be_pasted() -> None:
    error = storage_error(PermissionError(13, "no", "/my folder/x"))
    assert error is not None and "ls -ld '/my folder/x'" in str(error)


def test_an_error_comes_out_of_another_process_as_it_went_in() -> None:
    error = pickle.loads(pickle.dumps(UnreachableError("s3://shelf cannot be used", "start it")))
    assert type(error) is UnreachableError
    assert str(error) == "s3://shelf cannot be used\n    start it"
    assert error.sentence == "s3://shelf cannot be used; start it"
