"""A service under load whose journal goes away again and again: what is answered is in the journal, or counted."""

import json
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import httpx
import pytest

from schemas.deploy_spec import DeploySpec
from schemas.journal_spec import JournalSpec
from serving.journal.location import sqlite_url
from serving.journal.lost import lost
from serving.journal.predictions import count as rows
from serving.process import services
from serving.process.deploy import deploy
from tests.ml.io.database.postgresql import OWNER, PASSWORD, Server
from tests.ml.io.database.postgresql import postgresql as postgresql
from tests.serving import packages
from tests.serving.processes import is_whole, kill, until, worker, workers
from tests.serving.steady_load import steady_load
from tests.small_disk import mounted
from tests.soak import SOAKING, count

pytestmark = [
    pytest.mark.untraced,
    pytest.mark.skipif(not SOAKING, reason="its small forms, without processes, are the tests of policies"),
]
JSON = {"content-type": "application/json"}
BODY = json.dumps({"instances": [packages.ROW]}).encode()
Policy = Literal["block", "drop"]
Breaks = Callable[[], None]
ROUNDS = count(1, 10)
BEYOND = 2.5
"""Seconds by which a worker may be back later than with its journal there: the first answer waits for one of them."""


@contextmanager
def answered(home: Path, url: str, policy: Policy, killed: int = 0) -> Iterator[tuple[str, dict[str, int]]]:
    """Load a service for the block; then hold what was acknowledged against what is kept and counted.

    Args:
        home: DRIVETRAIN_HOME.
        url: The journal.
        policy: What holds while it takes nothing.
        killed: Workers that are killed again and again, 0: nobody kills the one that there is.
    """
    spec = JournalSpec(policy=policy, queue=100)
    package = str(packages.write_onnx(home / "packages" / "1"))
    address, _ = deploy(home, "house", "1", package, DeploySpec(workers=killed or 1), journal_url=url, journal=spec)
    totals = {"answered": 0}
    try:
        with steady_load(int(address.rpartition(":")[2]), 150, BODY) as found:
            yield address, totals
        until_whole(address)
        if killed:
            until(lambda: len(list(home.glob("deployments/*.packages/.owed/*.owed"))) == killed)  # the living ones'
        done, failed = sum(found["answered"].values()), found["failed"]
        kept, missing = rows(url), sum(one.requests for one in lost(url, 0.0))
        totals |= {"answered": done, "failed": len(failed), "kept": kept, "lost": missing}
        if killed:  # whose answer was cut off may be kept, or counted
            torn = [one for one in failed if one.startswith("Connection") and "Refused" not in one]
            assert done <= kept + missing <= done + len(torn), (totals, len(torn))
        elif policy == "drop":
            assert failed == [] and done == kept + missing, totals
        else:
            assert all(" 503 " in one[:20] for one in failed) and missing == 0, failed[:3]
            assert failed and done <= kept <= done + len(failed), totals
    finally:
        services.stop(home, "house")


def until_whole(address: str) -> None:
    """Wait until the journal is used again, and nothing waits for it."""
    deadline = time.monotonic() + 30
    while True:
        with suppress(httpx.TransportError):
            text = httpx.get(f"{address}/metrics").text
            if 'drivetrain_journal_up{model="house"} 1.0' in text and (
                'drivetrain_journal_waiting_requests{model="house"} 0.0' in text
            ):
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("policy", ["block", "drop"])
def test_a_disk_that_is_full_again_and_again(tmp_path: Path, bentoml_home: None, policy: Policy) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    with mounted(disk, "30m"), answered(tmp_path / "home", sqlite_url(disk / "house.db"), policy) as (address, totals):
        for _ in range(ROUNDS):
            with suppress(OSError), (disk / "ballast").open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4_096))
            time.sleep(6)
            (disk / "ballast").unlink()
            until_whole(address)
            time.sleep(0.5)
    assert totals["answered"] > 30 * ROUNDS
    assert policy == "block" or totals["lost"] > 30, totals


