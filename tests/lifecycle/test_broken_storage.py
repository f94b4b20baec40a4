"""What a full disk, a broken configuration and a damaged, lost or locked store are to a person: one sentence."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from schemas.home import ROOT
from steps.package import register
from tests.lifecycle.conftest import Result, World, forget_store, fresh_world
from tests.lifecycle.test_killed_runs import TINY, write_table
from tests.small_disk import mounted
from tests.soak import count

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with one trained version; each test gets its store and configuration back as they were."""
    for found in fresh_world(tmp_path_factory.mktemp("broken")):
        found.experiment("tiny", TINY)
        write_table(found.folder)
        assert run(found, "pipeline=training").code == 0
        for name in ("zenml", "zenml-stores"):
            shutil.copytree(found.folder / name, found.folder / f"{name}.kept")
        yield found


@pytest.fixture(autouse=True)
def restored(world: World) -> Iterator[None]:
    """Give every test the store and the configuration as they were."""
    yield
    for name in ("zenml", "zenml-stores"):
        shutil.rmtree(world.folder / name, ignore_errors=True)
        (world.folder / name).unlink(missing_ok=True)
        shutil.copytree(world.folder / f"{name}.kept", world.folder / name)


def run(world: World, *words: str) -> Result:
    """Run in this process, which opens the store anew."""
    forget_store()
    return world.run(f"--config-dir={world.folder}/mine", "+experiment=tiny", *words)


def command(world: World, *words: str) -> list[str]:
    """Return the command of a run in a process of its own."""
    return [sys.executable, str(ROOT / "run.py"), f"--config-dir={world.folder}/mine", "+experiment=tiny", *words]


def database(world: World) -> Path:
    """Return ZenML's store."""
    return world.folder / "zenml-stores" / "default_zen_store" / "zenml.db"


def refused(result: Result) -> str:
    """Return what a run said that was not started: a sentence and a hint."""
    assert (result.code, result.summary, result.out) == (2, None, "")
    assert len(result.err.splitlines()) == 2, result.err
    return result.err


def fill(folder: Path) -> None:
    """Leave no room on a disk."""
    with suppress(OSError), (folder / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(1 << 12))


@contextmanager
def small_disk(folder: Path, size: str, *, filled: bool = False) -> Iterator[Path]:
    """Mount a disk of a few kilobytes at a folder, on request with what was in it."""
    before = folder.with_name(f"{folder.name}.before")
    folder.mkdir(exist_ok=True)
    folder.rename(before)
    folder.mkdir()
    try:
        with mounted(folder, size):
            if filled:
                shutil.copytree(before, folder, dirs_exist_ok=True)
            yield folder
    finally:
        folder.rmdir()
        before.rename(folder)


@pytest.mark.parametrize("text", ["{[ :", "just words", "- a\n- b\n"])
def test_a_broken_configuration_is_told_and_kept(world: World, text: str) -> None:
    path = world.folder / "zenml" / "config.yaml"
    path.write_text(text, encoding="utf-8")
    said = refused(run(world, "pipeline=training"))
    assert said.startswith(f"{path} is no") and f"mv {path} {path}.broken" in said
    assert path.read_text(encoding="utf-8") == text


def test_a_file_in_place_of_the_configuration(world: World) -> None:
    shutil.rmtree(world.folder / "zenml")
    (world.folder / "zenml").touch()
    assert f"{world.folder}/zenml cannot be read or written" in refused(run(world, "pipeline=training"))


@pytest.mark.parametrize("damage", [(0.0, 1.0), (0.1, 0.6), (0.75, 1.0)])
@pytest.mark.parametrize("action", ["run", "plan"])
def test_a_damaged_store_is_told(world: World, damage: tuple[float, float], action: str) -> None:
    path = database(world)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(int(damage[0] * size))
        file.write(b"\xa5" * int((damage[1] - damage[0]) * size))
    said = refused(run(world, "pipeline=training", f"action={action}"))
    assert f"{path} is damaged\n" in said and f"mv {path} {path}.damaged" in said


def test_a_store_that_was_emptied_or_lost_is_not_made_anew_without_a_word(world: World) -> None:
    path, known = database(world), world.folder / "zenml" / ".drivetrain-store"
    path.write_bytes(b"")
    assert f"{path} is empty: the runs, versions and stacks" in refused(run(world, "pipeline=training"))
    path.unlink()
    said = refused(run(world, "action=plan"))
    assert f"{path} is gone" in said and said.endswith(f"rm {known}\n")
    assert not path.exists()
    known.unlink()
    assert run(world, "pipeline=explore").code == 0


