"""One line of JSON for each request, without what it held."""

import asyncio
import json
import time

import httpx
import pytest

from schemas.deploy_spec import DeploySpec
from serving.http import access_log
from serving.http.access_log import AccessLog
from serving.keys.key import PREFIX
from tests.serving import packages
from tests.serving.conftest import LocalApp

SECRET = f"{PREFIX}{'x' * 43}"


def test_each_request_has_a_line_that_says_who_was_answered_what(
    local: LocalApp, capfd: pytest.CaptureFixture[str]
) -> None:
    async def ask() -> httpx.Response:
        with local(DeploySpec(access_log=True), 5.0) as opened:
            transport = httpx.ASGITransport(opened.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
                answer = await client.post("/predict", json={"instances": [packages.ROW, {}]})
                await client.post("/predict", content=b"{", headers={"content-type": "application/json"})
                await client.get(f"/{SECRET}?city=Bern")
        return answer

    answer = asyncio.run(ask())
    text, deadline = "", time.monotonic() + 5
    while text.count("\n") < 3 and time.monotonic() < deadline:
        text += capfd.readouterr().out
    predicted, malformed, unknown = (json.loads(line) for line in text.splitlines())
    assert predicted.pop("time").endswith("Z") and 0 < predicted.pop("seconds") < 5
    assert predicted == {"method": "POST", "path": "/predict", "status": 200, "bytes": len(answer.content), "worker": 1,
                         "request_id": answer.json()["request_id"], "version": "1", "rows": 2}  # fmt: skip
    assert malformed["status"] == 400 and "rows" not in malformed
    assert unknown["status"] == 404 and "Bern" not in text and SECRET not in text


def test_what_comes_too_fast_is_counted_and_the_rest_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "_MOST", 3)
    monkeypatch.setattr(access_log, "_EVERY", 60.0)
    written = list[bytes]()
    log = AccessLog(2, written.append)

    async def app(scope: object, receive: object, send: object) -> None:
        """Answer nothing: the client has gone."""

    noted = log.around(app)
    for _ in range(5):
        asyncio.run(noted({"method": "GET", "path": "/livez"}, None, None))  # type: ignore[arg-type]
    log.stop()
    lines = [json.loads(line) for line in b"".join(written).splitlines()]
    assert [(line["status"], line["worker"]) for line in lines] == [(499, 2)] * 3
    assert log.dropped == 2
