"""What requests leave in the journal while versions are compared: who was routed by chance, and who got no answer."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from sqlalchemy import select

from ml.validation.row_errors import RowError
from schemas.deploy_spec import DeploySpec
from schemas.signature import Input, NumberDerivation
from serving.http import unanswered as evidence
from serving.http.errors import HttpError
from serving.http.unanswered import Untold, failed, may_be_shared, refused_alone
from serving.http.work import NoAnswer, NoValidRow
from serving.journal.engine import connect
from serving.journal.insertion import Unanswered
from serving.journal.schema import requests, routed_keys, shadows, unanswered
from serving.releases.beside import place_beside, withdraw
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp

BAD = {**packages.ROW, "size": "large"}
PAID = {**packages.ROW, "income": 1.0}
KINDS = {"size": "FP64", "rooms": "INT64", "garden": "BOOL", "city": "BYTES", "built": "BYTES"}
TENSORS = [{"name": name, "shape": [1], "datatype": kind, "data": [packages.ROW[name]]} for name, kind in KINDS.items()]
MOST = 0.9
REFUSED: RowError = {"column": None, "message": "no"}


@pytest.fixture
def app(local: LocalApp) -> Iterator[Local]:
    with local(DeploySpec(route_by="X-Customer"), 1.0) as one:
        yield one


@pytest.fixture
def second(app: Local, tmp_path: Path) -> str:
    return str(packages.write_rules(tmp_path / "second", yes=0.2))


@pytest.fixture
def wanting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a package that wants a column which the first one does not take."""
    monkeypatch.setitem(packages.CELLS, "income", [1.0, 2.0, 3.0])
    known = packages.SIGNATURE
    more = known.model_copy(
        update={
            "inputs": [*known.inputs, Input(name="income", type="number")],
            "derivations": [*known.derivations, NumberDerivation(column="income")],
            "features": [*known.features, "income"],
        }
    )
    return str(packages.write_rules(tmp_path / "more", signature=more))


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


def customer_of(app: Local, version: str = "2") -> str:
    """Return a customer whom a version answers while there is a candidate."""
    traffic = app.follower.traffic
    assert traffic is not None
    names = (str(number) for number in range(1000))
    return next(one for one in names if traffic.candidate is None or traffic.route(one).version == version)


def sent(app: Local, path: str, bodies: list[Any], kept: Any) -> list[int]:
    """Send bodies, bytes as they are, and wait until the journal keeps anything of what is asked for."""

    async def scenario() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.app), base_url="http://service") as http:
            contents = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in bodies]
            headers = {"content-type": "application/json", "x-customer": customer_of(app)}
            found = [(await http.post(path, content=one, headers=headers)).status_code for one in contents]
            async with asyncio.timeout(10):
                while not rows(app, kept):
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
    assert [share for _, share in kept] == [0.3] * 5, "all of them say that both versions are asked"
    firsts = {kept[place][0] for place in (0, 3, 4)}
    assert {one for (one,) in rows(app, select(routed_keys.c.request_id))} == firsts


def test_what_got_no_answer_is_journalled_while_versions_are_compared_alone(app: Local, wanting: str) -> None:
    assert ask(app, [[BAD], [BAD, packages.ROW]]) == [422, 200]
    assert not rows(app, KEPT)
    placed(app, wanting, MOST)
    bodies = [[packages.ROW] * 2, [PAID, BAD, packages.ROW], [PAID, BAD], [PAID]]  # neither takes the bad row
    found = ask(app, bodies, customer_of(app), until=lambda: len(rows(app, KEPT)) == 3)
    assert found == [422, 200, 200, 200]
    assert sorted(rows(app, KEPT)) == [("2", MOST, 200, 0), ("2", MOST, 200, 1), ("2", MOST, 422, 2)]


