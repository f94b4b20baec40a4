"""Workers and supervisors killed under load: what was acknowledged is in the journal once, and all are soon back."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from schemas.deploy_spec import DeploySpec
from serving.journal.engine import connect
from serving.journal.streamed import Span, Streamed
from serving.process import records, services
from serving.process.deploy import deploy
from tests.serving import packages
from tests.serving.processes import PATIENCE, gone, is_whole, kill, supervisor, until, workers
from tests.soak import SOAKING, count

pytestmark = pytest.mark.untraced
KILLS = count(3, 102)  # with each number of workers
PROMISED = 5.0 if SOAKING else PATIENCE  # seconds until all are back
ORPHANED = 1.0 if SOAKING else PATIENCE  # seconds that a worker outlives its supervisor
CLIENTS = count(1, 4)


@pytest.mark.parametrize("number", [1, 2])
def test_no_acknowledged_prediction_is_lost_or_doubled_while_processes_are_killed(
    tmp_path: Path, bentoml_home: None, number: int
) -> None:
    package = str(packages.write_onnx(tmp_path / "packages" / "1"))
    url, _ = deploy(tmp_path, "house", "1", package, DeploySpec(workers=number))
    try:
        until(lambda: is_whole(tmp_path, number))
        with load(f"{url}/predict") as answered:
            for turn in range(KILLS):
                kill_some(tmp_path, number, turn)
        journal = connect(records.find(tmp_path, "house").journal_url)
        pieces = Streamed(journal, Span())  # each of them is read whole
        kept = [one.predicted.request_id for piece in pieces for one in piece]
        journal.dispose()
    finally:
        services.stop(tmp_path, "house")
    assert len(answered) > KILLS and not set(answered) - set(kept) and len(kept) == len(set(kept))


def kill_some(home: Path, number: int, turn: int) -> None:
    """Kill a worker, the supervisor, or it and a worker, in turn; wait until all are back, and a moment more."""
    chosen, boss, staff = random.Random(turn), supervisor(home), {one.pid for one in workers(home)}
    one = chosen.choice(sorted(staff))
    victims = [{one}, {boss}, {boss, one}][turn % 3]
    orphans = staff - victims if boss in victims else set()
    kill(*victims)
    until(partial(are_gone, victims))
    until(partial(are_gone, orphans), ORPHANED)
    until(partial(is_whole, home, number), PROMISED)
    time.sleep(chosen.uniform(0.1, 1.5))


def are_gone(before: set[int]) -> bool:
    return all(gone(one) for one in before)


@contextmanager
def load(url: str) -> Iterator[list[str]]:
    """Send requests from several clients during the block; the list has those that were acknowledged."""
    answered, ended = list[str](), threading.Event()
    clients = [threading.Thread(target=predict_until, args=(url, ended, answered)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield answered
    finally:
        ended.set()
        for client in clients:
            client.join()


def predict_until(url: str, ended: threading.Event, answered: list[str]) -> None:
    with httpx.Client(timeout=10) as client:
        while not ended.is_set():
            with suppress(httpx.TransportError):
                response = client.post(url, json={"instances": [packages.ROW]})
                if response.status_code == 200:
                    answered.append(response.json()["request_id"])
            time.sleep(0.01)
