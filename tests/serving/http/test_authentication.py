"""Who may ask: with a good key, and without one where none was ever made."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from serving.http import authentication
from serving.http.app import ENDPOINTS
from serving.http.authentication import Authentication
from serving.http.errors import HttpError
from serving.journal.integrity import DAMAGED
from serving.journal.predictions import count
from serving.keys import store
from serving.process import records
from tests.serving import packages
from tests.serving.conftest import Live, Local, LocalApp
from tests.serving.http import wire

BODY = json.dumps({"instances": [packages.ROW]}).encode()
JSON = {"content-type": "application/json"}
PAST = datetime.now(UTC) - timedelta(seconds=1)
REQUESTS = 1_000
SCOPE: dict[str, Any] = {"server": ("127.0.0.1", 80)}


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def client(local: Local) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(local.app), base_url="http://service")


@pytest.fixture(autouse=True)
def looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "LOOK_SECONDS", 0.0)


@pytest.fixture
def keyed(local: LocalApp) -> Iterator[tuple[Local, dict[str, str]]]:
    """An application with a good key, a revoked and an expired one; the keys by these names."""
    with local(DeploySpec(), 5.0) as opened:
        keys = {name: store.add(opened.keys, name, None)[1] for name in ("good", "revoked")}
        keys["expired"] = store.add(opened.keys, "expired", PAST)[1]
        store.revoke(opened.keys, "revoked")
        yield opened, keys


def wrong_headers(keys: dict[str, str]) -> list[dict[str, str]]:
    good = keys["good"]
    shown = ["", "x", good[:-1], good + "x", good.upper(), f"{good} {good}", keys["expired"]]
    return [
        bearer(keys["revoked"]),  # first: the log writes out a few of each second
        {},
        {"authorization": good},
        {"authorization": f"Basic {good}"},
        {"cookie": f"key={good}"},
        *map(bearer, shown),
        *({"x-api-key": one} for one in shown),
        {**bearer("x"), "x-api-key": keys["revoked"]},
    ]


def test_none_of_a_thousand_requests_without_a_good_key_is_answered(
    keyed: tuple[Local, dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    local, keys = keyed
    others = wrong_headers(keys)

    async def scenario() -> list[httpx.Response]:
        async with client(local) as http:
            sent = (others[number % len(others)] for number in range(REQUESTS))
            return [await http.post("/predict", content=BODY, headers={**JSON, **one}) for one in sent]

    answers = asyncio.run(scenario())
    assert {answer.status_code for answer in answers} == {401} and count(local.journal_url) == 0
    assert {answer.headers["www-authenticate"].split()[0] for answer in answers} == {"Bearer"}
    assert all(answer.headers["connection"] == "close" for answer in answers)
    said = caplog.text + "".join(answer.text for answer in answers)
    assert "revoked key 'revoked'" in caplog.text and not any(key in said for key in keys.values())
    assert {answer.json()["error"]["message"] for answer in answers} == {
        "this service asks for a key; send it as Authorization: Bearer KEY, or as X-API-Key: KEY",
        "the key is unknown, revoked or expired",
    }, "nobody is told which keys there once were"


def test_a_good_key_opens_every_path_and_health_needs_none(keyed: tuple[Local, dict[str, str]]) -> None:
    local, keys = keyed

    async def statuses(headers: dict[str, str]) -> dict[str, int]:
        async with client(local) as http:
            paths = [one.path.format(model_name="house", model_version="1") for one in ENDPOINTS] + ["/nowhere"]
            return {path: (await http.get(path, headers=headers)).status_code for path in paths}

    without = asyncio.run(statuses({}))
    assert {path for path, status in without.items() if status != 401} == {
        *("/livez", "/readyz", "/v2/health/live", "/v2/health/ready")
    }
    for headers in (bearer(keys["good"]), {"authorization": f"bearer  {keys['good']}"}, {"x-api-key": keys["good"]}):
        opened = asyncio.run(statuses(headers))
        assert opened.pop("/nowhere") == 404
        posts = [path for path in opened if path.endswith(("/predict", "/feedback", "/infer"))]
        assert {opened.pop(path) for path in posts} == {405} and len(posts) == 4
        assert set(opened.values()) == {200}


def test_a_key_is_asked_for_from_the_first_one_on_and_good_until_it_is_revoked(local: LocalApp) -> None:
    async def ask(opened: Local, headers: dict[str, str]) -> int:
        async with client(opened) as http:
            return (await http.post("/predict", content=BODY, headers={**JSON, **headers})).status_code

    with local(DeploySpec(), 5.0) as opened:
        assert asyncio.run(ask(opened, {})) == 200
        _, key = store.add(opened.keys, "one", None)
        assert [asyncio.run(ask(opened, one)) for one in ({}, bearer(key))] == [401, 200]
        store.revoke(opened.keys, "one")
        assert [asyncio.run(ask(opened, one)) for one in ({}, bearer(key))] == [401, 401]


def test_a_body_is_not_received_before_the_key_is_known(keyed: tuple[Local, dict[str, str]]) -> None:
    received = 0

    async def upload() -> AsyncIterator[bytes]:
        nonlocal received
        for _ in range(100):
            received += 1
            yield b" " * 65_536

    async def scenario() -> httpx.Response:
        async with client(keyed[0]) as http:
            return await http.post("/predict", content=upload(), headers={**JSON, **bearer("wrong")})

    assert asyncio.run(scenario()).status_code == 401 and received == 0


@pytest.mark.parametrize("is_open", [False, True])
def test_who_comes_from_another_machine_needs_a_key_also_where_none_was_ever_made(
    local: LocalApp, is_open: bool
) -> None:
    here, elsewhere = ("127.0.0.1", "127.8.8.8", "[::1]", "localhost"), ("10.1.2.3", "172.17.0.2", "[fe80::1]")

    async def ask(opened: Local, host: str) -> int:
        transport = httpx.ASGITransport(opened.app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
            return (await http.get("/releases")).status_code

    with local(DeploySpec(open=is_open), 5.0) as opened:
        assert {asyncio.run(ask(opened, host)) for host in here} == {200}
        assert {asyncio.run(ask(opened, host)) for host in elsewhere} == {200 if is_open else 401}


def refused(found: Authentication, key: str) -> bool:
    assert found.is_needed(SCOPE)
    try:
        found.check([(b"x-api-key", key.encode())])
    except HttpError as error:
        return error.status == 401
    return False


def test_a_file_that_cannot_be_read_opens_nothing_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "house.keys.json"
    _, key = store.add(path, None, None)
    found, whole = Authentication(path, is_open=False), path.read_text()
    assert not refused(found, key)
    for spoil in (lambda: path.write_text("{"), path.unlink, path.mkdir):
        caplog.clear()
        spoil()
        assert [refused(found, key) for _ in range(3)] == [True] * 3
        assert len(caplog.records) == 1 and "no request is answered until it can be" in caplog.text
    path.rmdir()
    path.write_text(whole)
    assert not refused(found, key)
    store.clear(path)
    assert not found.is_needed(SCOPE) and len(caplog.records) == 1


def test_the_file_is_looked_at_a_few_times_a_second_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "LOOK_SECONDS", 60.0)
    path = tmp_path / "house.keys.json"
    found = Authentication(path, is_open=False)
    assert not found.is_needed(SCOPE)
    store.add(path, None, None)
    assert not found.is_needed(SCOPE), "the next look is not due"
    assert not Authentication(None, is_open=False).is_needed(SCOPE)


def test_the_living_service_refuses_an_upload_at_its_headers_and_learns_of_keys_by_itself(live: Live) -> None:
    path = records.keys_path(live.home, "house")
    head = wire.HEAD + b"Content-Length: 9000000\r\n"
    try:
        _, key = store.add(path, None, None)
        time.sleep(0.5)
        for extra in (b"", b"Expect: 100-continue\r\n", b"X-Api-Key: wrong\r\n"):
            with wire.connection(live.url) as opened:
                opened.sendall(head + extra + b"\r\n")
                began = time.monotonic()
                (answer,) = wire.answers(wire.read_all(opened))
                assert answer.status == 401 and "key" in answer.message and time.monotonic() - began < 2.0
        own = {**JSON, **bearer(key)}
        assert httpx.post(f"{live.url}/predict", content=BODY, headers=own).status_code == 200
        assert httpx.post(f"{live.url}/predict", content=BODY, headers=JSON).status_code == 401
    finally:
        store.clear(path)
        time.sleep(0.5)
    assert httpx.post(f"{live.url}/predict", content=BODY, headers=JSON).status_code == 200


def test_who_shows_no_key_hears_that_nothing_is_ready_but_not_what_that_names(
    keyed: tuple[Local, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    local, keys = keyed
    reasons = [
        "version 1 cannot be loaded: The package /srv/acme cannot be fetched",
        f"{DAMAGED}; what can be: repair m",
    ]
    told: list[list[str]] = []

    async def scenario() -> None:
        async with client(local) as http:
            for why in reasons:
                monkeypatch.setattr(local.follower, "traffic", None)
                monkeypatch.setattr(local.follower, "why_not_ready", why)
                answers = [await http.get("/readyz", headers=shown) for shown in ({}, bearer(keys["good"]))]
                told.append([answer.json()["error"]["message"] for answer in answers])

    asyncio.run(scenario())
    assert told[0] == ["not ready: version 1 cannot be loaded", f"not ready: {reasons[0]}"]
    assert told[1] == [f"not ready: {reasons[1]}"] * 2


def test_keys_whose_file_is_gone_are_still_needed_by_a_worker_that_starts(tmp_path: Path) -> None:
    path = tmp_path / "m.keys" / "keys.json"
    assert not Authentication(path, is_open=True).is_needed(SCOPE)
    store.add(path, None, None)
    path.unlink()
    assert Authentication(path, is_open=True).is_needed(SCOPE)
    path.write_text("{")
    store.clear(path)
    assert not Authentication(path, is_open=True).is_needed(SCOPE) and store.read(path) == []


def test_a_key_in_a_path_is_not_in_the_log_and_is_no_name(
    keyed: tuple[Local, dict[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    local, keys = keyed

    async def scenario() -> str:
        async with client(local) as http:
            await http.get(f"/{keys['good']}")
            return (await http.get(f"/{keys['good']}", headers=bearer(keys["good"]))).text

    assert keys["good"] not in asyncio.run(scenario())
    ours = [record.getMessage() for record in caplog.records if record.name == "bentoml.drivetrain"]
    assert ours and keys["good"] not in str(ours) and "drivetrain_…" in str(ours)
    with pytest.raises(DeploymentError, match="is no name of a key"):
        store.add(local.keys, keys["good"], None)
