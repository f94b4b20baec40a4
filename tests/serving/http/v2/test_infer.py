"""Tensors go the way of `/predict`: the same checks, versions, journal, counters and limits."""

import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, create_engine, func, select

from ml.monitoring.column_summary import summarize
from ml.monitoring.drift import window_of
from schemas.deploy_spec import DeploySpec
from serving.journal import location, tables
from serving.journal.predictions import window
from serving.journal.schema import requests, routed_keys, shadows
from serving.keys import store
from serving.releases.beside import place_beside
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp, opened_app
from tests.serving.http.v2.tensors import Body, outputs_of, request

Columns = dict[str, tuple[str, list[Any]]]
NAN = float("nan")
KINDS: Any = {one.name: one.type for one in packages.SIGNATURE.inputs}
JSON: Columns = {
    "size": ("FP64", [1.0, 9.0, 5.5]),
    "rooms": ("INT64", [1, None, 4]),
    "garden": ("BOOL", [True, None, False]),
    "city": ("BYTES", ["Bern", "Genève", "Chur"]),
    "built": ("BYTES", ["1999-05-01", None, "2020-02-29T10:00:00"]),
}
BINARY: Columns = {
    "size": ("FP64", [1.0, 9.0, 5.5]),
    "rooms": ("FP64", [1.0, NAN, 4.0]),
    "garden": ("FP64", [1.0, NAN, 0.0]),
    "city": ("BYTES", ["Bern", "Genève", "Chur"]),
    "built": ("BYTES", ["1999-05-01", "", "2020-02-29T10:00:00"]),
}
ROWS = [dict(zip(packages.CELLS, row, strict=True)) for row in zip(*packages.CELLS.values(), strict=True)]
INFER = "/v2/models/house/infer"


