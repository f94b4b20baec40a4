"""No package harms the service: what is wrong with it is told, good clients are answered, the next version gets in."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from serving.process import records, services
from serving.process.deploy import deploy
from serving.releases import trial
from serving.releases.publisher import publish, releases
from tests.serving import packages
from tests.serving.processes import worker
from tests.serving.releases import hostile
from tests.soak import SOAKING, count
from tests.tracing import processes_traced

pytestmark = pytest.mark.untraced
IMPATIENT = DeploySpec(load_seconds=6.0 if SOAKING else 10.0)
FRUGAL = DeploySpec(load_seconds=120.0, load_memory=1_500_000_000)  # memory ends first, however busy the machine is
ROUNDS = count(1, 7)
PUBLISHED = hostile.QUICK if SOAKING else hostile.QUICK[::4]  # the others are tried in this process


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Iterator[Path]:
    """A DRIVETRAIN_HOME with a service that predicts; it is stopped in the end."""
    yield from _service(tmp_path_factory.mktemp("home"), IMPATIENT)


@pytest.fixture
def frugal_home(tmp_path: Path, bentoml_home: None) -> Iterator[Path]:
    """As `home`; a package may take long to load there, and little memory."""
    yield from _service(tmp_path / "home", FRUGAL)


def _service(folder: Path, spec: DeploySpec) -> Iterator[Path]:
    with processes_traced():
        deploy(folder, "house", "1", str(packages.write_onnx(folder / "packages" / "1")), spec)
    yield folder
    services.stop(folder, "house")


@pytest.fixture
def client(home: Path) -> Iterator[list[int]]:
    """A good client that asks all the time; the statuses it got."""
    with _asking(home) as seen:
        yield seen


@contextmanager
def _asking(home: Path) -> Iterator[list[int]]:
    seen, ended, url = list[int](), threading.Event(), records.find(home, "house").url

    def ask() -> None:
        with httpx.Client() as http:
            while not ended.is_set():
                seen.append(http.post(f"{url}/predict", json={"instances": [packages.ROW]}, timeout=5).status_code)
                time.sleep(0.02)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def attempt(home: Path, root: Path, number: str) -> str | None:
    """Publish a package; return why that was refused."""
    try:
        publish(records.find(home, "house").journal_url, number, str(root), timeout=120)
    except DeploymentError as error:
        return str(error)
    return None


def test_no_hostile_package_gets_in_or_in_the_way(home: Path, client: list[int], tmp_path: Path) -> None:
    chosen, process = random.Random(11), worker(home)
    before = process.memory_info().rss
    tried = 0
    for _ in range(ROUNDS):
        for alter in PUBLISHED:
            tried += 1
            root = hostile.make(tmp_path / f"p{tried}", alter, chosen)
            why = attempt(home, root, f"h{tried}")
            assert why is not None, f"{alter.__name__} got in"
            assert "was not published: " in why and "Traceback" not in why and "root:x:0" not in why, why
    for alter in hostile.MAY_PREDICT * ROUNDS:
        tried += 1
        attempt(home, hostile.make(tmp_path / f"p{tried}", alter, chosen), f"h{tried}")
    assert not (tmp_path / "was-run").exists()
    assert worker(home).pid == process.pid and process.memory_info().rss < before + 200e6
    assert len(client) > tried and set(client) == {200}
    assert_a_good_one_gets_in(home, tmp_path)


@pytest.mark.parametrize("alter", hostile.QUICK)
def test_a_trial_says_what_is_wrong_with_a_package(tmp_path: Path, alter: hostile.Alter) -> None:
    root = hostile.make(tmp_path / "package", alter, random.Random(5))
    request: dict[str, str | int] = {"cache": str(tmp_path / "cache"), "max_package": 10_000_000}
    why = trial.main(request | {"package_url": str(root), "version": "1"}).get("error")
    assert why and "root:x:0" not in why and not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("alter", hostile.ENDLESS[: count(1, 2)])
def test_a_package_that_never_ends_is_ended(
    home: Path, client: list[int], tmp_path: Path, alter: hostile.Alter
) -> None:
    assert_ended(home, tmp_path, alter, "deploy.load_seconds")
    assert set(client) == {200}


def test_a_package_that_takes_all_memory_is_ended(frugal_home: Path, tmp_path: Path) -> None:
    with _asking(frugal_home) as client:
        assert_ended(frugal_home, tmp_path, hostile.hungry_graph, "deploy.load_memory")
    assert set(client) == {200}


def assert_ended(home: Path, folder: Path, alter: hostile.Alter, key: str) -> None:
    process = worker(home)
    before = process.memory_info().rss
    url, found = records.find(home, "house").url, list[str]()
    root = hostile.make(folder / "p", alter, random.Random(1))
    publisher = threading.Thread(target=lambda: found.append(str(attempt(home, root, alter.__name__))))
    publisher.start()
    said = ""
    while publisher.is_alive():
        said += str(httpx.get(f"{url}/releases").json())
        time.sleep(0.2)
    publisher.join()
    assert key in found[0] and f"{alter.__name__}', 'weight': 0.0" in said and "loading for" in said
    assert worker(home).pid == process.pid and process.memory_info().rss < before + 100e6
    assert_a_good_one_gets_in(home, folder)


def test_a_model_that_never_ends_for_some_rows_silences_the_service_for_moments_only(
    tmp_path: Path, bentoml_home: None
) -> None:
    package = hostile.make(tmp_path / "p", hostile.endless_for_large_values, random.Random(1))
    url, _ = deploy(tmp_path, "house", "1", str(package), DeploySpec(deadline=1.0))
    try:
        with suppress(httpx.TransportError):
            httpx.post(f"{url}/predict", json={"instances": [{**packages.ROW, "size": 1e6}]}, timeout=3)
        deadline, status = time.monotonic() + 90, 0
        while status != 200 and time.monotonic() < deadline:
            status = httpx.post(f"{url}/predict", json={"instances": [packages.ROW]}, timeout=60).status_code
            time.sleep(0.1)
        assert status == 200
        assert "the event loop has not ended" in records.find(tmp_path, "house").log.read_text()
    finally:
        services.stop(tmp_path, "house")


def test_a_publisher_that_gave_up_lets_the_next_one_in_at_once(home: Path, client: list[int], tmp_path: Path) -> None:
    journal = records.find(home, "house").journal_url
    root = hostile.make(tmp_path / "p", hostile.endless_graph, random.Random(1))
    with pytest.raises(DeploymentError, match="not every worker of the service has loaded it after 2 seconds"):
        publish(journal, "endless", str(root), timeout=2)
    assert_a_good_one_gets_in(home, tmp_path)
    assert set(client) == {200}


def assert_a_good_one_gets_in(home: Path, folder: Path) -> None:
    journal, version = records.find(home, "house").journal_url, f"good-{time.time_ns()}"
    package = packages.write_onnx(folder / version, seed=3)
    began = time.monotonic()
    publish(journal, version, str(package), timeout=60)
    assert releases(journal)[0].version == version
    assert time.monotonic() - began < (10 if SOAKING else 60)
