"""What goes with every answer: headers for browsers, and nothing of what is within."""

import asyncio
import re
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from schemas.deploy_spec import DeploySpec
from serving.http import docs_page, security
from serving.http.releases import Releases
from tests.serving import packages
from tests.serving.conftest import Live, LocalApp
from tests.serving.http import wire
from tests.serving.http.test_docs_page import page

SECRET = "postgresql://ann:s3cret@db/journal"


def test_every_answer_of_the_living_service_says_what_it_is_and_that_it_is_not_to_be_kept(live: Live) -> None:
    bodies: list[dict[str, Any]] = [{"instances": [packages.ROW]}, {}, {"instances": [{}]}]
    answers = [
        *(httpx.get(live.url + path) for path in ("/livez", "/readyz", "/metrics", "/releases", "/docs")),
        *(httpx.get(live.url + path) for path in ("/openapi.json", "/nowhere", "/predict")),
        *(httpx.post(f"{live.url}/predict", json=body) for body in bodies),
        httpx.post(f"{live.url}/feedback", json={"request_id": "x", "label": "yes"}),
    ]
    assert {answer.status_code for answer in answers} == {200, 400, 404, 405, 422}
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers and len(answer.headers.get_list("cache-control")) == 1
    for early in (b"NONSENSE\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"):
        (refused,) = wire.ask(live.url, early)
        assert refused.status == 400 and refused.headers["x-content-type-options"] == "nosniff"


def test_a_page_runs_its_own_style_and_script_only() -> None:
    headers = dict(security.page(page()))
    rules = dict(one.split(" ", 1) for one in headers[b"content-security-policy"].decode().split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["connect-src"] == "'self'" and not re.search(r"unsafe|\*|https?:|data:|nonce", str(headers))
    for kind in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[\w+/]{43}='", rules[kind])
    assert security.page(docs_page.locked()) == security.page(page()), "the one is opened with the script of the other"


def test_nothing_in_a_page_needs_what_its_rules_forbid() -> None:
    for text in (page(), docs_page.locked()):
        assert not re.search(r"<[^>]+\s(?:style|on\w+|src)=", text) and text.count("<script>") == 1
        assert not re.search(r"(?:href|action)=[\"'](?!openapi\.json)", text)


def test_a_defect_is_500_and_says_nothing_of_what_is_within(
    local: LocalApp, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_self: Releases, _request: Request) -> Any:
        raise RuntimeError(f"cannot reach {SECRET}")

    monkeypatch.setattr(Releases, "respond", broken)

    async def scenario(app: Any) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as http:
            return await http.get("/releases")

    with local(DeploySpec(), 5.0) as opened:
        answer = asyncio.run(scenario(opened.app))
    assert answer.status_code == 500 and answer.json() == {"error": {"message": "the service broke on this request"}}
    assert "RuntimeError" in caplog.text, "the log has it"
