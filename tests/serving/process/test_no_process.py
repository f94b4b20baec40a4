"""A machine on which no process can be started for a moment: who keeps a service alive goes on, and tries again."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.process import kept_alive, supervisor, watchdog
from serving.process.members import LOOKED_AFTER

NO_PROCESS = BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "house.settings.json"
    file.touch()
    return file


def failing(times: int, then: Callable[[], object]) -> Callable[..., Any]:
    """Return what raises so many times that there can be no process, then does something."""
    tries = list[int]()

    def start(*_: Any, **__: Any) -> Any:
        tries.append(0)
        if len(tries) <= times:
            raise NO_PROCESS
        return then()

    return start


def test_a_watchdog_tries_again_to_start_the_supervisor_after_longer_pauses(
    settings: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    waits = list[float]()
    monkeypatch.setattr(os, "fork", lambda: 0)
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.setattr(kept_alive, "start", failing(2, settings.unlink))  # which ends it
    watchdog.main(settings)
    assert [wait for wait in waits if wait >= 0.5] == [0.5, 1.0]
    said = "the service's supervisor cannot be started: Resource temporarily unavailable"
    assert capfd.readouterr().err.count(said) == 2


def test_a_watchdog_that_cannot_go_to_the_background_says_so(
    settings: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "fork", failing(1, int))
    watchdog.main(settings)
    said = capfd.readouterr().err
    assert said == "the service's watchdog cannot be started: Resource temporarily unavailable\n"


def test_a_supervisor_tries_again_to_start_the_watchdog(
    settings: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    now, started = [0.0], list[float]()
    monkeypatch.delenv(LOOKED_AFTER, raising=False)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(kept_alive, "start", failing(2, lambda: started.append(now[0])))
    one = supervisor.Watchdog(settings)
    for tenth in range(201, 230):
        now[0] = tenth / 10
        one.keep()
    assert started == [pytest.approx(21.8)], "after 0.5 and 1 s, and not again at once"
    assert capfd.readouterr().err.count("it cannot be started: Resource temporarily unavailable") == 2


def test_who_cannot_be_seen_is_not_started_a_second_time(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unseen(*_: Any) -> int:
        raise OSError(errno.ENFILE, os.strerror(errno.ENFILE))

    monkeypatch.setattr(kept_alive, "process_id", unseen)
    assert kept_alive.may_live(settings, "supervisor")
