"""Which tests are `slow`, and what all others are kept from: `make quick` starts no server, browser or real run."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

ELSEWHERE = ("matrix", "garage", "stacks", "conformance")
"""Marks of tests that a command of their own runs."""
_FOLDERS = ("lifecycle", "serving/process")  # real runs, services in the background
_FIXTURES = {"live", "postgresql"}  # a service, a database server
_PROGRAMS = {"chromium", "chromium-browser", "initdb", "pg_ctl", "postgres", "bentoml"}


def mark_slow(item: pytest.Item, root: Path) -> None:
    """Mark a test `slow` by its folder or by a fixture that it needs; others carry the mark themselves."""
    folder = item.path.parent.relative_to(root).as_posix()
    fixtures = getattr(item, "fixturenames", ())
    if folder.startswith(_FOLDERS) or not _FIXTURES.isdisjoint(fixtures) or _is_elsewhere(item):
        item.add_marker("slow")


def _is_elsewhere(item: pytest.Item) -> bool:
    """Say whether a command of its own runs the test."""
    return any(item.get_closest_marker(name) is not None for name in ELSEWHERE)


@contextmanager
def nothing_slow_starts(item: pytest.Item) -> Iterator[None]:
    """Let a test that is not marked `slow` fail where it listens on a socket or starts a program that serves or runs.

    Fixtures are held to it too, and tests in `make test` as in `make quick`: a server that slips in is told at once.
    """
    if item.get_closest_marker("slow") is not None:
        yield
        return

    start = subprocess.Popen.__init__

    def listen(_socket: socket.socket, *_backlog: int) -> NoReturn:
        pytest.fail("listens on a socket; mark the test slow")

    def checked(process: "subprocess.Popen[Any]", args: Any, *rest: Any, **options: Any) -> None:
        words = [str(word) for word in args] if isinstance(args, list | tuple) else str(args).split()
        if Path(words[0]).name in _PROGRAMS or any(Path(word).name == "run.py" for word in words[1:]):
            pytest.fail(f"starts {words[0]} {words[1]}; mark the test slow")
        start(process, args, *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "listen", listen)
        patch.setattr(subprocess.Popen, "__init__", checked)
        yield