def test_tensors_that_only_one_version_refuses_are_evidence_against_it(app: Local, wanting: str) -> None:
    placed(app, wanting, MOST)
    bodies = [{"inputs": TENSORS}, {"inputs": TENSORS[1:]}, {"inputs": TENSORS, "outputs": [{"name": "none"}]}]
    assert sent(app, "/v2/models/house/infer", bodies, KEPT) == [400, 400, 400]
    assert rows(app, KEPT) == [("2", MOST, 400, 0)]


@pytest.mark.parametrize("share", [MOST, None], ids=["candidate", "shadow"])
def test_what_both_versions_refuse_says_nothing_of_either(app: Local, wanting: str, share: float | None) -> None:
    placed(app, wanting, share)
    bodies = [b'{"instances": [', [], {"rows": []}, {"instances": []}, {"instances": [BAD]}]
    many = {"instances": [packages.ROW] * 10_001}
    only_one = {"instances": [packages.ROW if share else PAID]}
    kept = KEPT if share else select(shadows.c.status).where(shadows.c.status == 200)
    assert sent(app, "/predict", [*bodies, many, only_one], kept) == [400, 400, 400, 422, 422, 413, 422]
    if share:
        assert rows(app, KEPT) == [("2", share, 422, 1)]
    else:  # the bad row is left out by who reads both
        assert rows(app, KEPT) == [("1", None, 422, 1)] * 2
        assert rows(app, select(shadows.c.status).order_by("id")) == [(422,), (200,)]


def test_a_shadow_meets_what_was_not_answered_too(app: Local, wanting: str) -> None:
    placed(app, wanting, None)
    query = select(shadows.c.request_id, shadows.c.status).order_by(shadows.c.status)
    ask(app, [[PAID], [packages.ROW]], until=lambda: len(rows(app, query)) == 2)
    assert [status for _, status in rows(app, query)] == [200, 422]
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


@pytest.mark.parametrize(
    ("error", "may_be"),
    [
        (HttpError(400, "no JSON"), True),
        (HttpError(413, "too many rows"), True),
        (NoValidRow({0: REFUSED}, 1), True),
        (NoAnswer(422, "no finite prediction"), False),  # it took what was sent
        (HttpError(500, "a defect"), False),
    ],
)
def test_what_a_version_refuses_before_it_predicts_may_be_refused_by_the_other_one_too(
    error: HttpError, may_be: bool
) -> None:
    assert may_be_shared(error) == may_be


@pytest.mark.parametrize(
    ("places", "other", "left"),
    [
        (None, {}, 3),
        (None, {0, 1}, 3),
        (None, HttpError(400, "no such column"), None),
        (None, HttpError(504, "late"), Untold),
        ({0, 1, 2}, HttpError(504, "late"), Untold),
        (None, HttpError(503, "a lookup does not answer"), Untold),
        (None, ValueError("a defect"), 3),
        ({0, 1, 2}, {}, 3),
        ({0, 1, 2}, {1, 2, 4}, 1),
        ({0, 1, 2}, {0, 1, 2, 4}, 0),
        ({0, 1, 2}, HttpError(422, "no row is valid"), 0),
    ],
)
def test_rows_that_both_refuse_say_nothing_of_either(
    monkeypatch: pytest.MonkeyPatch, places: set[int] | None, other: Any, left: int | type[Untold] | None
) -> None:
    def read(*_: Any) -> Any:
        if isinstance(other, Exception):
            raise other
        return SimpleNamespace(checked=SimpleNamespace(errors=dict.fromkeys(other, REFUSED)))

    monkeypatch.setattr(evidence, "read", read)
    row, nothing = Unanswered("a", 0.0, "2", 0.5, 200, 3, 0.1), cast("Any", None)
    if left is Untold:
        with pytest.raises(Untold):
            refused_alone(row, places, nothing, nothing, DeploySpec(), lambda: None)
        return
    found = refused_alone(row, places, nothing, nothing, DeploySpec(), lambda: None)
    assert (None if found is None else found.rows) == left
