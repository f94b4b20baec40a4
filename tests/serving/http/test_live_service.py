"""The real service: what it predicts, and what it refuses."""

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from ml.package.model import PackagedModel
from serving.journal.predictions import count, window
from tests.serving import packages
from tests.serving.conftest import Live
from tests.serving.processes import worker

JSON = {"content-type": "application/json"}


def predict(live: Live, *rows: Any) -> httpx.Response:
    return httpx.post(f"{live.url}/predict", json={"instances": list(rows)})


def test_a_prediction_has_the_form_of_the_contract_and_equals_the_packages_own(live: Live) -> None:
    answer = predict(live, packages.ROW).json()
    assert list(answer) == ["model", "version", "request_id", "predictions"]
    assert (answer["model"], answer["version"]) == ("house", "1")
    model = PackagedModel.open(live.packages / "1")
    expected = model.encode(model.predict({name: [value] for name, value in packages.ROW.items()})).records
    assert answer["predictions"] == json.loads(json.dumps(expected))
    assert list(answer["predictions"][0]) == ["label", "probabilities", "needs_review"]


def test_every_request_has_an_id_of_its_own_that_the_client_cannot_choose(live: Live) -> None:
    mine = str(uuid.uuid4())
    headers = {"x-request-id": mine, "request-id": mine}
    ids = {
        httpx.post(f"{live.url}/predict", json={"instances": [packages.ROW]}, headers=headers).json()["request_id"]
        for _ in range(5)
    }
    assert len(ids) == 5 and mine not in ids and all(uuid.UUID(one).version == 7 for one in ids)


def test_a_prediction_is_in_the_journal_before_it_is_acknowledged(live: Live) -> None:
    before = count(live.journal_url)
    answer = predict(live, packages.ROW, {"size": "x"}, {**packages.ROW, "rooms": None}).json()
    newest = window(live.journal_url, rows=2)
    assert count(live.journal_url) == before + 2
    assert newest.request_ids == [answer["request_id"]] * 2 and newest.rows == [0, 2] and newest.versions == ["1", "1"]
    assert newest.inputs[0] == packages.ROW and newest.records[0] == answer["predictions"][0]
    assert newest.confidences[0] == max(answer["predictions"][0]["probabilities"].values())


def test_a_wrong_row_gets_its_own_error_in_its_place(live: Live) -> None:
    response = predict(live, packages.ROW, {**packages.ROW, "size": "big"}, packages.ROW)
    first, wrong, last = response.json()["predictions"]
    assert response.status_code == 200 and first == last
    assert wrong == {"error": {"column": "size", "message": "must be a number, not the string 'big'"}}


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([{**packages.ROW, "size": None}], "size"),
        ([{**packages.ROW, "extra": 1}], "extra"),
        ([{"size": 1.0}], "city"),
        ([{**packages.ROW, "built": "soon"}], "built"),
        ([1], None),
        ([[]], None),
    ],
)
def test_without_a_valid_row_the_request_is_422_and_nothing_is_journalled(
    live: Live, rows: list[Any], column: str | None
) -> None:
    before = count(live.journal_url)
    response = predict(live, *rows)
    assert response.status_code == 422 and response.json()["error"].get("column") == column
    assert len(response.json()["predictions"]) == len(rows) and count(live.journal_url) == before


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"instances": [{"size": NaN}]}',
        b"[" * 200_000,
        b'{"instances": [{"size": 1, "size": 2}]}',
        b"\x80",
        b"null",
        b'{"instances": 3}',
        b'{"rows": []}',
    ],
)
def test_a_malformed_body_is_400(live: Live, body: bytes) -> None:
    response = httpx.post(f"{live.url}/predict", content=body, headers=JSON)
    assert response.status_code == 400 and response.json()["error"]["message"]


@pytest.mark.parametrize("token", ["1e999", "-1e999", "1e39", "9" * 400])
def test_numbers_beyond_what_the_model_computes_in_are_refused(live: Live, token: str) -> None:
    body = json.dumps({"instances": [packages.ROW]}).replace("3.5", token)
    assert httpx.post(f"{live.url}/predict", content=body, headers=JSON).status_code == 422


