"""Processes that promote versions at once, and a worker that says of each version that it has it."""

import json
import multiprocessing
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

from sqlalchemy import Engine

from schemas.errors import DeploymentError
from serving.releases import events
from serving.releases.events import Entry, Event
from serving.releases.publisher import publish

PACKAGE = "/a package"


def race(pipe: Connection) -> None:
    """Promote the version of each line in its journal, and answer why that was refused: "" where it was not."""
    while line := pipe.recv_bytes():
        url, version = json.loads(line)
        try:
            publish(url, version, PACKAGE, timeout=60.0)
            pipe.send_bytes(b"")
        except DeploymentError as error:
            pipe.send_bytes(str(error).encode())


@dataclass(frozen=True)
class Racers:
    """Processes that wait for what to promote."""

    pipes: Sequence[Connection]

    def promote(self, url: str, versions: Sequence[str]) -> dict[str, str]:
        """Let a process promote each version; return what each of them was answered."""
        racing = dict(zip(versions, self.pipes, strict=False))
        for version, pipe in racing.items():
            pipe.send_bytes(json.dumps([url, version]).encode())
        return {version: pipe.recv_bytes().decode() for version, pipe in racing.items()}


@contextmanager
def racers(most: int) -> Iterator[Racers]:
    """Start as many processes as may race; they end with the block."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    pipes, processes = list[Connection](), list[ForkServerProcess]()
    for _ in range(most):
        mine, theirs = context.Pipe()
        process = context.Process(target=race, args=(theirs,))
        process.start()
        theirs.close()
        pipes.append(mine)
        processes.append(process)
    try:
        yield Racers(pipes)
    finally:
        for pipe in pipes:
            pipe.send_bytes(b"")
        for process in processes:
            process.join()


@contextmanager
def worker(engine: Engine, together: int) -> Iterator[None]:
    """Have a living worker that has every version once so many are announced: so none of them comes late."""
    ended = threading.Event()
    thread = threading.Thread(target=_follow, args=(engine, together, ended))
    events.beat(engine, "worker")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _follow(engine: Engine, together: int, ended: threading.Event) -> None:
    waiting, last = list[Event](), 0
    while not ended.wait(0.01):
        with engine.connect() as connection:
            fresh = events.read(connection, after=last)
        last = fresh[-1].sequence if fresh else last
        waiting += [one for one in fresh if one.state == "announced"]
        if len(waiting) < together:
            continue
        ready = [Entry(one.version, one.package_url, "ready", worker="worker") for one in waiting]
        events.append(engine, partial(_always, ready))
        events.beat(engine, "worker")
        waiting = []


def _always(entries: Sequence[Entry], _past: Sequence[Event]) -> Sequence[Entry]:
    return entries