def made(postgresql: Server) -> str:
    """Return the URL of an empty database."""
    postgresql.execute("DROP DATABASE IF EXISTS house WITH (FORCE)", "CREATE DATABASE house")
    return f"postgresql+psycopg://{OWNER}:{quote(PASSWORD, safe='')}@127.0.0.1:{postgresql.port}/house"


@pytest.mark.parametrize("policy", ["block", "drop"])
def test_a_database_that_is_stopped_and_started_again_and_again(
    tmp_path: Path, bentoml_home: None, postgresql: Server, policy: Policy
) -> None:
    url = made(postgresql)
    with answered(tmp_path / "home", url, policy) as (address, totals):
        for _ in range(ROUNDS):
            time.sleep(0.5)
            postgresql.stop()
            try:
                time.sleep(2)
            finally:
                postgresql.start()
            until_whole(address)
    assert totals["answered"] > 30 * ROUNDS
    assert policy == "block" or totals["lost"] > 30, totals


@pytest.mark.parametrize("number", [1, 2])
def test_workers_that_are_killed_while_a_database_is_stopped(
    tmp_path: Path, bentoml_home: None, postgresql: Server, number: int
) -> None:
    postgresql.execute("DROP DATABASE IF EXISTS house WITH (FORCE)", "CREATE DATABASE house")
    url = f"postgresql+psycopg://{OWNER}:{quote(PASSWORD, safe='')}@127.0.0.1:{postgresql.port}/house"
    home, chance = tmp_path / "home", random.Random(number)
    with answered(home, url, "drop", number) as (_, totals):
        for _ in range(ROUNDS):
            until(lambda: is_whole(home, number))
            time.sleep(0.5)
            postgresql.stop()
            try:
                time.sleep(chance.uniform(0.2, 3))
                kill(*(one.pid for one in workers(home)))
            finally:
                postgresql.start()
        until(lambda: is_whole(home, number))
    assert totals["answered"] > 10 * ROUNDS and totals["lost"], totals
    assert any(one.reason == "killed" for one in lost(url, 0.0))


@contextmanager
def stopped(postgresql: Server) -> Iterator[None]:
    postgresql.stop()
    try:
        yield
    finally:
        postgresql.start()


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Let nobody else read or write the journal's file; who has it open is killed, and locked out."""
    with closing(sqlite3.connect(home / "house.db", isolation_level=None, timeout=0.0)) as other:
        kill(worker(home).pid)
        until(lambda: _has_locked(other))
        yield


def _has_locked(other: sqlite3.Connection) -> bool:
    with suppress(sqlite3.OperationalError):
        other.executescript("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; UPDATE removed SET rows = rows;")
        return True
    return False


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_worker_that_is_killed_while_the_journal_is_away_is_back_at_once(
    tmp_path: Path, bentoml_home: None, postgresql: Server, kind: str
) -> None:
    home = tmp_path / "home"
    url, away = (
        (made(postgresql), lambda: stopped(postgresql))
        if kind == "postgresql"
        else (sqlite_url(home / "house.db"), lambda: locked(home))
    )
    package, spec = str(packages.write_onnx(home / "packages" / "1")), JournalSpec(policy="drop")
    address, _ = deploy(home, "house", "1", package, DeploySpec(), journal_url=url, journal=spec)

    def answers() -> bool:
        with suppress(httpx.TransportError):
            return httpx.post(f"{address}/predict", content=BODY, headers=JSON, timeout=60).status_code == 200
        return False

    def back() -> float:
        """Kill the worker; return the seconds until another one answers."""
        until(answers)
        kill(worker(home).pid)
        return until(answers)

    try:
        usual = max(back() for _ in range(ROUNDS))
        before = rows(url)
        with away():
            for _ in range(ROUNDS):
                took = back()
                assert took < usual + BEYOND, (took, usual)
                assert httpx.get(f"{address}/readyz").status_code == 200
                assert 'drivetrain_journal_up{model="house"} 0.0' in httpx.get(f"{address}/metrics").text
        until_whole(address)
        assert rows(url) == before + 1  # what the last worker held; the others took theirs with them
    finally:
        services.stop(home, "house")