def ask(app: Local, *asked: tuple[str, Any], until: Callable[[], bool] = lambda: True) -> list[httpx.Response]:
    """Send requests, a path with nothing, JSON, or body and headers each; the service runs on until something holds."""

    async def one(http: httpx.AsyncClient, path: str, body: Any) -> httpx.Response:
        if body is None:
            return await http.get(path)
        if isinstance(body, dict):
            return await http.post(path, json=body)
        return await http.post(path, content=body[0], headers=body[1])

    async def scenario() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app.app), base_url="http://service") as http:
            found = [await one(http, path, body) for path, body in asked]
            async with asyncio.timeout(20):
                while not until():
                    await asyncio.sleep(0.01)
            return found

    return asyncio.run(scenario())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One application for what needs no limits of its own."""
    folder = tmp_path_factory.mktemp("house")
    url = location.sqlite_url(folder / "journal.db")
    tables.create(url)
    with opened_app(folder, url, DeploySpec(max_rows=50, max_body=100_000), 5.0) as app:
        yield app


def read(url: str, does: Callable[[Connection], Any]) -> Any:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return does(connection)
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "body",
    [request(JSON), request(BINARY, binary=True), (request(BINARY, binary=True)[0], None)],
    ids=["JSON", "bytes", "bytes of no type"],
)
def test_both_forms_answer_what_predict_answers_and_the_journal_has_the_rows(shared: Local, body: Body) -> None:
    if body[1] is None:  # NVIDIA's client names no type of content
        body = (body[0], {key: value for key, value in request(BINARY, binary=True)[1].items() if "type" not in key})
    predicted, inferred = ask(shared, ("/predict", {"instances": ROWS}), (INFER, body))
    assert inferred.status_code == 200, inferred.text
    answer, expected = outputs_of(inferred.content, inferred.headers), predicted.json()["predictions"]
    assert answer["label"] == [one["label"] for one in expected]
    assert answer["probabilities"] == [share for one in expected for share in one["probabilities"].values()]
    assert answer["needs_review"] == [one["needs_review"] for one in expected]
    kept = window(shared.journal_url, rows=6)
    assert kept.records[:3] == kept.records[3:] and kept.inputs[:3] == ROWS
    before, after = kept.inputs[:3], kept.inputs[3:]
    assert [row | {"built": row["built"] or None} for row in after] == before
    first, second = (window_of(some, kept.records[:3], packages.SIGNATURE) for some in (before, after))
    assert first.columns.keys() == second.columns.keys()
    for name, values in first.columns.items():
        assert summarize(values, KINDS[name]).counts == summarize(second.columns[name], KINDS[name]).counts


def test_a_label_finds_a_row_of_tensors(shared: Local) -> None:
    (inferred,) = ask(shared, (INFER, request(BINARY, binary=True, id="mine")))
    answer = inferred.json()
    label = {"request_id": answer["parameters"]["request_id"], "index": 2, "label": "yes"}
    assert answer["id"] == "mine" and ask(shared, ("/feedback", label))[0].json()["status"] == "recorded"


def test_where_a_row_breaks_the_signature_none_is_predicted_and_all_are_told(shared: Local) -> None:
    wrong = BINARY | {"size": ("FP64", [NAN, 1.0, float("inf")]), "rooms": ("FP64", [1.0, 2.5, 2.0])}
    before = len(window(shared.journal_url))
    several, one = ask(
        shared,
        (INFER, request(wrong, binary=True)),
        (INFER, request({name: (kind, values[:1]) for name, (kind, values) in wrong.items()}, binary=True)),
    )
    assert (several.status_code, one.status_code) == (422, 422)
    assert several.json() == {
        "error": "none is predicted, since 3 of 3 rows are not valid: row 0: 'size' is null, but the column had no "
        "missing value in training; row 1: 'rooms' must be a whole number, not 2.5; "
        "row 2: 'size' must be a finite number"
    }
    assert one.json()["error"].startswith("'size' is null") and len(window(shared.journal_url)) == before


def test_rows_are_counted_as_refused_where_all_of_a_request_are(shared: Local) -> None:
    def refused() -> float:
        text = ask(shared, ("/metrics", None))[0].text
        return float(re.search(r"drivetrain_row_errors_total{.*} (\S+)", text)[1])  # type: ignore[index]

    before, row = refused(), ROWS[0]
    wrong = JSON | {"size": ("FP64", [None, 1.0, 2.0])}
    asked = [[{"size": "wide"}], [{"size": "wide"}] * 10, [{**row, "size": "wide"}, row]]
    found = ask(shared, *(("/predict", {"instances": rows}) for rows in asked), (INFER, request(wrong)))
    assert [one.status_code for one in found] == [422, 422, 200, 422]
    assert refused() - before == 1 + 10 + 1 + 1


def test_of_many_wrong_rows_the_first_are_told(shared: Local) -> None:
    many = {name: (kind, [*values[:1] * 50]) for name, (kind, values) in BINARY.items()} | {
        "size": ("FP64", [NAN] * 50)
    }
    (found,) = ask(shared, (INFER, request(many, binary=True)))
    assert found.status_code == 422 and "50 of 50 rows" in found.json()["error"] and len(found.text) < 10_000


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (INFER, ({"a": 1}), 400),
        (INFER, (b"{}", {"content-type": "application/json", "inference-header-content-length": "-1"}), 400),
        (INFER, (b"{}", {"content-type": "application/json", "inference-header-content-length": "9" * 30}), 400),
        (INFER, (b"{}", [("inference-header-content-length", "2")] * 2), 400),
        (INFER, (b"{}", {"content-type": "application/json", "inference-header-content-length": "3"}), 400),
        (INFER, (b"{}", {"content-type": "text/plain"}), 415),
        (INFER, (request(JSON)[0], {"origin": "http://elsewhere"}), 415),
        (INFER, (b"{}", {"content-type": "application/json", "content-encoding": "gzip"}), 415),
        (INFER, (b" " * 200_000, {"content-type": "application/json"}), 413),
        (INFER, request({name: (kind, values[:1] * 51) for name, (kind, values) in JSON.items()}), 413),
        (INFER, request({name: (kind, []) for name, (kind, _) in JSON.items()}), 422),
        (INFER, request(JSON, outputs=[{"name": "score"}]), 400),
        (INFER, None, 405),
        ("/v2/models/hut/infer", request(JSON), 404),
        ("/v2/models/hut", None, 404),
        ("/v2/models/house/versions/9/infer", request(JSON), 404),
        ("/v2/models/house/versions/9", None, 404),
        ("/v2/models/house/versions/9/ready", None, 404),
        ("/v2/models/house/versions/1/infer", None, 405),
        ("/v2/repository/index", None, 404),
    ],
)
def test_errors_are_texts_as_the_protocol_has_them(shared: Local, path: str, body: Any, status: int) -> None:
    (found,) = ask(shared, (path, body))
    assert found.status_code == status and list(found.json()) == ["error"] and isinstance(found.json()["error"], str)


def test_json_of_far_more_values_than_rows_have_is_refused_before_it_is_read(local: LocalApp) -> None:
    with local(DeploySpec(max_rows=10), 5.0) as app:
        (found,) = ask(
            app, (INFER, (b'{"inputs": [' + b"{}," * 40_000 + b"{}]}", {"content-type": "application/json"}))
        )
    assert found.status_code == 413 and "deploy.max_rows" in found.json()["error"]


@pytest.mark.parametrize("binary", [False, True])
def test_thousands_of_rows_are_answered_in_order(local: LocalApp, binary: bool) -> None:
    form = BINARY if binary else JSON
    many = {name: (kind, values * 2_000) for name, (kind, values) in form.items()}
    with local(DeploySpec(), 5.0) as app:
        (found,) = ask(app, (INFER, request(many, binary=binary, parameters={"binary_data_output": binary})))
        answer = outputs_of(found.content, found.headers)
        assert answer["label"] == ["yes"] * 6_000 and len(answer["probabilities"]) == 12_000
        assert len(window(app.journal_url)) == 6_000


def test_the_paths_that_tell(shared: Local) -> None:
    paths = ("", "/health/live", "/health/ready", "/models/house", "/models/house/ready")
    server, live, ready, model, model_ready = ask(shared, *((f"/v2{path}", None) for path in paths))
    assert server.json()["name"] == "drivetrain" and server.json()["extensions"] == ["binary_tensor_data"]
    assert live.json() == {"live": True} and ready.json() == {"ready": True}
    assert model_ready.json() == {"name": "house", "ready": True}
    found = model.json()
    assert (found["name"], found["versions"], found["platform"]) == ("house", ["1"], "drivetrain_rules")
    assert [one["name"] for one in found["inputs"]] == list(packages.CELLS)
    assert [one["name"] for one in found["outputs"]] == ["label", "probabilities", "needs_review"]
    pinned = ask(shared, ("/v2/models/house/versions/1", None), ("/v2/models/house/versions/1/ready", None))
    assert [one.json() for one in pinned] == [found, model_ready.json()]


def test_rows_and_requests_are_counted_as_those_of_predict(local: LocalApp) -> None:
    with local(DeploySpec(), 5.0) as app:
        *_, metrics = ask(app, (INFER, request(JSON)), (INFER, {}), ("/metrics", None))
    lines = metrics.text.splitlines()
    assert 'drivetrain_rows_total{model="house",version="1"} 3.0' in lines
    assert 'drivetrain_requests_total{model="house",status="200",version="1"} 1.0' in lines
    assert 'drivetrain_requests_total{model="house",status="400",version="1"} 1.0' in lines


def test_a_version_that_is_named_answers_whatever_the_traffic_and_counts_as_no_evidence(
    local: LocalApp, tmp_path: Path
) -> None:
    with local(DeploySpec(route_by="x-customer"), 5.0) as app:
        other = packages.write_rules(tmp_path / "2", yes=0.2)
        place_beside(app.journal_url, "2", str(other), share=0.5, timeout=20)
        _until(lambda: app.follower.traffic is not None and app.follower.traffic.candidate is not None)
        body = request(JSON)
        pinned = [(f"/v2/models/house/versions/{number}/infer", body) for number in ("1", "2", "2")]
        found = [one.json()["model_version"] for one in ask(app, *pinned)]
        headers = [{**body[1], "x-customer": f"c{number}"} for number in range(40)]
        split = [one.json()["model_version"] for one in ask(app, *((INFER, (body[0], one)) for one in headers))]
        again = [one.json()["model_version"] for one in ask(app, *((INFER, (body[0], one)) for one in headers))]
        kept = read(
            app.journal_url, lambda c: c.execute(select(requests.c.share).order_by(requests.c.id)).scalars().all()
        )
        met = read(app.journal_url, lambda c: c.execute(select(func.count()).select_from(routed_keys)).scalar())
    assert found == ["1", "2", "2"] and kept == [None] * 3 + [0.5] * 80
    assert met == 40, "of a customer the first is evidence"
    assert set(split) == {"1", "2"} and split == again


def test_a_shadow_follows_tensors_but_none_of_a_named_version(local: LocalApp, tmp_path: Path) -> None:
    with local(DeploySpec(), 5.0) as app:
        other = packages.write_rules(tmp_path / "2", yes=0.2)
        place_beside(app.journal_url, "2", str(other), share=None, timeout=20)
        _until(lambda: app.follower.traffic is not None and app.follower.traffic.shadow is not None)
        query = select(shadows.c.request_id, shadows.c.version, shadows.c.status, shadows.c.rows)

        def followed() -> list[Any]:
            return [tuple(row) for row in read(app.journal_url, lambda c: c.execute(query).all())]

        asked = [("/v2/models/house/versions/1/infer", request(JSON)), (INFER, request(BINARY, binary=True))]
        answers = ask(app, *asked, until=lambda: bool(followed()))
        assert followed() == [(answers[1].json()["parameters"]["request_id"], "2", 200, 3)]


def test_without_a_key_health_alone_is_answered(local: LocalApp) -> None:
    with local(DeploySpec(), 5.0) as app:
        store.add(app.keys, "a", None)
        time.sleep(0.3)
        paths: list[tuple[str, Any]] = [("/v2/health/live", None), ("/v2/health/ready", None), ("/v2", None)]
        found = ask(app, *paths, ("/v2/models/house", None), (INFER, request(JSON)))
    assert [one.status_code for one in found] == [200, 200, 401, 401, 401]
    assert all(isinstance(one.json()["error"], str) for one in found[2:])


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)
