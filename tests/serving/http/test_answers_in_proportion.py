"""An answer is no larger than its request deserves, whatever is sent."""

import asyncio
import json
import tracemalloc

import httpx
import pytest

from schemas.deploy_spec import DeploySpec
from serving.http.errors import HttpError
from serving.http.instances import instances
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp

pytestmark = pytest.mark.untraced

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


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (ROWS + 1, "10,001 rows; a request may have 10,000 (deploy.max_rows)"),
        (1_000_000, "more values than 10,000 rows of 6 columns, which a request may have (deploy.max_rows)"),
    ],
)
def test_too_many_rows_are_refused_in_one_sentence(count: int, said: str, local: LocalApp) -> None:
    answer = answered(local, f'{{"instances":[{",".join(["null"] * count)}]}}')
    assert answer.status_code == 413 and len(answer.content) < 300
    assert said in answer.json()["error"]["message"]


WIDE = [
    pytest.param(
        "/predict",
        {"instances": [{f"{n}" + "😀" * 70: 1 for n in range(12)}] * 1_500 + [{}] * 8_000},
        id="names in rows",
    ),
    pytest.param(
        "/predict", {"instances": [{"size": "😀" * 100, "city": ["x"], "built": "é" * 199}] * 9_000}, id="values"
    ),
    pytest.param("/predict", {"\x7f" * 900_000 + str(n): 1 for n in range(6)}, id="names of keys"),
    pytest.param("/feedback", {"\x7f" * 900_000 + str(n): 1 for n in range(6)}, id="names of keys in a label"),
    pytest.param("/feedback", {"request_id": "\x7f" * 900_000, "label": "\x7f" * 900_000}, id="a label"),
    pytest.param("/feedback", {"request_id": ["\x7f" * 900_000], "label": 1}, id="no request"),
]


@pytest.mark.parametrize(("path", "body"), WIDE)
def test_what_is_quoted_is_cut(path: str, body: dict[str, object], local: LocalApp) -> None:
    content = json.dumps(body, ensure_ascii=False).encode()
    assert len(content) < 10_000_000
    with local(DeploySpec(), 5.0) as opened:
        answer = asyncio.run(posted(opened, path, content))
    assert 400 <= answer.status_code < 500 and len(answer.content) < len(content) + MOST


@pytest.mark.parametrize("header", ["content-type", "content-encoding"])
def test_headers_that_are_quoted_are_cut(header: str, local: LocalApp) -> None:
    answer = answered(local, "{}", **{header: "\x7f" * 10_000})
    assert 400 <= answer.status_code < 500 and len(answer.content) < 1_000


def test_of_few_rows_with_long_errors_not_all_are_spelled_out(local: LocalApp) -> None:
    row = {f"{n}" + "😀" * 59: 1 for n in range(12)}
    found = answered(local, json.dumps({"instances": [row] * 100})).json()["predictions"]
    spelled_out = sum("no input of this name" in one["error"]["message"] for one in found)
    assert len(found) == 100 and 5 < spelled_out < 60


@pytest.mark.parametrize("unit", ["{}", "[]", "[[]]", '{"a":{}}', "1.5", '"ab"', '{"a":1}'])
def test_a_body_with_values_beyond_measure_is_refused_before_it_is_objects(unit: str, local: LocalApp) -> None:
    content = f'{{"instances":[{",".join([unit] * 1_000_000)}]}}'
    tracemalloc.start()
    with pytest.raises(HttpError) as caught:
        instances(content.encode(), ROWS, 6)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.status == 413 and "more values" in caught.value.message
    assert peak < 4 * len(content)


def test_an_object_of_names_without_end_is_refused_before_it_is_one() -> None:
    pairs = ",".join(f'"{number:x}":1' for number in range(900_000))
    with pytest.raises(HttpError) as caught:
        instances(f'{{"instances":[{{{pairs}}}]}}'.encode(), ROWS, 6)
    assert caught.value.status == 413


def test_brackets_in_text_are_text() -> None:
    rows = [{"city": '{"[' * 60, "size": n} for n in range(2_000)]
    assert instances(json.dumps({"instances": rows}).encode(), 2_000, 2) == (rows, False)
    assert instances(b'{"instances":["' + rb"\"[" * 100_000 + b'"]}', 2_000, 2) == (['"[' * 100_000], False)


async def posted(opened: Local, path: str, content: bytes) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(opened.app), base_url="http://service") as http:
        return await http.post(path, content=content, headers={"content-type": "application/json"})


def test_of_a_column_that_the_model_has_not_a_whole_sentence_is_said(local: LocalApp) -> None:
    answer = answered(local, json.dumps({"instances": [{**packages.ROW, "Size ": 1}]}))
    assert answer.status_code == 422
    assert answer.json()["error"]["message"].startswith("'Size ': the model has no input of this name.")
