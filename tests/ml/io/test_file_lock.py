"""One process at a time, and a killed one holds nothing."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ml.io import file_lock
from ml.io.file_lock import one_at_a_time
from schemas.home import ROOT

HOLDER = """
import sys, time
from pathlib import Path
from ml.io.file_lock import one_at_a_time
with one_at_a_time(Path(sys.argv[1])):
    print("held", flush=True)
    if sys.argv[2:]: sys.stdin.read()
    else: time.sleep(300)
"""


@contextmanager
def holder(path: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock, for good or, with a word, until its input ends."""
    command = [sys.executable, "-c", HOLDER, str(path), *words]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def waiting(path: Path) -> tuple[threading.Thread, threading.Event]:
    """A thread of this process that wants the lock, and what is set once it had it."""
    had = threading.Event()

    def take() -> None:
        with one_at_a_time(path):
            had.set()

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    return thread, had


def test_one_waits_until_the_other_is_done(tmp_path: Path) -> None:
    path = tmp_path / "deep" / ".name.lock"
    with holder(path, "until the end of input") as process:
        thread, had = waiting(path)
        assert not had.wait(0.4)
        assert process.stdin is not None
        process.stdin.close()
        assert had.wait(10)
        thread.join(10)
    assert path.is_file()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".name.lock"
    with holder(path) as process:
        thread, had = waiting(path)
        assert not had.wait(0.4)
        process.kill()
        assert had.wait(10)
        thread.join(10)


def test_two_locks_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with holder(tmp_path / "a.lock"), one_at_a_time(tmp_path / "b.lock"):
        pass


def test_who_waits_longer_than_a_moment_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "MOMENT", 0.1)
    told: list[str] = []
    path = tmp_path / ".name.lock"
    with one_at_a_time(path, waiting=lambda: told.append("free")):
        pass
    with holder(path) as process:
        timer = threading.Timer(0.6, process.kill)
        timer.start()
        with one_at_a_time(path, waiting=lambda: told.append("held")):
            assert told == ["held"]
        timer.join()
