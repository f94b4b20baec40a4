"""Rollouts in real time on a live service under load: evidence promotes and rolls back, and users see it in time."""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from schemas.deploy_spec import DeploySpec
from schemas.rollout import RolloutSpec
from serving.journal.opened import opened
from serving.journal.predictions import count as rows
from serving.process import services
from serving.process.deploy import deploy
from serving.process.probe import until_ready
from serving.releases.publisher import releases
from serving.rollouts import operating
from serving.rollouts.record import Rollout, last
from serving.rollouts.shown import progress
from tests.serving import packages
from tests.serving.conftest import NAME, Live
from tests.serving.processes import worker
from tests.serving.rollouts import faulty
from tests.soak import SOAKING, count

pytestmark = [pytest.mark.untraced, pytest.mark.slow]
STAGES = [
    {"share": "shadow", "requests": count(30, 60)},
    {"share": 0.2, "requests": count(20, 40)},
    {"share": 0.5, "requests": count(50, 100)},
    {"share": 1},
]
SPEC = RolloutSpec.model_validate({"stages": STAGES, "latency": 0.25})  # two processors are shared with the tests
UNSEEN = DeploySpec(deadline=1.0, rollout=SPEC)
SEEN = DeploySpec(deadline=1.0, rollout=SPEC.model_copy(update={"stages": SPEC.stages[1:]}))
SECONDS = 180.0
ODD = 0.4
CHANCE = random.Random(0)
Write = Callable[[Path], Path]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Iterator[Live]:
    """A service whose requests end soon, so that evidence is soon complete."""
    home = tmp_path_factory.mktemp("rollouts")
    first = packages.write_rules(home / "packages" / "1")
    url, _ = deploy(home, NAME, "1", str(first), UNSEEN)
    journal_url = services.status(home, NAME)[0].deployment.journal_url
    with clients(url):
        time.sleep(2.0)  # what the old version did before
    yield Live(home, url, journal_url, home / "packages")
    services.stop(home, NAME)


@contextmanager
def clients(url: str) -> Iterator[None]:
    """Customers, and somebody who labels what they were told, all of it right for version 1."""
    over = threading.Event()

    def ask(number: int) -> None:
        with httpx.Client(base_url=url, timeout=10) as http:
            turn = 0
            while not over.wait(count(8, 2) / 100):
                turn += 1
                row = packages.ROW | {"size": faulty.SIZE if turn * ODD % 1 < ODD else 3.5}
                with suppress(httpx.TransportError):  # a worker was killed
                    answer = http.post("/predict", json={"instances": [row]})
                    if answer.status_code == 200 and turn % 2:
                        http.post("/feedback", json={"request_id": answer.json()["request_id"], "label": "yes"})

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def rolled_out(service: Live, version: str, write: Write, spec: DeploySpec, kills: int = 0) -> Rollout:
    """Deploy a version under load, kill workers meanwhile, and return its rollout once that has ended."""
    package = str(write(service.packages / version))
    with clients(service.url):
        _, found = deploy(service.home, NAME, version, package, spec)
        assert any(one.version == version and (one.shadow or one.weight) for one in found)
        deadline = time.monotonic() + SECONDS
        if not kills:
            told_as_it_runs(service, version)
        for _ in range(kills):
            time.sleep(CHANCE.uniform(0.2, 1.5))
            worker(service.home).kill()
            until_ready(service.url, 20)
            deadline = time.monotonic() + SECONDS
        while operating.running(service.journal_url) is not None:
            assert time.monotonic() < deadline, operating.running(service.journal_url)
            time.sleep(0.2)
        time.sleep(0.2)
    with opened(service.journal_url) as engine, engine.connect() as connection:
        ended = last(connection)
    assert ended is not None and ended.candidate == version and ended.ended is not None
    return ended


def told_as_it_runs(service: Live, version: str) -> None:
    """Wait until the service shows its rollout to whoever asks."""
    deadline = time.monotonic() + SECONDS
    shown = None
    while shown is None and time.monotonic() < deadline:
        time.sleep(0.1)
        listed = {one["version"]: one for one in httpx.get(f"{service.url}/releases").json()}
        shown = listed[version]["rollout"]
    assert shown is not None and 1 <= shown["stage"] <= 3 and shown["signals"]["error_rate"]["needed"] == 500
    metrics = httpx.get(f"{service.url}/metrics").text
    assert f'drivetrain_rollout_stage{{model="{NAME}",version="{version}"}}' in metrics
    assert 'signal="latency"' in metrics


@pytest.mark.parametrize("kills", [0, 3] if SOAKING else [1])
def test_a_version_that_is_as_good_takes_over_by_itself_whoever_is_killed(service: Live, kills: int) -> None:
    for number in range(count(1, 5)):
        version = f"good-{kills}-{number}"
        found = rolled_out(service, version, packages.write_rules, UNSEEN, kills)
        assert found.outcome == "promoted", found.why
        current = json.loads(httpx.get(f"{service.url}/releases").text)[0]
        assert (current["version"], current["weight"]) == (version, 1.0) and "no breach" in current["why"]
        latency = progress(found).signals["latency"]
        print(f"{version}: {found.counted} counted, {(found.ended or 0) - found.started:.1f} s, {latency}")


def other_answers(root: Path) -> Path:
    return packages.write_rules(root, yes=0.2)


@pytest.mark.parametrize(
    ("name", "write", "spec", "signals"),
    [
        ("failing", faulty.write_failing, SEEN, ["error_rate"]),
        ("nan", faulty.write_nan, SEEN, ["invalid"]),
        ("slow", faulty.write_slow, SEEN, ["latency"]),
        ("other", other_answers, SEEN, ["prediction_drift", "quality"]),
        ("unseen", faulty.write_nan, UNSEEN, ["invalid"]),
    ][: count(1, 5)],
)
def test_a_worse_version_is_rolled_back_by_itself(
    service: Live, name: str, write: Write, spec: DeploySpec, signals: list[str]
) -> None:
    before = releases(service.journal_url)[0].version
    for number in range(count(1, 5)):
        version = f"{name}-{number}"
        found = rolled_out(service, version, write, spec, kills=number % 2)
        assert found.outcome == "rolled_back" and any(signal in found.why for signal in signals), found.why
        now = releases(service.journal_url)
        assert now[0].version == before and now[0].weight == 1.0
        why = next(one.why for one in now if one.version == version)
        assert why is not None and "rolled back" in why
        seconds, answered = (found.ended or 0) - found.started, rows(service.journal_url, version)
        print(f"{version}: exposed {found.state.exposed}, answered {answered}, {seconds:.1f} s, {why}")
