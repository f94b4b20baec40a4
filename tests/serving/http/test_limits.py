"""Queue, deadline and journal: what the application answers when it cannot keep up."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from schemas.deploy_spec import DeploySpec
from serving.journal.engine import connect
from serving.journal.predictions import count
from serving.releases.publisher import publish
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp

BODY = json.dumps({"instances": [packages.ROW]}).encode()
JSON = {"content-type": "application/json"}


def client(local: Local) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(local.app), base_url="http://service")


async def never_ending() -> AsyncIterator[bytes]:
    yield b"{"
    await asyncio.sleep(60)


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not what() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert what()


async def beside(app: Local, slow: bytes | AsyncIterator[bytes], content: bytes) -> httpx.Response:
    """Return the response to a request while another one is under way."""
    async with client(app) as http:
        other = asyncio.create_task(http.post("/predict", content=slow, headers=JSON))
        await asyncio.sleep(0.05)
        response = await http.post("/predict", content=content, headers=JSON)
        other.cancel()
        return response


def test_a_full_queue_is_429_with_retry_after(local: LocalApp) -> None:
    with local(DeploySpec(queue=1), 5.0) as app, connect(app.journal_url).connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")  # the first has to wait for its commit
        response = asyncio.run(beside(app, BODY, BODY))
        assert response.status_code == 429 and int(response.headers["retry-after"]) >= 1


def test_a_body_that_is_still_to_come_takes_no_place_in_the_queue(local: LocalApp) -> None:
    with local(DeploySpec(queue=1), 5.0) as app:
        assert asyncio.run(beside(app, never_ending(), BODY)).status_code == 200


def test_bodies_in_reception_are_bounded_together_and_small_ones_get_in(local: LocalApp) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b" " * 700_000
        await asyncio.sleep(60)

    async def whole() -> AsyncIterator[bytes]:
        yield b" " * 700_000
        yield BODY

    async def scenario(app: Local) -> list[int]:
        async with client(app) as http:
            first = asyncio.create_task(http.post("/predict", content=half(), headers=JSON))
            await asyncio.sleep(0.05)
            second = await http.post("/predict", content=whole(), headers=JSON)
            assert int(second.headers["retry-after"]) >= 1
            small = await http.post("/predict", content=BODY, headers=JSON)
            first.cancel()
            await asyncio.wait([first])
            third = await http.post("/predict", content=whole(), headers=JSON)
            return [second.status_code, small.status_code, third.status_code]

    with local(DeploySpec(max_body=1_000_000, max_bodies=1_000), 5.0) as app:
        assert asyncio.run(scenario(app)) == [429, 200, 200]


def test_a_body_that_does_not_arrive_is_408(local: LocalApp) -> None:
    async def scenario(app: Local) -> httpx.Response:
        async with client(app) as http:
            return await http.post("/predict", content=never_ending(), headers=JSON)

    with local(DeploySpec(deadline=0.1), 5.0) as app:
        assert asyncio.run(scenario(app)).status_code == 408


def test_an_answer_past_its_deadline_is_504(local: LocalApp) -> None:
    async def scenario(app: Local) -> httpx.Response:
        async with client(app) as http:
            return await http.post("/predict", content=BODY, headers=JSON)

    with local(DeploySpec(deadline=0.1), 5.0) as app, connect(app.journal_url).connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")  # the commit has to wait
        assert asyncio.run(scenario(app)).status_code == 504


def test_without_a_journal_nothing_is_acknowledged_and_the_service_is_not_ready(local: LocalApp) -> None:
    async def ask(app: Local) -> tuple[httpx.Response, httpx.Response, httpx.Response]:
        async with client(app) as http:
            answer = await http.post("/predict", content=BODY, headers=JSON)
            return answer, await http.get("/readyz"), await http.get("/livez")

    with local(DeploySpec(), 0.1) as app:
        with connect(app.journal_url).connect() as other:
            other.exec_driver_sql("BEGIN IMMEDIATE")
            wait_for(lambda: app.follower.journal.error is not None)
            answer, ready, live = asyncio.run(ask(app))
        assert (answer.status_code, ready.status_code, live.status_code) == (503, 503, 200)
        assert "journal" in answer.json()["error"]["message"] and "journal" in ready.json()["error"]["message"]
        assert count(app.journal_url) == 0
        wait_for(lambda: app.follower.journal.error is None)
        assert asyncio.run(ask(app))[0].status_code == 200


def test_a_removed_journal_is_noticed_before_more_is_acknowledged_into_nothing(local: LocalApp) -> None:
    async def scenario(app: Local) -> int:
        async with client(app) as http:
            return (await http.post("/predict", content=BODY, headers=JSON)).status_code

    with local(DeploySpec(), 5.0) as app:
        assert asyncio.run(scenario(app)) == 200
        Path(app.journal_url.removeprefix("sqlite:///")).unlink()
        wait_for(lambda: app.follower.journal.error is not None)
        assert asyncio.run(scenario(app)) == 503


def test_rows_whose_answer_would_be_too_large_are_refused_before_they_are_predicted(local: LocalApp) -> None:
    async def scenario(app: Local, rows: int) -> httpx.Response:
        async with client(app) as http:
            return await http.post("/predict", json={"instances": [packages.ROW] * rows})

    with local(DeploySpec(max_answer=1_000), 5.0) as app:
        assert asyncio.run(scenario(app, 5)).status_code == 200
        refused = asyncio.run(scenario(app, 50))
        assert refused.status_code == 413 and "deploy.max_answer" in refused.text


def test_a_slow_model_predicts_in_a_thread_and_a_quick_one_does_not(local: LocalApp) -> None:
    with local(DeploySpec(), 5.0) as app:
        current = app.follower.current
        assert current is not None and current.is_quick(1) and not current.is_quick(10**6)


def test_the_previous_version_stays_loaded_and_older_ones_are_let_go(local: LocalApp) -> None:
    with local(DeploySpec(), 5.0) as app:
        root = app.follower.current.root.parent.parent if app.follower.current else None
        assert root is not None
        for number in ("2", "3"):
            publish(app.journal_url, number, str(packages.write_rules(root / f"package{number}")), timeout=10)
            wait_for(lambda number=number: bool(app.follower.current and app.follower.current.version == number))  # type: ignore[misc]
        wait_for(lambda: sorted(one.version for one in app.follower.loaded()) == ["2", "3"])
        wait_for(lambda: len([one for one in (root / "cache").iterdir() if one.is_dir()]) == 2)


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/metrics", "/releases"])
def test_every_page_is_there(local: LocalApp, path: str) -> None:
    async def scenario(app: Local) -> int:
        async with client(app) as http:
            return (await http.get(path)).status_code

    with local(DeploySpec(), 5.0) as app:
        assert asyncio.run(scenario(app)) == 200


def test_a_defect_of_ours_is_answered_with_500_and_nothing_is_journalled(
    local: LocalApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("not foreseen")

    async def scenario(app: Local) -> httpx.Response:
        async with client(app) as http:
            return await http.post("/predict", content=BODY, headers=JSON)

    with local(DeploySpec(), 5.0) as app:
        monkeypatch.setattr(type(app.follower.current), "predict", broken)
        response = asyncio.run(scenario(app))
        assert (response.status_code, count(app.journal_url)) == (500, 0)
        assert "not foreseen" not in response.text
