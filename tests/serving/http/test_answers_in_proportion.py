"""An answer is no larger than its request deserves, whatever is sent."""

import asyncio
import json

import httpx
import pytest

from schemas.run import DeploySpec
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp

MOST = 1_000_000
ROWS = 10_000


def answered(local: LocalApp, content: str, **headers: str) -> httpx.Response:
    async def ask(opened: Local) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(opened.app), base_url="http://service") as http:
            return await http.post(
                "/predict", content=content.encode(), headers={"content-type": "application/json", **headers}
            )

    with local(DeploySpec(), 5.0) as opened:
        return asyncio.run(ask(opened))


@pytest.mark.parametrize("row", ["{}", "null", "[]", '{"a":1,"b":2,"c":3}', '""'])
def test_rows_without_sense_get_an_answer_in_proportion(row: str, local: LocalApp) -> None:
    content = f'{{"instances":[{",".join([row] * ROWS)}]}}'
    answer = answered(local, content)
    assert answer.status_code == 422 and len(answer.content) < len(content) + MOST
    errors = [one["error"]["message"] for one in answer.json()["predictions"]]
    assert len(errors) == ROWS, "one for each row, in order"
    assert len(set(errors[:100])) == 1 and errors[0] != errors[100]
    assert set(errors[100:]) == {"is not valid either; see the first errors"}


def test_among_them_what_is_valid_is_predicted(local: LocalApp) -> None:
    rows = ["{}"] * 500 + [json.dumps(packages.ROW)] + ["{}"] * 500
    answer = answered(local, f'{{"instances":[{",".join(rows)}]}}')
    found = answer.json()["predictions"]
    assert answer.status_code == 200 and len(found) == 1001 and "error" not in found[500]
    assert sum("see the first errors" in one.get("error", {}).get("message", "") for one in found) == 900


@pytest.mark.parametrize("count", [ROWS + 1, 1_000_000])
def test_too_many_rows_are_refused_in_one_sentence(count: int, local: LocalApp) -> None:
    answer = answered(local, f'{{"instances":[{",".join(["null"] * count)}]}}')
    assert answer.status_code == 413 and len(answer.content) < 300
    assert f"{count:,} rows; a request may have 10,000 (deploy.max_rows)" in answer.json()["error"]["message"]


@pytest.mark.parametrize("coding", ["gzip", "gzip, chunked", "deflate"])
def test_other_transfer_encodings_are_refused(coding: str, local: LocalApp) -> None:
    content = json.dumps({"instances": [packages.ROW]})
    answer = answered(local, content, **{"transfer-encoding": coding})
    assert answer.status_code == 400 and "transfer encoding" in answer.json()["error"]["message"]
