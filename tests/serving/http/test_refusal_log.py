"""What the log says of refusals: a bounded number of lines, nothing lost, nothing that a client could forge or leak."""

import asyncio
import logging
import re
from typing import Any

import pytest

from ml.validation.rows import Validator
from schemas.actions import Actions
from schemas.reading import TextReading
from schemas.signature import Input
from serving.http.fault_kinds import UNKNOWN_COLUMN, kind_of_fault
from serving.http.refusal_log import RefusalLog
from tests.serving import packages

HERE = ("127.0.0.1", 1234)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "bentoml.drivetrain"]


def written(caplog: pytest.LogCaptureFixture, refusals: list[tuple[Any, ...]]) -> list[str]:
    async def add() -> None:
        log = RefusalLog(lambda: 0.0)
        for refusal in refusals:
            log.add(*refusal)
        log.flush()

    with caplog.at_level(logging.WARNING, "bentoml.drivetrain"):
        asyncio.run(add())
    return lines(caplog)


def test_a_line_names_the_client_what_was_asked_and_why_not(caplog: pytest.LogCaptureFixture) -> None:
    found = written(caplog, [(HERE, "POST", "/predict", 400, "the body is empty")])
    assert found == ["refused 127.0.0.1:1234 POST /predict 400: the body is empty"]


@pytest.mark.parametrize(
    "evil", ["a\nrefused 1.1.1.1:1 GET / 200: ok", "a\x1b[2J", "a\u2028b", "a\u202eb", "\ud800", "x" * 9999]
)
def test_nothing_of_a_client_makes_another_line_or_moves_the_cursor(
    caplog: pytest.LogCaptureFixture, evil: str
) -> None:
    (found,) = written(caplog, [((evil, 1), evil, evil, 400, "why")])
    assert found.isprintable() and len(found) < 400


def test_beyond_ten_in_a_second_they_are_counted_by_client_and_status(caplog: pytest.LogCaptureFixture) -> None:
    other = ("10.0.0.9", 1)
    refusals = [(HERE, "GET", "/", 404, "no")] * 30 + [(other, "GET", "/", 400, "no")] * 5
    found = written(caplog, refusals)
    assert len(found) == 11
    assert found[-1] == "refused 25 more in the same second: 127.0.0.1 404 × 20, 10.0.0.9 400 × 5"


def test_of_clients_without_number_the_count_stays_right_and_the_line_short(caplog: pytest.LogCaptureFixture) -> None:
    found = written(caplog, [((f"10.0.{n // 250}.{n % 250}", 1), "GET", "/", 404, "no") for n in range(5_010)])
    assert len(found) == 11 and "refused 5000 more" in found[-1] and "other clients 404 × 4800" in found[-1]
    assert len(found[-1]) < 300


def test_counts_are_written_though_nobody_comes_after(caplog: pytest.LogCaptureFixture) -> None:
    async def add() -> None:
        log = RefusalLog()
        for _ in range(12):
            log.add(HERE, "GET", "/", 404, "no")
        await asyncio.sleep(1.1)

    with caplog.at_level(logging.WARNING, "bentoml.drivetrain"):
        asyncio.run(add())
    assert lines(caplog)[-1] == "refused 2 more in the same second: 127.0.0.1 404 × 2"


COLUMNS = [
    Input(name="n", type="number"),
    Input(name="i", type="number", integer=True),
    Input(name="b", type="boolean"),
    Input(name="d", type="date"),
    Input(name="c", type="category", categories=["a"]),
    Input(name="t", type="text", languages=["en"], max_characters=1_000),
]
GOOD = {"n": 1.0, "i": 1, "b": True, "d": "2024-01-01", "c": "a", "t": "a word"}
GERMAN = "Dies ist ein s3cret, den noch niemand geschrieben hat."
WRONG: list[Any] = [
    "s3cret",
    77.7531,
    10**30,
    float("inf"),
    [],
    {},
    True,
    None,
    "\ud800s3cret",
    "s3cret" * 2_000,
    GERMAN,
    "\ufdfa" * 900,
]


@pytest.mark.parametrize("text", [None, TextReading()])
def test_every_fault_of_a_row_has_a_kind_that_quotes_nothing(text: TextReading | None) -> None:
    signature = packages.SIGNATURE.model_copy(update={"inputs": COLUMNS, "text": text})
    rows: list[Any] = [{**GOOD, name: value} for name in GOOD for value in WRONG]
    rows += [{**GOOD, "s3cret": 1}, {name: value for name, value in GOOD.items() if name != "n"}, "s3cret", 7]
    errors = Validator(signature).check(rows).errors.values()
    kinds = {kind_of_fault(error["message"]) for error in errors}
    bounded = packages.acting(size=Actions(out_of_range="reject", low=0, high=10))
    (error,) = Validator(bounded).check([{**packages.ROW, "size": 77.7531}]).errors.values()
    assert kind_of_fault(error["message"]) == "is outside of its bounds"
    assert len(kinds) > 10 and UNKNOWN_COLUMN in kinds
    assert {"must be a text", "is in another language", "becomes too long", "is too long"} <= kinds
    assert not [kind for kind in kinds if re.search(r"s3cret|77\.7531|000", kind)]
    assert not [error for error in errors if kind_of_fault(error["message"]) == "is not what is taken here"]
