"""Requests that leave columns out: they are looked up, predicted, journalled, documented and counted."""

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from schemas.deploy_spec import DeploySpec
from serving.journal.predictions import window
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp
from tests.serving.http.test_limits import client
from tests.serving.lookups.web import serving

LEFT = {name: value for name, value in packages.ROW.items() if name not in ("city", "size")}


@pytest.fixture
def database(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "homes.db") as connection:
        connection.execute("CREATE TABLE homes (home INTEGER PRIMARY KEY, city TEXT, size REAL)")
        connection.executemany("INSERT INTO homes VALUES (?, ?, ?)", [(1, "Bern", 3.5), (2, "Chur", None)])
    return f"sqlite:///{tmp_path / 'homes.db'}"


def spec(url: str, **given: Any) -> DeploySpec:
    query = "SELECT home, city, size FROM homes WHERE home IN :keys"
    of = {"name": "homes", "key": "home", "key_type": "integer", "columns": ["city", "size"], "url": url,
          "query": query, "timeout": 2, **given}  # fmt: skip
    return DeploySpec.model_validate({"lookups": [of]})


def asked(app: Local, *bodies: list[Any], then: str = "/metrics") -> tuple[list[httpx.Response], httpx.Response]:
    async def scenario() -> tuple[list[httpx.Response], httpx.Response]:
        async with client(app) as http:
            found = [await http.post("/predict", json={"instances": rows}) for rows in bodies]
            return found, await http.get(then)

    return asyncio.run(scenario())


def test_columns_left_out_are_looked_up_and_kept_as_inputs(local: LocalApp, database: str) -> None:
    with local(spec(database), 5.0) as app:
        rows = [{**LEFT, "home": 1}, {**LEFT, "home": 1, "city": "Chur", "size": 9.5}, {**LEFT, "home": 7},
                {**LEFT, "home": "x"}, {**LEFT, "home": 2}, LEFT]  # fmt: skip
        (few, many), metrics = asked(app, [rows[0]], rows)
        assert few.status_code == 200 and "error" not in few.json()["predictions"][0]
        found = many.json()["predictions"]
        errors = [one.get("error", {}).get("message") for one in found]
        assert errors[:2] == [None, None], "what a caller sends is taken"
        assert errors[2] == "the lookup 'homes' knows no such 'home': send 'city', 'size', or another 'home'"
        assert errors[3].startswith("must be a whole number, the key of the lookup 'homes'")
        assert errors[4] == "is null, but the column had no missing value in training", (
            "it is checked as if it were sent"
        )
        assert errors[5] == errors[2]
        kept = window(app.journal_url, 10).inputs
        assert [(row["city"], row["size"]) for row in kept] == [("Bern", 3.5), ("Bern", 3.5), ("Chur", 9.5)]
        assert "home" not in kept[0], "the model does not take the key"
        assert 'drivetrain_lookup_hits_total{lookup="homes",model="house"} 1.0' in metrics.text
        assert 'drivetrain_lookup_misses_total{lookup="homes",model="house"} 3.0' in metrics.text
        assert 'drivetrain_lookup_seconds_count{lookup="homes",model="house"} 2.0' in metrics.text


@pytest.mark.parametrize("fallback", [{"city": "Bern", "size": 4}, "reject"])
def test_a_source_that_is_down_is_told_with_the_prediction_or_is_503(local: LocalApp, fallback: Any) -> None:
    down = spec("http://127.0.0.1:1", query=None, fallback=fallback)
    with local(down, 5.0) as app:
        (answer, partly), metrics = asked(app, [{**LEFT, "home": 1}], [{**LEFT, "home": 1}, packages.ROW])
        assert 'drivetrain_lookup_failures_total{lookup="homes",model="house"} 2.0' in metrics.text
        if fallback == "reject":
            assert answer.status_code == 503 and answer.headers["retry-after"]
            assert "'homes' does not answer" in answer.json()["error"]["message"]
            first, second = partly.json()["predictions"]
            assert "does not answer" in first["error"]["message"] and "label" in second
            return
        flags = answer.json()["predictions"][0]["flags"]
        assert [flag["column"] for flag in flags] == ["city", "size"]
        assert flags[0]["message"] == "the lookup 'homes' does not answer: taken as 'Bern'"
        assert window(app.journal_url, 10).inputs[0]["size"] == 4
        assert "flags" not in partly.json()["predictions"][1]


@pytest.mark.slow
def test_a_web_service_gives_columns_too_and_its_values_are_checked(local: LocalApp) -> None:
    rows = {"1": {"home": 1, "city": "Bern", "size": 2}, "2": {"home": 2, "city": "Bern", "size": "wide"}}
    with serving(rows) as served, local(spec(served.url, query=None), 5.0) as app:
        (answer,), _ = asked(app, [{**LEFT, "home": 1}, {**LEFT, "home": 2}])
        good, bad = answer.json()["predictions"]
        assert "label" in good and bad["error"] == {"column": "size", "message": bad["error"]["message"]}
        assert len(served.asked) == 1


def test_the_document_says_what_may_be_left_out(local: LocalApp, database: str) -> None:
    with local(spec(database, key="listing id"), 5.0) as app:
        (answer,), document = asked(app, [{**LEFT, "listing id": 1}], then="/openapi.json")
        found = document.json()
        row = found["components"]["schemas"]["Row"]
        assert row["required"] == [] or not {"city", "size"} & set(row["required"])
        assert "looked up by 'listing id' where it is left out" in row["properties"]["city"]["description"]
        assert "city, size: looked up by it (homes)" in row["properties"]["listing id"]["description"]
        Draft202012Validator(row).validate({**LEFT, "listing id": 1})
        example = found["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]
        assert "city" in example["instances"][0], "no sample has the key, so the example has the columns"
        assert answer.status_code == 503, "the query does not give the key"
