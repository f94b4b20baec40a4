"""Versions come, go and stand side by side under a steady load: no request fails, and the declared one answers."""

import json
import time
from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from random import Random
from shutil import rmtree

import httpx
import pytest

from schemas.errors import DeploymentError
from serving.journal.predictions import count as rows
from serving.releases.beside import place_beside, withdraw
from serving.releases.publisher import publish, releases, rollback
from tests.serving import packages
from tests.serving.by_wrk import most_of_both
from tests.serving.conftest import Live
from tests.serving.releases import hostile
from tests.serving.steady_load import steady_load
from tests.soak import SOAKING, count

pytestmark = [pytest.mark.untraced, pytest.mark.slow]
BODY = json.dumps({"instances": [packages.ROW]}).encode()
RATE = 150  # requests per second; in the soak 70 % of capacity
FOLLOWED = 0.1  # seconds in which every worker follows
BETWEEN = 0.5 if SOAKING else 0.0  # seconds of load after each


def answers_otherwise(root: Path, chosen: Random) -> None:
    """Predict otherwise than the trainer did, for whatever sample rows."""
    rmtree(root)
    packages.write_wrong_samples(root)


BROKEN: list[tuple[hostile.Alter, str]] = [
    (hostile.noise, "cannot be (loaded|used)"),
    (hostile.failing_for_one_row, "running Gather node"),  # each is warmed by a single row
    (answers_otherwise, "sample rows"),
]
"""What makes a package that must not answer, and what is said of it."""


@pytest.fixture
def port(live: Live) -> Iterator[int]:
    """Leave version 1 in production for the tests that follow."""
    yield int(live.url.rpartition(":")[2])
    while releases(live.journal_url)[0].version != "1":
        rollback(live.journal_url)
    time.sleep(FOLLOWED)


@pytest.fixture(scope="module")
def rate(live: Live) -> float:
    """How many requests a second are sent."""
    if not SOAKING:
        return RATE
    most = most_of_both(int(live.url.rpartition(":")[2]), BODY, 5)
    time.sleep(1.0)  # what wrk left behind is still journalled
    return 0.7 * most


def answering(live: Live) -> str:
    return str(
        httpx.post(f"{live.url}/predict", content=BODY, headers={"content-type": "application/json"}).json()["version"]
    )


def test_no_request_fails_while_versions_are_swapped_and_rolled_back(live: Live, port: int, rate: float) -> None:
    swaps, rollbacks = count(4, 100), count(2, 20)
    before = rows(live.journal_url)
    with steady_load(port, rate, BODY) as found:
        for number in range(swaps):
            version = f"swap-{number}"
            publish(live.journal_url, version, str(packages.write_rules(live.packages / version, yes=0.6)))
            time.sleep(FOLLOWED)
            assert answering(live) == version
            time.sleep(BETWEEN)
        for _ in range(rollbacks):
            version = rollback(live.journal_url).version
            time.sleep(FOLLOWED)
            assert answering(live) == version
            time.sleep(BETWEEN)
    total = sum(found["answered"].values())
    print(f"{swaps} swaps, {rollbacks} rollbacks, {total} requests at {rate:.0f}/s, p99 {1e3 * found['p99']:.1f} ms")
    assert found["failed"] == [] and total >= (100_000 if SOAKING else 200)
    assert set(found["answered"]) >= {f"swap-{number}" for number in range(swaps)}
    assert rows(live.journal_url) - before == total + swaps + rollbacks


def test_a_canary_of_a_tenth_has_a_tenth(live: Live, port: int, rate: float) -> None:
    package = str(packages.write_rules(live.packages / "tenth", yes=0.6))
    place_beside(live.journal_url, "tenth", package, share=0.1)
    time.sleep(FOLLOWED)
    with steady_load(port, rate, BODY) as found:
        time.sleep(count(4, 30))
    withdraw(live.journal_url, "tenth")
    total = sum(found["answered"].values())
    assert found["failed"] == [] and set(found["answered"]) == {"1", "tenth"}
    may_be_off = 0.01 if SOAKING else 4 * sqrt(0.09 / total)
    assert abs(found["answered"]["tenth"] / total - 0.1) < may_be_off


def test_a_version_that_cannot_load_warm_or_answer_its_samples_changes_nothing(
    live: Live, port: int, rate: float
) -> None:
    tries = count(len(BROKEN), 100)
    with steady_load(port, rate, BODY) as found:
        for number in range(tries):
            alter, why = BROKEN[number % len(BROKEN)]
            version = f"broken-{number}"
            root = hostile.make(live.packages / version, alter, Random(number))
            with pytest.raises(DeploymentError, match=f"{version} was not published: .*{why}"):
                publish(live.journal_url, version, str(root))
            assert answering(live) == "1"
            assert [one.version for one in releases(live.journal_url) if one.weight] == ["1"]
            time.sleep(BETWEEN)
    assert found["failed"] == [] and set(found["answered"]) == {"1"}
