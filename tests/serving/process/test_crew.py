"""Workers that cannot start: the supervisor ends as soon as that is so of every place, and not before."""

import errno
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from serving.process import crew
from serving.process.crew import Crew
from serving.process.members import LEAVING, PLACE


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    with ExitStack() as opened:
        found = []
        for _ in range(2):
            found.append(opened.enter_context(socket.socket()))
            found[-1].bind(("127.0.0.1", 0))
            found[-1].listen()
        yield found


def supervised(workers: Crew, seconds: float) -> int | None:
    """Return the exit code with which it ends, None where it still goes on after so long."""
    until, code = time.monotonic() + seconds, None
    while code is None and time.monotonic() < until:
        select.select(workers.descriptors, [], [], 0.02)
        code = workers.look()
    workers.end(0.0)
    return code


def program(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have workers be a shell script; return where it counts its starts."""
    file, starts = folder / "worker", folder / "starts"
    file.write_text(f"#!/bin/sh\necho ${PLACE} >> {starts}\n{text}\n")
    file.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(file))
    monkeypatch.setattr(crew, "_QUICK_SECONDS", 0.0)  # such a worker takes longer than that to fail
    return starts


def test_none_that_can_start_in_any_place_is_the_end(
    tmp_path: Path, listeners: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = program(tmp_path, f"[ ${PLACE} = 1 ] && sleep 0.3; exit 3", monkeypatch)
    assert supervised(Crew(listeners, 1.0), 20.0) == 3
    assert sorted(starts.read_text().split())[:2] != ["1", "1"] and len(starts.read_text().split()) <= 3


def test_one_place_that_fails_is_tried_again_after_pauses_while_another_answers(
    tmp_path: Path, listeners: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = f"printf + > /proc/self/fd/${LEAVING}; exec sleep 20"
    starts = program(tmp_path, f"[ ${PLACE} = 1 ] && sleep 0.1 && exit 3; {answers}", monkeypatch)
    assert supervised(Crew(listeners, 1.0), 1.1) is None
    assert sorted(starts.read_text().split()) == ["1", "1", "2"]


def test_a_worker_that_no_process_can_be_started_for_is_tried_again_while_another_answers(
    tmp_path: Path,
    listeners: list[socket.socket],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    starts = program(tmp_path, f"printf + > /proc/self/fd/${LEAVING}; exec sleep 20", monkeypatch)
    real, tries = subprocess.Popen, list[int]()

    def started(*arguments: Any, **named: Any) -> Any:
        tries.append(len(tries))
        if len(tries) == 2:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return real(*arguments, **named)

    monkeypatch.setattr(subprocess, "Popen", started)
    before = len([*Path("/proc/self/fd").iterdir()])
    workers = Crew(listeners, 1.0)
    assert len([*Path("/proc/self/fd").iterdir()]) == before + 1, "nothing is left of what could not be started"
    assert supervised(workers, 0.7) is None
    assert sorted(starts.read_text().split()) == ["1", "2"]
    said = "a worker cannot be started: Resource temporarily unavailable; trying again in 0.5 s"
    assert capfd.readouterr().err.splitlines() == [said]
