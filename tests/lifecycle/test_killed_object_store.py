"""Uploads that are cut: the server is killed, or the run; the next run sees no half package and no half artifact."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from zenml.client import Client

from ml.io.objects.client import client_of
from ml.io.objects.location import Location
from ml.io.objects.writing import ObjectFile
from ml.package.remote import MARKER
from schemas.home import ROOT
from serving.releases.package_cache import fetch
from tests.lifecycle.conftest import World
from tests.lifecycle.test_object_store import declare
from tests.object_store import ObjectStore, using
from tests.object_store import own_object_store as own_object_store
from tests.soak import count

pytestmark = [pytest.mark.own_worker, pytest.mark.stacks, pytest.mark.untraced, pytest.mark.timeout(3600)]
_CHANCE = random.Random(6)
_OBJECTS = 31  # that a run writes at least, also when some of its steps are reused, less the marker of its package
NAME = "tiny"
TINY = """\
# @package _global_
defaults:
  - override /data: csv
  - override /trainer: logistic_regression
name: tiny
data: {path: "s3://shelf/data/tiny.csv", target: returned}
gate: {no_worse_than_production: null}
"""


@pytest.fixture(scope="module")
def words(world: World, own_object_store: ObjectStore) -> Iterator[list[str]]:
    """The words of a small training run on S3."""
    world.experiment(NAME, TINY)
    rows = "".join(f"{x % 7},{x % 5},{'yes' if x % 7 > 3 else 'no'}\n" for x in range(300))
    own_object_store.files().pipe_file("shelf/data/tiny.csv", f"a,b,returned\n{rows}".encode())
    with pytest.MonkeyPatch.context() as patch:
        using(patch, own_object_store.environment())
        stack = declare(world, "shelf", own_object_store.new_folder())
        yield [*stack, f"+experiment={NAME}", "pipeline=training"]


def _require_nothing_half(store: ObjectStore, world: World) -> int:
    """Verify every package that can be seen, and load every artifact that ZenML knows; return how many there are."""
    folders = [name.removesuffix(f"/{MARKER}") for name in store.files().find("shelf") if name.endswith(f"/{MARKER}")]
    for number, folder in enumerate(folders):
        fetch(f"s3://{folder}", "1", world.folder / "fetched" / str(number))
    found = Client().list_artifact_versions(size=1000, hydrate=True).items
    for artifact in found:
        artifact.load()
    return len(found) + len(folders)


def _at_upload(monkeypatch: pytest.MonkeyPatch, turn: int, act: Callable[[], None]) -> None:
    """Act while the N-th object is sent: its bytes are taken, and it is not yet made."""
    closed, turns = ObjectFile.close, 0

    def close(file: ObjectFile) -> None:
        nonlocal turns
        turns += not file.closed
        if turns == turn and not file.closed:
            act()
        closed(file)

    monkeypatch.setattr(ObjectFile, "close", close)


def _drawn(last: int, tries: int) -> list[tuple[int, int]]:
    """Return a number for each try, which is the run's seed so that it reuses no step, and the upload it is cut at."""
    return [(number, _CHANCE.randint(2, last)) for number in range(tries)]


@pytest.mark.parametrize(("seed", "turn"), _drawn(_OBJECTS, count(1, 14)))
def test_a_server_killed_during_an_upload_leaves_nothing_half(
    seed: int,
    turn: int,
    world: World,
    words: list[str],
    own_object_store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _at_upload(monkeypatch, turn, own_object_store.kill)
    began = time.monotonic()
    failed = world.run(*words, f"seed={1000 + seed}")
    took = time.monotonic() - began
    own_object_store.start()
    assert failed.code == 1, failed.said
    assert "cannot be used: the store does not answer" in failed.summary["error"]
    assert took < 180
    assert _require_nothing_half(own_object_store, world)


@pytest.mark.parametrize("delay", [_CHANCE.uniform(0, 0.05) for _ in range(count(1, 6))])
def test_a_server_killed_while_bytes_are_on_their_way_leaves_no_object(
    delay: float, words: list[str], own_object_store: ObjectStore
) -> None:
    place = Location.parse(own_object_store.new_folder()).child("large")
    files: Any = client_of(place)
    killer = threading.Timer(delay, own_object_store.kill)
    with pytest.raises(Exception, match=r"does not answer|an error of its own"), ObjectFile(files, place) as file:
        file.write(bytes(30 << 20))
        killer.start()
        file.close()
        killer.join()
        file = ObjectFile(files, place)  # it was quicker than the kill: the next one is not
        file.write(bytes(8))
        file.close()
    killer.join()
    own_object_store.start()
    assert not files.exists(place.path) or files.size(place.path) == 30 << 20


@pytest.mark.parametrize(("seed", "turn"), _drawn(_OBJECTS + 1, count(1, 20)))
def test_a_run_killed_during_an_upload_leaves_nothing_half(
    seed: int, turn: int, world: World, words: list[str], own_object_store: ObjectStore
) -> None:
    when = _CHANCE.choice(("@before", ""))
    what = f"ObjectFile.close{when}#{turn}" if turn <= _OBJECTS else f"create_object{when}"
    point = f"ml.io.objects.writing:{what}"
    command = [sys.executable, "-m", "tests.lifecycle.stopped", point, "SIGKILL", *words, f"seed={2000 + seed}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run(command, cwd=world.folder, env=environment, capture_output=True, text=True, timeout=300)
    # The signal is sent by nothing but the point; a run that fails before it ends with 1 as well, and says why.
    assert "The run was killed by SIGKILL" in killed.stderr, killed.stderr
    assert killed.returncode == 1
    assert _require_nothing_half(own_object_store, world)


def test_the_next_run_is_whole(world: World, words: list[str], own_object_store: ObjectStore) -> None:
    done = world.run(*words)
    assert done.code == 0, done.said
    seen = [line for line in done.err.splitlines() if line.startswith("note: closed run")]
    assert len(seen) == 1, "each run closes the one that was killed before it"
    assert _require_nothing_half(own_object_store, world)
