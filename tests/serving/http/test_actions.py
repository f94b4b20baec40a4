"""What the service tells of values that training did not have, and what the journal keeps of it."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select

from ml.validation.actions import TooManyFlags
from ml.validation.rows import Validator
from schemas.actions import Actions
from schemas.deploy_spec import DeploySpec
from schemas.thresholds import Thresholds
from serving.http.reading import reader
from serving.http.work import finish
from serving.journal.engine import connect
from serving.journal.predictions import window
from serving.journal.schema import requests
from serving.releases.loaded_version import load
from serving.releases.publisher import publish
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp
from tests.serving.http.test_limits import client, wait_for

SIGNATURE = packages.acting(
    size=Actions(out_of_range="clip", low=0, high=10), city=Actions(unseen="flag"), rooms=Actions(missing="flag")
)
CLEAN = packages.ROW
ODD = {**packages.ROW, "size": 12.5, "city": "Rome"}


def asked(app: Local, *bodies: list[dict[str, Any]]) -> tuple[list[httpx.Response], dict[str, Any], str]:
    """Return the responses to requests with these rows, the OpenAPI document, and the metrics."""

    async def scenario() -> tuple[list[httpx.Response], dict[str, Any], str]:
        async with client(app) as http:
            found = [await http.post("/predict", json={"instances": rows}) for rows in bodies]
            return found, (await http.get("/openapi.json")).json(), (await http.get("/metrics")).text

    return asyncio.run(scenario())


def put_into_production(app: Local, folder: Path) -> None:
    publish(app.journal_url, "2", str(packages.write_rules(folder / "2", signature=SIGNATURE)), timeout=10)
    wait_for(lambda: app.follower.current is not None and app.follower.current.version == "2")


@pytest.fixture
def spec() -> DeploySpec:
    return DeploySpec(max_answer=10_000)


def test_flags_are_answered_documented_and_journalled_and_inputs_are_kept_as_sent(
    local: LocalApp, spec: DeploySpec, tmp_path: Path
) -> None:
    with local(spec, 5.0) as app:
        put_into_production(app, tmp_path)
        many = [{**CLEAN, "listing id": 1}] * 8 + [{"size": 3}, ODD]
        (clean, one, several), document, metrics = asked(app, [CLEAN], [ODD], many)
        assert "flags" not in clean.text
        flags = one.json()["predictions"][0]["flags"]
        assert [flag["column"] for flag in flags] == ["size", "city"] and "taken as 10" in flags[0]["message"]
        told = several.json()["predictions"]
        assert ["flags" in each for each in told] == [False] * 9 + [True] and "error" in told[8]
        with connect(app.journal_url).connect() as connection:
            kept = connection.execute(select(requests.c.flags).order_by(requests.c.id)).scalars().all()
        assert kept[0] is None and json.loads(kept[1]) == {"0": flags} and list(json.loads(kept[2])) == ["9"]
        sent = window(app.journal_url, 20).inputs
        assert [row["size"] for row in sent] == [3.5, 12.5, *[3.5] * 8, 12.5], "monitoring sees what was sent"
        schema = document["paths"]["/predict"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
        for answer in (clean, one, several):
            Draft202012Validator(schema | {"components": document["components"]}).validate(answer.json())
        assert 'drivetrain_flagged_rows_total{model="house",version="2"} 2.0' in metrics
        row = document["components"]["schemas"]["Row"]["properties"]
        assert "outside of 0 to 10: clipped and flagged" in row["size"]["description"]
        assert "others are taken as unknown and flagged" in row["city"]["description"]


@pytest.mark.untraced
def test_flags_beyond_the_largest_answer_are_refused(local: LocalApp, spec: DeploySpec, tmp_path: Path) -> None:
    with local(spec, 5.0) as app:
        put_into_production(app, tmp_path)
        (clean, flagged), *_ = asked(app, [CLEAN] * 60, [ODD] * 60)
        assert clean.status_code == 200 and flagged.status_code == 413 and "flagged" in flagged.text


def test_the_protocol_tells_of_rows_in_a_parameter(local: LocalApp, spec: DeploySpec, tmp_path: Path) -> None:
    async def asked_both() -> dict[str, Any]:
        async with client(app) as http:
            inputs = (await http.get("/v2/models/house")).json()["inputs"]
            told = {name: int(value) if value is True else value for name, value in CLEAN.items()}
            both = [told, {**told, "size": 12.5}]
            tensors = [{**one, "shape": [2], "data": [row[one["name"]] for row in both]} for one in inputs]
            answer = await http.post("/v2/models/house/infer", json={"inputs": tensors})
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

    with local(spec, 5.0) as app:
        put_into_production(app, tmp_path)
        found = asyncio.run(asked_both())
    flags = json.loads(found["parameters"]["flags"])
    assert list(flags) == ["1"] and flags["1"][0]["column"] == "size"


def test_more_flags_than_an_answer_holds_are_not_made(tmp_path: Path) -> None:
    validator = Validator(SIGNATURE)
    with pytest.raises(TooManyFlags):
        validator.check([ODD] * 100, flagged=150)
    assert len(validator.check([ODD] * 100, flagged=200).flags) == 100


def test_a_threshold_that_moves_while_the_journal_writes_changes_no_answer(tmp_path: Path) -> None:
    version = load("1", "", packages.write_onnx(tmp_path / "1"))
    spec, questions = DeploySpec(), [[packages.ROW], [packages.ROW] * 6]
    own = reader(version.model.signature, version.validator, spec, "digest", version.model.texts)
    for rows in questions:
        version.model.decide_by(Thresholds())
        body = json.dumps({"instances": rows}).encode()
        done = finish(
            version, found := own.read(body, lambda *_: None, lambda: None), version.predict(found.checked.cells), spec
        )
        version.model.decide_by(Thresholds(review=1.0 if not done.needs_review[0] else 0.0))
        assert json.loads(f"[{','.join(done.texts())}]") == json.loads(done.answers)
