"""Versions beside the one in production: a share of the requests for a canary, all of them unseen for a shadow."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from serving.journal.engine import connect
from serving.journal.predictions import count, window
from serving.journal.schema import shadows
from serving.releases.beside import package_of, place_beside, withdraw
from serving.releases.follower import Follower
from serving.releases.loaded_version import Version
from serving.releases.publisher import publish, releases, rollback
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp

REQUESTS = 600


@pytest.fixture
def app(local: LocalApp) -> Iterator[Local]:
    with local(DeploySpec(route_by="X-Customer"), 1.0) as one:
        yield one


@pytest.fixture
def second(app: Local, tmp_path: Path) -> str:
    """Where the package of version 2 is, which predicts otherwise."""
    return str(packages.write_rules(tmp_path / "second", yes=0.2))


def ask(
    app: Local, requests: int, until: Callable[[], bool] = lambda: True, customer: str | None = None
) -> list[dict[str, Any]]:
    """Send one row again and again; the service runs on until something holds."""

    async def scenario() -> list[dict[str, Any]]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.app), base_url="http://service") as http:
            body = {"instances": [packages.ROW]}
            headers = {} if customer is None else {"x-customer": customer}
            found = [(await http.post("/predict", json=body, headers=headers)).json() for _ in range(requests)]
            async with asyncio.timeout(20):
                while not until():
                    await asyncio.sleep(0.01)
            return found

    return asyncio.run(scenario())


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def roles(app: Local) -> tuple[str, str | None, str | None]:
    traffic = app.follower.traffic
    assert traffic is not None
    candidate, shadow = (None if one is None else one.version for one in (traffic.candidate, traffic.shadow))
    return traffic.current.version, candidate, shadow


def test_a_canary_answers_its_share_and_what_it_answered_is_its_own(app: Local, second: str) -> None:
    found = place_beside(app.journal_url, "2", second, share=0.3)
    assert [(one.version, one.weight) for one in found] == [("1", 0.7), ("2", 0.3)]
    until(lambda: roles(app) == ("1", "2", None))
    answers = ask(app, REQUESTS)
    by_version = Counter((one["version"], one["predictions"][0]["label"]) for one in answers)
    assert set(by_version) == {("1", "yes"), ("2", "no")} and 0.2 < by_version["2", "no"] / REQUESTS < 0.4
    assert count(app.journal_url, "2") == by_version["2", "no"] and count(app.journal_url) == REQUESTS
    withdraw(app.journal_url, "2")
    until(lambda: roles(app) == ("1", None, None))
    assert {one["version"] for one in ask(app, 50)} == {"1"}


def test_one_customer_always_meets_one_version(app: Local, second: str) -> None:
    place_beside(app.journal_url, "2", second, share=0.5)
    until(lambda: roles(app) == ("1", "2", None))
    met = [{one["version"] for one in ask(app, 5, customer=f"customer {number}")} for number in range(40)]
    assert all(len(versions) == 1 for versions in met) and set.union(*met) == {"1", "2"}
    assert len({one["version"] for one in ask(app, 100)}) == 2, "a request without the header is chosen by itself"


def test_a_shadow_follows_unseen_and_the_journal_knows_both_answers(app: Local, second: str) -> None:
    found = place_beside(app.journal_url, "2", second, share=None)
    assert [(one.version, one.weight, one.shadow) for one in found] == [("1", 1.0, False), ("2", 0.0, True)]
    until(lambda: roles(app) == ("1", None, "2"))
    query = select(shadows.c.request_id, shadows.c.status, shadows.c.answers)

    def kept() -> list[tuple[str, int, str]]:
        with connect(app.journal_url).connect() as connection:
            return [tuple(row) for row in connection.execute(query)]

    answers = ask(app, 30, until=lambda: len(kept()) == 30)
    assert {one["version"] for one in answers} == {"1"}
    assert {request for request, _, _ in kept()} == {one["request_id"] for one in answers}
    assert all(status == 200 and '"label":"no"' in text for _, status, text in kept())
    assert set(window(app.journal_url).versions) == {"1"} and count(app.journal_url) == 30


def test_a_version_in_production_is_replaced_by_its_canary_and_comes_back(app: Local, second: str) -> None:
    place_beside(app.journal_url, "2", second, share=0.1)
    publish(app.journal_url, "2", package_of(app.journal_url, "2"), why="promoted")
    until(lambda: roles(app) == ("2", None, None))
    first = releases(app.journal_url)[0]
    assert (first.version, first.weight, first.why) == ("2", 1.0, "promoted")
    rollback(app.journal_url)
    until(lambda: roles(app) == ("1", None, None))


def test_a_worker_that_starts_anew_takes_canary_and_shadow_with_it(app: Local, second: str, tmp_path: Path) -> None:
    place_beside(app.journal_url, "2", second, share=0.1)
    place_beside(app.journal_url, "3", str(packages.write_rules(tmp_path / "third")), share=None)
    engine = connect(app.journal_url)
    again = Follower(engine, tmp_path / "cache of another", 0.02)
    again.start()
    try:
        until(lambda: again.traffic is not None and len(again.traffic.beside) == 2)
    finally:
        again.stop()
        engine.dispose()


def test_a_share_that_is_none_is_refused(app: Local, second: str) -> None:
    for share in (0.0, 1e-9, 0.999999, 1.0, -0.1, float("nan")):
        with pytest.raises(DeploymentError, match=r"must be 0\.0001 to 0\.99 of the requests"):
            place_beside(app.journal_url, "2", second, share=share)
    assert [one.version for one in releases(app.journal_url)] == ["1"], "nothing was announced"


def test_what_cannot_stand_beside_production_is_told(app: Local, second: str, tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="cannot stand beside itself"):
        place_beside(app.journal_url, "1", second, share=0.1)
    with pytest.raises(DeploymentError, match="neither a candidate nor a shadow; there is none"):
        withdraw(app.journal_url, "2")
    with pytest.raises(DeploymentError, match=r"knows no version '3'\. It knows 1"):
        package_of(app.journal_url, "3")
    place_beside(app.journal_url, "2", second, share=0.6)
    broken = packages.write_wrong_samples(tmp_path / "broken")
    with pytest.raises(DeploymentError, match="was not published"):
        place_beside(app.journal_url, "3", str(broken), share=0.1)
    assert roles(app) == ("1", "2", None)


def test_the_next_canary_takes_the_place_of_the_one_before(app: Local, second: str, tmp_path: Path) -> None:
    place_beside(app.journal_url, "2", second, share=0.5)
    found = place_beside(app.journal_url, "3", str(packages.write_rules(tmp_path / "third")), share=0.2)
    assert [(one.version, one.weight) for one in found] == [("1", 0.8), ("3", 0.2), ("2", 0.0)]
    assert found[2].why == "withdrawn: replaced by 3"
    until(lambda: roles(app) == ("1", "3", None))
    found = place_beside(app.journal_url, "3", package_of(app.journal_url, "3"), share=None)
    assert [(one.version, one.weight, one.shadow) for one in found][:2] == [("1", 1.0, False), ("3", 0.0, True)]


def test_a_worker_that_starts_anew_says_nothing_of_what_is_over(app: Local, second: str, tmp_path: Path) -> None:
    place_beside(app.journal_url, "2", second, share=None)
    withdraw(app.journal_url, "2", "enough")
    before = releases(app.journal_url)
    engine = connect(app.journal_url)
    again = Follower(engine, tmp_path / "cache of another", 0.02)
    again.start()
    try:
        until(lambda: again.traffic is not None)
        time.sleep(0.2)
        assert releases(app.journal_url) == before and [one.version for one in again.loaded()] == ["1"]
    finally:
        again.stop()
        engine.dispose()


def test_a_canary_that_cannot_be_loaded_is_said_and_tried_again(
    app: Local, second: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place_beside(app.journal_url, "2", second, share=0.5)
    Path(second).rename(tmp_path / "away")
    monkeypatch.setattr("serving.releases.follower._AGAIN", 0.2)
    engine = connect(app.journal_url)
    again = Follower(engine, tmp_path / "cache of another", 0.02)
    again.start()
    try:
        until(lambda: again.traffic is not None)
        assert again.traffic is not None and again.traffic.candidate is None and again.traffic.share == 0
        (tmp_path / "away").rename(second)
        until(lambda: again.traffic is not None and again.traffic.candidate is not None)
    finally:
        again.stop()
        engine.dispose()


def test_a_shadow_that_hangs_or_breaks_holds_up_no_other_one(
    app: Local, second: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    predict = Version.predict

    def hangs(version: Version, cells: dict[str, Any]) -> Any:
        if version.version == "2":
            over.wait(60)
        if version.version == "3":
            raise RuntimeError("a defect")
        return predict(version, cells)

    def of(version: str) -> list[tuple[str, int]]:
        query = select(shadows.c.version, shadows.c.status).where(shadows.c.version == version)
        with connect(app.journal_url).connect() as connection:
            return [tuple(row) for row in connection.execute(query)]

    monkeypatch.setattr(Version, "predict", hangs)
    for version, held in (("2", 0), ("3", 3), ("4", 3)):
        place_beside(app.journal_url, version, str(packages.write_rules(tmp_path / version)), share=None)
        until(lambda version=version: roles(app)[2] == version)  # type: ignore[misc]
        ask(app, 3, until=lambda version=version, held=held: len(of(version)) == held)  # type: ignore[misc]
    assert {status for _, status in of("3")} == {500} and {status for _, status in of("4")} == {200}
    over.set()
