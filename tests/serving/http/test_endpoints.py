"""An endpoint that is added to the list is everywhere, without another change."""

import asyncio
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

import httpx
import pytest
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from schemas.deploy_spec import DeploySpec
from schemas.signature import Signature
from serving.http import app
from serving.http.endpoint import EVERY, Context, Page, Reply
from serving.http.families import counter
from serving.http.json_post import REFUSALS, JsonPost
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp


class Question(BaseModel):
    """A row that somebody wonders about."""

    row: dict[str, Any]


class Explanation(BaseModel):
    """Why the row was answered so."""

    because: list[str]


class Explain(JsonPost):
    """Takes JSON."""

    path = "/explain"
    summary = "Say why."
    description = "In a few words."
    request = Question
    replies = {200: Reply("The reasons.", Explanation), **REFUSALS}

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._asked = 0

    @classmethod
    def example(cls, signature: Signature | None, sample: Mapping[str, Any]) -> dict[str, Any]:
        return {"row": dict(sample)}

    async def respond(self, content: bytes, started: float, scope: Scope) -> bytes:
        return b'{"because": ["chance"]}'

    def count(self, status: int, seconds: float, scope: Scope) -> None:
        self._asked += 1

    def metrics(self) -> Iterator[Any]:
        yield counter("drivetrain_explained", "Explanations.", [({"model": "house"}, self._asked)])


class Limits(Page):
    """Is read."""

    path = "/limits"
    summary = "The limits."
    replies = {200: Reply("What is taken.", dict[str, int])}

    async def respond(self, request: Request) -> Response:
        return JSONResponse({"max_body": self._context.settings.spec.max_body})


@pytest.fixture
def extended(local: LocalApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[Local]:
    monkeypatch.setattr(app, "ENDPOINTS", (*app.ENDPOINTS, Explain, Limits))
    with local(DeploySpec(max_body=5_000), 5.0) as opened:
        yield opened


def ask(extended: Local, *requests: tuple[str, str, Any]) -> list[httpx.Response]:
    async def scenario() -> list[httpx.Response]:
        transport = httpx.ASGITransport(extended.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
            return [await http.request(method, path, json=body) for method, path, body in requests]

    return asyncio.run(scenario())


def test_it_answers_with_the_limits_of_its_kind(extended: Local) -> None:
    found = ask(
        extended,
        ("POST", "/explain", {"row": {}}),
        ("GET", "/explain", None),
        ("POST", "/explain", "x" * 6_000),
        ("GET", "/limits", None),
        ("POST", "/limits", {}),
    )
    assert [answer.status_code for answer in found] == [200, 405, 413, 200, 405]
    assert found[0].json() == {"because": ["chance"]} and found[3].json() == {"max_body": 5_000}


def test_the_document_has_its_models_its_example_and_its_statuses(extended: Local) -> None:
    document = ask(extended, ("GET", "/openapi.json", None))[0].json()
    operation, schemas = document["paths"]["/explain"]["post"], document["components"]["schemas"]
    assert operation["requestBody"]["content"]["application/json"] == {
        "schema": {"$ref": "#/components/schemas/Question"},
        "example": {"row": {name: cells[0] for name, cells in packages.CELLS.items()}},
    }
    assert set(operation["responses"]) == {"200", *map(str, {**EVERY, **REFUSALS})}
    assert schemas["Explanation"]["properties"] == {"because": {"type": "array", "items": {"type": "string"}}}
    assert document["paths"]["/limits"]["get"]["responses"]["200"]["description"] == "What is taken."


def test_the_page_shows_it_with_its_example(extended: Local) -> None:
    page = unescape(ask(extended, ("GET", "/docs", None))[0].text)
    assert "<code>POST /explain</code>" in page and '"row": {' in page and "In a few words." in page
    assert "GET /limits" in page and "What is taken." in page


def test_its_counter_is_among_the_metrics(extended: Local) -> None:
    row = {"instances": [packages.ROW]}
    asked = [("POST", "/explain", {}), ("GET", "/explain", None), ("POST", "/predict", row), ("POST", "/predict", {})]
    lines = ask(extended, *asked, ("GET", "/metrics", None))[-1].text.splitlines()
    assert 'drivetrain_explained_total{model="house"} 2.0' in lines
    assert 'drivetrain_rows_total{model="house",version="1"} 1.0' in lines
    assert 'drivetrain_requests_total{model="house",status="400",version="1"} 1.0' in lines


def test_the_names_of_the_metrics_are_the_contracts(extended: Local) -> None:
    row = {"instances": [packages.ROW]}
    text = ask(extended, ("POST", "/predict", row), ("GET", "/metrics", None))[1].text
    names = {line.split("{")[0] for line in text.splitlines() if not line.startswith("#")}
    assert names - {"drivetrain_explained_total"} == {
        "drivetrain_requests_total",
        "drivetrain_rows_total",
        "drivetrain_row_errors_total",
        "drivetrain_needs_review_total",
        "drivetrain_flagged_rows_total",
        "drivetrain_requests_waiting",
        "drivetrain_access_log_dropped_total",
        "drivetrain_workers",
        "drivetrain_workers_wanted",
        *(f"drivetrain_request_seconds_{part}" for part in ("bucket", "count", "sum")),
        *(
            f"drivetrain_journal_{what}"
            for what in ("up", "waiting_requests", "waiting_bytes", "lost_requests_total", "lost_rows_total")
        ),
        "drivetrain_labels_total",
        "drivetrain_current_version",
        "drivetrain_threshold",
        *("drivetrain_ready", "drivetrain_requests_in_work", "drivetrain_journal_failures_total"),
    }


def test_a_path_that_is_not_there_is_told_of_it(extended: Local) -> None:
    messages = [
        answer.json()["error"]["message"]
        for answer in ask(extended, ("GET", "/explian", None), ("POST", "/limit", None))
    ]
    assert "Did you mean '/explain'?" in messages[0] and "Did you mean '/limits'?" in messages[1]
    assert all(one.path in messages[0] for one in app.ENDPOINTS)
