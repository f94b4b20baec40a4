"""Columns of the table that the model was not trained on: they may be sent, have no effect, and are not kept."""

import json
from typing import Any

import httpx
import pytest

from ml.validation.rows import Validator
from serving.journal.predictions import window
from tests.serving import packages
from tests.serving.conftest import Live

(IGNORED,) = packages.SIGNATURE.ignored


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [None, "A-17", 3.5, [1, {"a": None}], "\ud800", 10**30])
def test_an_ignored_column_is_taken_whatever_it_holds(value: Any) -> None:
    checked = Validator(packages.SIGNATURE).check([{**packages.ROW, IGNORED: value}])
    assert checked.errors == {} and set(checked.cells) == set(packages.ROW)


def test_a_column_that_is_unknown_is_refused_also_beside_an_ignored_one() -> None:
    checked = Validator(packages.SIGNATURE).check([{**packages.ROW, IGNORED: "A-17", "other": 1}])
    assert checked.errors[0]["column"] == "other"


@pytest.mark.untraced
def test_a_living_service_predicts_the_same_and_journals_only_what_the_model_takes(live: Live) -> None:
    rows = [packages.ROW, *({**packages.ROW, IGNORED: value} for value in ("A-17", "\ud800", nested(300)))]
    answers = [
        httpx.post(
            f"{live.url}/predict",
            content=json.dumps({"instances": [row]}).encode(),  # half a surrogate pair goes as an escape
            headers={"content-type": "application/json"},
            timeout=5,
        )
        for row in rows
    ]
    assert [answer.status_code for answer in answers] == [200] * len(rows)
    assert len({str(answer.json()["predictions"]) for answer in answers}) == 1
    assert window(live.journal_url, len(rows)).inputs == [packages.ROW] * len(rows)


def test_the_openapi_document_names_it_and_does_not_require_it(live: Live) -> None:
    row = httpx.get(f"{live.url}/openapi.json").json()["components"]["schemas"]["Row"]
    assert "no effect" in row["properties"][IGNORED]["description"] and IGNORED not in row["required"]
    assert IGNORED in httpx.get(f"{live.url}/docs").text
