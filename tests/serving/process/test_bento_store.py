"""Where the Bentos of services are, and which are removed."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.errors import DeploymentError
from serving.process import bento_store
from serving.process.contents import FILE, Contents

Make = Callable[[str, str | None], str]


@pytest.mark.parametrize("home", ["~/mine", "$OURS/mine", "${OURS}/mine", "$NESTED/mine", "mine"])
def test_the_store_is_where_the_variable_says(home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = tmp_path / "mine" / "bentos" / "drivetrain_house" / "1" / "src"
    code.mkdir(parents=True)
    for name in ("HOME", "OURS"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("NESTED", "$OURS")
    monkeypatch.setenv("BENTOML_HOME", home)
    monkeypatch.chdir(tmp_path)
    assert bento_store.source("drivetrain_house:1") == code


def test_without_a_variable_it_is_bentomls_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("BENTOML_HOME")
    with pytest.raises(DeploymentError, match="does not have drivetrain_house:1 any more; deploy again"):
        bento_store.source("drivetrain_house:1")
    code = tmp_path / "bentoml" / "bentos" / "drivetrain_house" / "1" / "src"
    code.mkdir(parents=True)
    assert bento_store.source("drivetrain_house:1") == code


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "store"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def make(home: Path) -> Make:
    """Put a Bento with a version inside into the store; each is newer than those before it."""
    made: list[str] = []

    def one(name: str, version: str | None) -> str:
        tag = f"drivetrain_house:{name}"
        code = bento_store.folder(tag) / "src"
        code.mkdir(parents=True)
        (code / FILE).write_text(Contents(model="house", version=version).model_dump_json())
        made.append(tag)
        os.utime(bento_store.folder(tag), (len(made), len(made)))
        bento_store.note_use(home, tag)
        return tag

    return one


def left() -> list[str]:
    return sorted(path.name for path in (bento_store.root() / "bentos" / "drivetrain_house").iterdir())


def test_what_no_release_can_come_back_to_is_removed(home: Path, make: Make) -> None:
    running = make("a-1", "1")
    tags = [make(f"a-{number}", str(number)) for number in (2, 3, 4)]
    empty = make("a", None)
    assert bento_store.prune(home, "house", running, ["3", "4"]) == [empty, tags[0]]
    assert left() == ["a-1", "a-3", "a-4"], "what runs, what is in production, what was before it"
    assert bento_store.prune(home, "house", running, ["3", "4"]) == []
    assert list(bento_store.root().glob(".*.partial")) == []


def test_of_a_version_with_another_code_the_newest_bento_stays(home: Path, make: Make) -> None:
    old, new = make("old-1", "1"), make("new-1", "1")
    assert bento_store.prune(home, "house", new, ["1"]) == [old]


def test_what_another_home_uses_stays_until_that_is_gone(home: Path, make: Make, tmp_path: Path) -> None:
    old, new = make("a-1", "1"), make("a-2", "2")
    (other := tmp_path / "other").mkdir()
    bento_store.note_use(other, old)
    assert bento_store.prune(home, "house", new, ["2"]) == [] and left() == ["a-1", "a-2"]
    bento_store.note_use(home, old)
    other.rmdir()
    assert bento_store.prune(home, "house", new, ["2"]) == [old]


def test_what_a_person_put_there_stays(home: Path, make: Make) -> None:
    new = make("a-2", "2")
    imported = bento_store.folder("drivetrain_house:imported") / "src"
    imported.mkdir(parents=True)
    assert bento_store.prune(home, "house", new, ["2"]) == [] and imported.is_dir()


def test_what_a_process_serves_stays(home: Path, make: Make) -> None:
    served, new = make("a-1", "1"), make("a-2", "2")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1, cwd=bento_store.source(served)) as process:
        assert bento_store.prune(home, "house", new, ["2"]) == []
        process.communicate(b"\n")
    assert bento_store.prune(home, "house", new, ["2"]) == [served]
