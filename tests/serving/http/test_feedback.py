"""Labels that arrive later: what is kept of them, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text

from ml.validation.refusal import Refusal
from schemas.deploy_spec import DeploySpec
from serving.http.errors import HttpError
from serving.http.feedback import read
from serving.http.label_value import accepted, accepted_steps, classes_of
from serving.journal.engine import begin_writing, connect
from serving.journal.insertion import add
from serving.journal.labelled import labelled
from serving.journal.labels import Label, record
from serving.journal.location import sqlite_url
from serving.journal.tables import create
from serving.journal.writer import Journal
from serving.releases.publisher import publish
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp
from tests.serving.journal.requests import ANSWER, request

JSON = {"content-type": "application/json"}
UNKNOWN = "01981c5e-7a40-7c1e-8f0a-3d2b1c4e5f60"
Scenario = Callable[[httpx.AsyncClient], Awaitable[Any]]


@pytest.fixture
def app(local: LocalApp) -> Iterator[Local]:
    with local(DeploySpec(max_body=5_000), 5.0) as opened:
        yield opened


def within(app: Local, scenario: Scenario) -> Any:
    async def run() -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.app), base_url="http://service") as http:
            return await scenario(http)

    return asyncio.run(run())


async def predicted(http: httpx.AsyncClient, *rows: Any) -> str:
    answer = (await http.post("/predict", json={"instances": list(rows or [packages.ROW])})).json()
    request_id: str = answer["request_id"]
    return request_id


def said(app: Local, *bodies: dict[str, Any], rows: Any = ()) -> list[httpx.Response]:
    """Send labels one after another, for a request that is predicted first unless a body names one itself."""

    async def scenario(http: httpx.AsyncClient) -> list[httpx.Response]:
        request_id = await predicted(http, *rows)
        return [await http.post("/feedback", json={"request_id": request_id, **body}) for body in bodies]

    found: list[httpx.Response] = within(app, scenario)
    return found


def kept(journal_url: str) -> list[tuple[int, str]]:
    with connect(journal_url).connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT row, label FROM labels ORDER BY id"))]


def counters(app: Local) -> dict[str, int]:
    async def scenario(http: httpx.AsyncClient) -> str:
        return (await http.get("/metrics")).text

    lines = [line for line in within(app, scenario).splitlines() if line.startswith("drivetrain_labels_total{")]
    return {line.split('status="')[1].split('"')[0]: int(float(line.split()[-1])) for line in lines}


def test_a_first_label_is_recorded_the_same_again_is_known_and_another_corrects_it(app: Local) -> None:
    answers = said(app, {"label": "no"}, {"label": "no"}, {"label": "yes"}, {"label": "yes"}, {"label": "no"})
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [answer.json()["status"] for answer in answers] == ["recorded", "known", "corrected", "known", "corrected"]
    assert list(answers[0].json()) == ["request_id", "index", "label", "status"]
    assert kept(app.journal_url) == [(0, '"no"'), (0, '"yes"'), (0, '"no"')], "append-only; the latest wins"
    assert [one.labels for one in labelled(app.journal_url)] == [["no"]]
    assert counters(app) == {"recorded": 1, "known": 2, "corrected": 2, "unknown": 0, "refused": 0}


def test_who_labelled_is_kept_with_the_label(app: Local) -> None:
    given = [("no", "Dr. Weiß"), ("no", "x"), ("yes", None)]
    answers = said(app, *({"label": label, "source": source} for label, source in given))
    assert [answer.json()["status"] for answer in answers] == ["recorded", "known", "corrected"]
    with connect(app.journal_url).connect() as connection:
        found = connection.execute(text("SELECT label, who FROM labels ORDER BY id")).all()
    assert [tuple(one) for one in found] == [('"no"', "Dr. Weiß"), ('"yes"', None)]


def test_the_index_is_the_position_in_the_request_also_beside_refused_rows(app: Local) -> None:
    rows = [packages.ROW, {"size": "big"}, packages.ROW]
    found = said(app, *({"index": index, "label": "yes"} for index in (2, 1, 3, 0)), rows=rows)
    assert [answer.status_code for answer in found] == [200, 404, 404, 200]
    assert kept(app.journal_url) == [(2, '"yes"'), (0, '"yes"')]
    assert "no prediction at index 1; it has some at 0, 2" in found[1].json()["error"]["message"]


@pytest.mark.parametrize("rows", [[packages.ROW] * 2, [{"size": "big"}, packages.ROW]])
def test_without_an_index_a_label_for_several_rows_is_422(app: Local, rows: list[Any]) -> None:
    (answer,) = said(app, {"label": "yes"}, rows=rows)
    assert answer.status_code == 422 and "index" in answer.json()["error"]["message"] and kept(app.journal_url) == []


@pytest.mark.untraced
@pytest.mark.parametrize("request_id", [UNKNOWN, "", "x" * 4000, "nul\0", "größe", "' OR 1=1 --"])
def test_an_id_that_no_prediction_has_is_404_in_words(app: Local, request_id: str) -> None:
    (answer,) = said(app, {"request_id": request_id, "label": "yes"})
    assert answer.status_code == 404 and answer.json()["error"]["message"] == "no prediction has this request_id"
    assert counters(app)["unknown"] == 1


@pytest.mark.parametrize("index", [-1, 1, 2**31, 10**30])
def test_an_index_out_of_range_is_404(app: Local, index: int) -> None:
    assert said(app, {"index": index, "label": "yes"})[0].status_code == 404


def test_half_a_surrogate_pair_is_no_id_and_no_label(app: Local) -> None:
    async def scenario(http: httpx.AsyncClient) -> list[int]:
        bodies = [{"request_id": "\ud800", "label": 1}, {"request_id": await predicted(http), "label": "\ud800"}]
        return [(await http.post("/feedback", content=json.dumps(body), headers=JSON)).status_code for body in bodies]

    assert within(app, scenario) == [404, 422]


def test_a_label_that_is_no_class_is_422_and_lists_the_classes(app: Local) -> None:
    (answer,) = said(app, {"label": "yess"})
    message = answer.json()["error"]["message"]
    assert answer.status_code == 422 and "Did you mean 'yes'?" in message and "'no', 'yes'" in message
    assert counters(app)["refused"] == 1


@pytest.mark.parametrize("label", [None, [], {}, 1, True, "Yes", 1.5])
def test_what_is_not_one_of_the_classes_is_422(app: Local, label: Any) -> None:
    assert said(app, {"label": label})[0].status_code == 422 and kept(app.journal_url) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"request_id": "x"}',
        b'{"label": 1}',
        b'{"request_id": "x", "label": 1, "who": "me"}',
        b'{"request_id": "x", "label": 1, "label": 2}',
        b'{"request_id": "x", "label": NaN}',
        b'{"request_id": 3, "label": 1}',
        b'{"request_id": "x", "index": 1.0, "label": 1}',
        b'{"request_id": "x", "index": "0", "label": 1}',
        b'{"request_id": "x", "index": true, "label": 1}',
        b'{"request_id": "x", "label": 1, "source": 3}',
        b'{"request_id": "x", "label": 1, "source": ""}',
        b'{"request_id": "x", "label": 1, "source": "a\\u0000"}',
        b'{"request_id": "x", "label": 1, "source": "\\ud800"}',
        b'{"request_id": "x", "label": 1, "source": "' + b"x" * 101 + b'"}',
    ],
)
def test_a_body_of_another_form_is_400(app: Local, body: bytes) -> None:
    answer = within(app, lambda http: http.post("/feedback", content=body, headers=JSON))
    assert answer.status_code == 400 and answer.json()["error"]["message"]


@given(st.binary())
def test_bytes_of_any_kind_are_a_label_or_a_4xx(body: bytes) -> None:
    try:
        read(body)
    except HttpError as error:
        assert error.status in (400, 404)


def test_limits_are_those_of_predict(local: LocalApp) -> None:
    async def never_ending() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)

    async def scenario(http: httpx.AsyncClient) -> list[int]:
        answers = [
            await http.get("/feedback"),
            await http.post("/feedback", content=b"{}", headers={"content-type": "text/plain"}),
            await http.post("/feedback", content=b"x" * 6000, headers=JSON),
            await http.post("/feedback", content=never_ending(), headers=JSON),
        ]
        return [answer.status_code for answer in answers]

    with local(DeploySpec(max_body=5_000, deadline=0.2), 5.0) as app:
        assert within(app, scenario) == [405, 415, 413, 408]


def test_a_locked_journal_is_503_and_the_label_can_be_sent_again(local: LocalApp) -> None:
    with local(DeploySpec(), 0.1) as app:
        request_id = within(app, predicted)
        body = {"request_id": request_id, "label": "yes"}
        with connect(app.journal_url).connect() as other:
            other.exec_driver_sql("BEGIN IMMEDIATE")
            refused = within(app, lambda http: http.post("/feedback", json=body))
        assert refused.status_code == 503 and "journal" in refused.json()["error"]["message"]
        assert refused.headers["retry-after"] == "1" and kept(app.journal_url) == []
        assert app.follower.events, "the journal answers again"
        while app.follower.journal.error is not None:
            pass
        again = within(app, lambda http: http.post("/feedback", json=body))
        assert again.json()["status"] == "recorded"


def test_equal_labels_at_the_same_time_are_recorded_once_and_known_otherwise(app: Local) -> None:
    async def scenario(http: httpx.AsyncClient) -> list[str]:
        requests = [await predicted(http) for _ in range(20)]
        sent = [http.post("/feedback", json={"request_id": one, "label": "yes"}) for one in requests * 5]
        return [answer.json()["status"] for answer in await asyncio.gather(*sent)]

    statuses = within(app, scenario)
    assert (statuses.count("recorded"), statuses.count("known")) == (20, 80)
    assert len(kept(app.journal_url)) == 20


def test_two_workers_neither_lose_nor_double_a_label(journal_url: str) -> None:
    engines = [connect(journal_url) for _ in range(2)]
    journals = [Journal(engine) for engine in engines]
    labels = [Label(str(number), 0, '"yes"', 0.0) for number in range(200)]

    async def scenario() -> list[str]:
        return await asyncio.gather(*(journal.label(label) for label in labels for journal in journals))

    statuses = asyncio.run(scenario())
    for journal in journals:
        journal.close()
    assert (statuses.count("recorded"), statuses.count("known")) == (200, 200)
    assert len(kept(journal_url)) == 200


def test_a_version_that_is_not_loaded_any_more_still_takes_labels(app: Local, tmp_path: Path) -> None:
    request_id = within(app, predicted)
    for number in ("2", "3"):
        publish(app.journal_url, number, str(packages.write_rules(tmp_path / f"package{number}")), timeout=10)
    while [version.version for version in app.follower.loaded()] != ["3", "2"]:
        pass
    bodies = [{"request_id": request_id, "label": label} for label in ("maybe", "no")]
    assert [answer.status_code for answer in said(app, *bodies)] == [422, 200]
    assert [(one.version, one.labels) for one in labelled(app.journal_url)] == [("1", ["no"])]


def test_a_journal_of_an_earlier_version_is_opened_and_gets_the_index(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "journal.db")
    create(url)
    with connect(url).begin() as connection:
        connection.exec_driver_sql("DROP INDEX labels_by_prediction")
    assert labelled(url) == []
    create(url)
    with connect(url).connect() as connection:
        (plan,) = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'labels'"
        ).all()
    assert plan == ("labels_by_prediction",)


@pytest.mark.parametrize(
    ("versions", "always", "expected"),
    [
        (None, None, ["1", "5", "4", "3", "2"]),
        (2, None, ["1", "5"]),
        (3, "5", ["1", "5", "4"]),
        (3, "2", ["1", "5", "2"]),
        (1, "2", ["2"]),
        (2, "6", ["1", "5"]),
    ],
)
def test_of_many_versions_with_labels_the_newest_are_read_and_always_the_one_asked_for(
    journal_url: str, versions: int | None, always: str | None, expected: list[str]
) -> None:
    engine = connect(journal_url)
    with engine.begin() as connection:
        for place, version in enumerate(["1", "2", "3", "4", "5", "6", "1"]):
            add(connection, [request(str(place), version=version, when=float(place))])
        record(connection, [Label(str(place), 0, f'"{place}"', 0.0) for place in (0, 1, 2, 3, 4, 6)])
    engine.dispose()
    found = labelled(journal_url, versions=versions, always=always)
    assert [one.version for one in found] == expected
    if "1" in expected:
        assert (found[0].labels, found[0].records) == (["0", "6"], [ANSWER] * 2)
    assert labelled(journal_url, seconds=60, versions=versions, always=always) == []


def test_earlier_labels_are_looked_up_and_not_searched_for(journal_url: str) -> None:
    asked: list[str] = []
    engine = connect(journal_url)
    event.listen(engine, "before_cursor_execute", lambda *config: asked.append(str(config[2])))
    with engine.begin() as connection:
        begin_writing(connection)
        record(connection, [Label(str(number), number, "1", 0.0) for number in range(256)])
        (query,) = [statement for statement in asked if "FROM labels" in statement]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", ("a", 1) * 256).all()
    assert sum("USING INDEX labels_by_prediction" in str(step) for step in plan) == 256
    assert not any("SCAN labels" in str(step) for step in plan)


@pytest.mark.parametrize("path", ["/docs", "/openapi.json"])
def test_the_documentation_tells_of_feedback_with_an_example(app: Local, path: str) -> None:
    page = within(app, lambda http: http.get(path)).text
    assert "/feedback" in page and "request_id" in page and UNKNOWN[:8] in page and "another one corrects" in page


@pytest.mark.parametrize(
    ("classes", "label", "own"),
    [
        ([0, 1], 1.0, 1),
        ([0, 1], "1", 1),
        ([1.0, 2.0], 2, 2.0),
        ([False, True], True, True),
        (["0", "1"], 0, "0"),
        (["a", "b"], "b", "b"),
    ],
)
def test_a_label_is_kept_in_the_form_of_its_class(classes: list[Any], label: Any, own: Any) -> None:
    found = accepted(label, classes)
    assert (found, type(found)) == (own, type(own))


@pytest.mark.parametrize("label", ["3", True, None, [], float("inf"), 10**400])
def test_a_label_of_a_regression_must_be_a_finite_number(label: Any) -> None:
    with pytest.raises(Refusal, match="number"):
        accepted(label, None)
    assert accepted(3, None) == 3.0 and json.dumps(accepted(3, None)) == "3.0"


@pytest.mark.parametrize("label", [1e308, -1e308, 10**300])
def test_a_label_is_bounded_as_inputs_are(label: Any) -> None:
    for take in (lambda: accepted(label, None), lambda: accepted_steps([1, label], 2)):
        with pytest.raises(Refusal, match=r"must be a number between -3\.4e38 and 3\.4e38"):
            take()


def test_a_forecasts_label_is_a_list_with_something_in_it() -> None:
    with pytest.raises(Refusal, match="step after step, and this one is empty"):
        accepted_steps([], 2)
    with pytest.raises(Refusal, match="step after step, not the number 1"):
        accepted_steps(1, 2)


@pytest.mark.parametrize(
    ("answer", "classes"),
    [
        ({"value": 1.5}, None),
        ({"label": 1, "probabilities": {"0": 0.2, "1": 0.8}}, [0, 1]),
        ({"label": 1.0, "probabilities": {"1.0": 0.2, "2.5": 0.8}}, [1.0, 2.5]),
        ({"label": True, "probabilities": {"False": 0.2, "True": 0.8}}, [False, True]),
        ({"label": "b", "probabilities": {"a": 0.2, "b": 0.8}}, ["a", "b"]),
        ({"label": None, "probabilities": {"a": 0.2, "b": 0.8}}, ["a", "b"]),
        ({"label": "c"}, ["x", "y", "c"]),
        ({"label": None}, ["x", "y"]),
    ],
)
def test_a_prediction_of_a_version_that_is_gone_names_its_classes_itself(answer: Any, classes: Any) -> None:
    assert classes_of(answer, None, ["x", "y"]) == classes
    if classes is not None:
        assert classes_of(answer, ["own"], ["x", "y"]) == ["own"]
