"""What requests leave in the journal while versions are compared: who was routed by chance, and who got no answer."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from schemas.deploy_spec import DeploySpec
from schemas.signature import Input, NumberDerivation
from serving.http.errors import HttpError
from serving.http.unanswered import failed
from serving.journal.schema import requests, routed_keys, shadows, unanswered
from serving.journal.tables import connect
from serving.releases.beside import place_beside, withdraw
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp

BAD = {**packages.ROW, "size": "large"}


@pytest.fixture
def app(local: LocalApp) -> Iterator[Local]:
    with local(DeploySpec(route_by="X-Customer"), 1.0) as one:
        yield one


@pytest.fixture
def second(app: Local, tmp_path: Path) -> str:
    return str(packages.write_rules(tmp_path / "second", yes=0.2))


def placed(app: Local, package: str, share: float | None) -> None:
    place_beside(app.journal_url, "2", package, share=share)
    deadline = time.monotonic() + 10
    while app.follower.traffic is None or not app.follower.traffic.beside:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ask(
    app: Local, bodies: list[list[dict[str, Any]]], customer: str | None = None, until: Callable[[], bool] | None = None
) -> list[int]:
    """Send requests one after another, and let the journal take what nobody waits for."""

    async def scenario() -> list[int]:
        headers = {} if customer is None else {"x-customer": customer}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.app), base_url="http://service") as http:
            found = [
                (await http.post("/predict", json={"instances": rows}, headers=headers)).status_code for rows in bodies
            ]
            async with asyncio.timeout(10):
                while until is not None and not until():
                    await asyncio.sleep(0.01)
            return found

    return asyncio.run(scenario())


def rows(app: Local, query: Any) -> list[tuple[Any, ...]]:
    with connect(app.journal_url).connect() as connection:
        return [tuple(row) for row in connection.execute(query)]


KEPT = select(unanswered.c.version, unanswered.c.share, unanswered.c.status, unanswered.c.rows).order_by("id")


def test_a_request_that_was_routed_by_chance_has_the_share_of_then(app: Local, second: str) -> None:
    ask(app, [[packages.ROW]])
    placed(app, second, 0.3)
    ask(app, [[packages.ROW]] * 3)
    withdraw(app.journal_url, "2")
    time.sleep(0.2)
    ask(app, [[packages.ROW]])
    assert [share for (share,) in rows(app, select(requests.c.share).order_by("id"))] == [None, 0.3, 0.3, 0.3, None]


def test_of_a_customer_the_first_request_alone_is_evidence(app: Local, second: str) -> None:
    placed(app, second, 0.3)
    ask(app, [[packages.ROW]] * 3, customer="anna", until=lambda: len(rows(app, select(routed_keys))) == 1)
    ask(app, [[packages.ROW]] * 2, until=lambda: len(rows(app, select(routed_keys))) == 3)
    kept = rows(app, select(requests.c.request_id, requests.c.share).order_by("id"))
    assert [share for _, share in kept] == [0.3, None, None, 0.3, 0.3]
    assert {one for (one,) in rows(app, select(routed_keys.c.request_id))} == {one for one, share in kept if share}


def test_what_got_no_answer_is_journalled_while_versions_are_compared_alone(app: Local, second: str) -> None:
    assert ask(app, [[BAD], [BAD, packages.ROW]]) == [422, 200]
    assert not rows(app, KEPT)
    placed(app, second, 0.9)
    bodies = [[BAD, BAD], [packages.ROW, BAD], [packages.ROW]]
    assert ask(app, bodies, until=lambda: len(rows(app, KEPT)) == 2) == [422, 200, 200]
    first, other = rows(app, KEPT)
    assert first[1:] == (0.9, 422, 2) and other[1:] == (0.9, 200, 1)


def test_tensors_that_only_one_version_refuses_are_evidence_against_it(
    app: Local, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(packages.CELLS, "income", [1.0, 2.0, 3.0])
    known = packages.SIGNATURE
    more = known.model_copy(
        update={
            "inputs": [*known.inputs, Input(name="income", type="number")],
            "derivations": [*known.derivations, NumberDerivation(column="income")],
            "features": [*known.features, "income"],
        }
    )
    placed(app, str(packages.write_rules(tmp_path / "more", signature=more)), 0.99)
    kinds = {"size": "FP64", "rooms": "INT64", "garden": "BOOL", "city": "BYTES", "built": "BYTES"}
    tensors = [{"name": name, "shape": [1], "datatype": kinds[name], "data": [packages.ROW[name]]} for name in kinds]

    async def scenario() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.app), base_url="http://service") as http:
            statuses = {
                (await http.post("/v2/models/house/infer", json={"inputs": tensors})).status_code for _ in "1234"
            }
            assert 400 in statuses
            async with asyncio.timeout(10):
                while not rows(app, KEPT):
                    await asyncio.sleep(0.01)

    asyncio.run(scenario())
    assert set(rows(app, KEPT)) == {("2", 0.99, 400, 0)}


def test_a_shadow_meets_what_was_not_answered_too(app: Local, second: str) -> None:
    placed(app, second, None)
    query = select(shadows.c.request_id, shadows.c.status)
    ask(app, [[BAD], [packages.ROW]], until=lambda: len(rows(app, query)) == 2)
    assert [status for _, status in rows(app, query)] == [422, 200]
    failures = rows(app, select(unanswered.c.request_id, unanswered.c.share, unanswered.c.status))
    assert failures == [(rows(app, query)[0][0], None, 422)]


@pytest.mark.parametrize(
    ("error", "is_late", "status"),
    [
        (HttpError(422, "no"), False, 422),
        (HttpError(503, "no"), False, None),
        (HttpError(400, "no"), False, 400),
        (HttpError(413, "no"), False, 413),
        (HttpError(429, "no"), False, None),
        (HttpError(504, "late"), True, 504),
        (asyncio.CancelledError(), True, 504),
        (asyncio.CancelledError(), False, None),
        (ValueError("a defect"), False, 500),
    ],
)
def test_an_error_counts_where_it_is_the_versions(error: BaseException, is_late: bool, status: int | None) -> None:
    found = failed("a", "2", 0.1, error, 0.5, is_late)
    assert (found and found.status) == status