def test_half_a_surrogate_pair_is_a_row_error_and_the_answer_is_json(live: Live) -> None:
    body = json.dumps({"instances": [{**packages.ROW, "city": "\ud800", "\ud801": 1}]})
    response = httpx.post(f"{live.url}/predict", content=body, headers=JSON)
    assert response.status_code == 422 and response.json()["error"]["column"] == "city"


@pytest.mark.parametrize("headers", [{"content-type": "text/plain"}, {}, {**JSON, "content-encoding": "gzip"}])
def test_what_is_not_plain_json_is_415(live: Live, headers: dict[str, str]) -> None:
    assert httpx.post(f"{live.url}/predict", content=b"{}", headers=headers).status_code == 415


def test_a_body_of_50_mb_is_413_and_the_connection_is_closed(live: Live) -> None:
    response = httpx.post(f"{live.url}/predict", content=b"x" * 50_000_000, headers=JSON)
    assert response.status_code == 413 and response.headers["connection"] == "close"


def test_a_body_over_the_limit_in_chunks_without_a_length_is_413(live: Live) -> None:
    chunks = (b"x" * 1_000_000 for _ in range(12))
    assert httpx.post(f"{live.url}/predict", content=chunks, headers=JSON).status_code == 413


def test_another_method_and_another_path_are_refused_in_json(live: Live) -> None:
    wrong_method, wrong_path = httpx.get(f"{live.url}/predict"), httpx.get(f"{live.url}/predikt")
    assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "POST")
    assert wrong_path.status_code == 404 and "Did you mean '/predict'?" in wrong_path.json()["error"]["message"]


def test_a_thousand_rows_are_predicted_in_one_request(live: Live) -> None:
    response = predict(live, *[{**packages.ROW, "size": size} for size in range(1000)])
    assert response.status_code == 200 and len(response.json()["predictions"]) == 1000


def test_a_restless_client_that_goes_away_harms_nobody(live: Live) -> None:
    with pytest.raises(httpx.TimeoutException):
        httpx.post(f"{live.url}/predict", json={"instances": [packages.ROW] * 20_000}, timeout=0.001)
    assert predict(live, packages.ROW).status_code == 200


def test_health_metrics_and_releases_speak_of_the_current_version(live: Live) -> None:
    predict(live, packages.ROW)
    assert httpx.get(f"{live.url}/livez").status_code == 200
    assert httpx.get(f"{live.url}/readyz").json() == {"model": "house", "version": "1"}
    metrics = httpx.get(f"{live.url}/metrics").text
    assert 'drivetrain_requests_total{model="house",status="200",version="1"}' in metrics
    assert 'drivetrain_current_version{model="house",version="1"} 1.0' in metrics
    current = httpx.get(f"{live.url}/releases").json()[0]
    assert list(current) == ["version", "weight", "shadow", "since", "why", "thresholds", "rollout"]
    assert current["weight"] == 1.0


def test_the_openapi_document_names_every_status_and_column(live: Live) -> None:
    document = httpx.get(f"{live.url}/openapi.json").json()
    statuses = set(document["paths"]["/predict"]["post"]["responses"])
    assert statuses == {*["200", "400", "401", "405", "408", "413", "415", "422", "429", "431", "500", "503", "504"]}
    row = document["components"]["schemas"]["Row"]
    assert set(row["properties"]) == {*packages.ROW, *packages.SIGNATURE.ignored}
    assert row["required"] == ["size", "city"]
    assert row["properties"]["garden"]["enum"] == [True, False, 0, 1, None]


def test_the_docs_page_needs_no_network(live: Live) -> None:
    page = httpx.get(f"{live.url}/docs")
    assert page.headers["content-type"].startswith("text/html") and "size" in page.text
    assert (
        "http://" not in page.text
        and "https://" not in page.text
        and page.text.count("<script") == page.text.count("<script>") == 1
    )


def test_the_worker_maps_no_training_library_and_stays_small(live: Live) -> None:
    members = [worker(live.home)]
    mapped = {Path(one.path) for worker in members for one in worker.memory_maps()}
    assert any("onnxruntime" in path.parts for path in mapped)
    assert not [path for path in mapped if {"pandas", "sklearn", "matplotlib", "pyarrow"} & set(path.parts)]
    assert sum(worker.memory_info().rss for worker in members) < 320e6