LOCKED = [["pipeline=training", "action=plan"], ["pipeline=explore"]]


@pytest.mark.parametrize("words", LOCKED[: count(1, 2)])
def test_a_locked_store_is_waited_for_and_told(world: World, words: list[str]) -> None:
    with sqlite3.connect(database(world), isolation_level=None, check_same_thread=False) as other:
        other.execute("BEGIN EXCLUSIVE")
        waiting = subprocess.Popen(
            command(world, *words), cwd=world.folder, stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL
        )
        assert waiting.stderr is not None
        line = waiting.stderr.readline()
        assert line == f"note: the ZenML store {database(world)} is in use by another process; waiting up to 60 s\n"
        other.execute("ROLLBACK")
    waiting.communicate(timeout=120)
    assert waiting.returncode == 0


def test_what_a_failed_registration_left_is_removed_by_the_next_command(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(register, "log_metadata", full)
        assert run(world, "pipeline=training", "seed=8").code == 1
    versions = "select count(*) from model_version"
    with closing(sqlite3.connect(database(world))) as store:
        before = store.execute(versions).fetchone()[0]
    result = run(world, "pipeline=explore")
    assert result.code == 0 and "had ended while it registered; version 2 is removed" in result.err
    with closing(sqlite3.connect(database(world))) as store:
        assert store.execute(versions).fetchone()[0] == before - 1
    assert "is removed" not in run(world, "pipeline=explore").err


def test_a_disk_that_fills_while_a_run_trains(world: World) -> None:
    output = world.folder / "filling"
    words = command(world, "pipeline=training", "seed=5", f"hydra.run.dir={output}")
    with small_disk(world.folder / "zenml-stores", "20m", filled=True) as folder:
        running = subprocess.Popen(
            words, cwd=world.folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert running.stderr is not None
        seen = next(line for line in running.stderr if line.startswith("step training.data_gate done"))
        fill(folder)
        seen += running.communicate(timeout=120)[1]
    assert (running.returncode, "Traceback" in seen) == (1, False), seen
    summary = json.loads((output / "summary.json").read_text(encoding="utf-8"))
    assert summary["status"] == "failed" and "disk is full" in summary["error"].lower()
    assert f"{folder}/" in summary["error"] and "MB free" in summary["error"]


@pytest.mark.parametrize("size", ["12k", "4k"][: count(1, 2)])
def test_a_full_home_is_told_by_name(world: World, size: str) -> None:
    with small_disk(world.folder / "home", size):
        result = run(world, "pipeline=training")
        left = [str(path) for path in (world.folder / "home").rglob("*.partial")]
    assert (result.code in (1, 2), "Traceback" in result.err, left) == (True, False, [])
    assert f"{world.folder}/home" in (result.err + result.out)


def test_a_full_folder_of_temporary_files(world: World) -> None:
    with small_disk(world.folder / "tmp", "8k") as folder:
        done = subprocess.run(
            command(world, "pipeline=training", "seed=6"),
            cwd=world.folder,
            env={**os.environ, "TMPDIR": str(folder)},
            capture_output=True,
            text=True,
        )
        assert list(folder.iterdir()) == []
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"The disk is full: {folder}" in done.stdout


def test_a_full_output_folder_ends_in_one_sentence(world: World) -> None:
    number = len(list(world.folder.glob("output-*")))
    with small_disk(world.folder / f"output-{number}", "4k"):
        forget_store()
        words = command(world, "pipeline=training", f"hydra.run.dir={world.folder}/output-{number}")
        done = subprocess.run(words, cwd=world.folder, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"The disk is full: {world.folder}/output-{number}" in done.stderr


def test_operators_are_told_of_a_home_that_is_none(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.touch()
    words = [sys.executable, "-m", "serving", "status"]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "DRIVETRAIN_HOME": str(home)}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{home} cannot be read or written: ")


def test_a_store_that_stays_locked_ends_in_a_sentence(tmp_path: Path) -> None:
    from schemas.errors import StorageError
    from stacks import store_check

    path, told = tmp_path / "zenml.db", list[str]()
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.raises(StorageError) as error:
            store_check.check_store(path, tmp_path, told.append, longest=4.0)
    assert 4.0 <= time.monotonic() - began < 6.0
    assert told == [f"the ZenML store {path} is in use by another process; waiting up to 4 s"]
    assert str(error.value).startswith(f"{path} is in use by another process\n    end what uses it")
