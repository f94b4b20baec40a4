"""The comparison of what one version refused: nobody waits for it, and what is left out is unfair to no version."""

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any, cast

from ml.validation.row_errors import RowError
from schemas.deploy_spec import DeploySpec
from serving.http.comparing import Comparing, Refusal
from serving.http.errors import HttpError, RefusedByAll
from serving.http.question import Question
from serving.http.reading import Rows
from serving.http.routing import Chosen
from serving.journal.insertion import Unanswered
from serving.releases.loaded_version import Version
from tests.serving import packages

NO: RowError = {"column": None, "message": "no"}


class Slow(Question):
    """Takes its time, knows who read it, and has one row that is taken; late: its time is over before."""

    def __init__(self, size: int = 3_000_000, *, late: bool = False) -> None:
        self._size, self._late = size, late
        self.read_by = list[str]()
        self.may_end = threading.Event()

    @property
    def size(self) -> int:
        return self._size

    def most_rows(self, width: int) -> int:
        return 1

    def read(self, version: Version, admit: Any, go_on: Any) -> Rows:
        self.may_end.wait(5)
        self.read_by.append(version.version)
        if self._late:
            raise HttpError(504, "late")
        taken: Any = SimpleNamespace(checked=SimpleNamespace(errors={}, positions=[0]))
        return cast("Rows", taken)


class Compared:
    """A comparison of two versions, what it journals, and what a shadow is asked."""

    def __init__(self) -> None:
        self.rows, self.followed = list[Any](), list[str]()
        model = SimpleNamespace(signature=packages.SIGNATURE)
        self.old, self.new = (
            cast("Any", SimpleNamespace(version=one, bytes_per_row=1, explainer=None, model=model)) for one in "12"
        )
        journal = cast("Any", SimpleNamespace(note=self.rows.append))
        self.own = Comparing("house", DeploySpec(), journal, lambda *given: self.followed.append(given[2]))

    @property
    def kept(self) -> list[str]:
        return [row.request_id for row in self.rows]

    @property
    def dropped(self) -> float:
        found = [one.value for family in self.own.metrics() for one in family.samples if one.name.endswith("total")]
        return sum(found)

    def fail(self, name: str, question: Question, error: HttpError, ago: float = 0.0) -> None:
        row = Unanswered(name, 0.0, "2", 0.5, error.status, 1, 0.1)
        self.own.failed(Refusal(Chosen(self.new, 0.5, self.old), row, question, time.perf_counter() - ago), error)

    def refuse_rows(self, name: str, question: Question) -> None:
        row, places = Unanswered(name, 0.0, "2", 0.5, 200, 1, 0.1), {1: NO}
        self.own.refused_rows(Refusal(Chosen(self.new, 0.5, self.old), row, question, time.perf_counter(), places))

    async def all_done(self) -> None:
        async with asyncio.timeout(5):
            while self.own.waiting:
                await asyncio.sleep(0.001)


def test_nobody_waits_for_a_comparison_and_what_is_too_much_is_left_out() -> None:
    compared, question, large, no = Compared(), Slow(), Slow(9_000_000), HttpError(422, "no")

    async def scenario() -> None:
        compared.fail("0", question, no)
        compared.fail("1", question, no, ago=60)  # its deadline is over
        compared.fail("2", question, no)  # too much beside the others
        assert not question.read_by, "it returns at once"
        question.may_end.set()
        await compared.all_done()
        large.may_end.set()
        compared.fail("3", large, no)  # alone it is not
        await compared.all_done()

    asyncio.run(scenario())
    assert question.read_by + large.read_by == ["1", "1"] and compared.kept == ["0", "3"]
    assert compared.dropped == 2


def test_what_the_other_version_does_not_read_in_time_is_left_out_too() -> None:
    compared, question = Compared(), Slow(late=True)
    question.may_end.set()

    async def scenario() -> None:
        compared.fail("whole", question, HttpError(422, "no"))
        compared.refuse_rows("in part", question)
        await compared.all_done()

    asyncio.run(scenario())
    assert question.read_by == ["1", "1"] and not compared.kept and compared.dropped == 2


def test_refused_requests_take_the_room_of_no_refused_rows() -> None:
    compared, junk, good = Compared(), Slow(100), Slow(100)

    async def scenario() -> None:
        for number in range(100):
            compared.fail(f"whole {number}", junk, HttpError(422, "no"))
        compared.refuse_rows("in part", good)
        junk.may_end.set()
        good.may_end.set()
        await compared.all_done()

    asyncio.run(scenario())
    assert "in part" in compared.kept[:2], "they take turns"
    assert len(compared.kept) == 64 + 1 and compared.dropped == 100 - 64


def test_a_body_that_any_version_refuses_is_not_read_again_unless_they_take_arrays() -> None:
    compared, question, error = Compared(), Slow(), RefusedByAll(400, "no JSON")
    question.may_end.set()

    async def scenario() -> None:
        compared.fail("tables", question, error)
        assert not compared.own.waiting
        compared.old.model = SimpleNamespace(signature=SimpleNamespace(arrays=["picture"]))
        compared.fail("arrays", question, error)
        await compared.all_done()

    asyncio.run(scenario())
    assert compared.kept == ["arrays"] and compared.dropped == 0


def test_a_shadow_is_asked_of_what_production_refuses_without_a_comparison() -> None:
    compared, question, error = Compared(), Slow(), HttpError(422, "no")
    for number in range(100):
        row = Unanswered(str(number), 0.0, "1", None, 422, 1, 0.1)
        compared.own.failed(
            Refusal(Chosen(compared.old, shadow=compared.new), row, question, time.perf_counter()), error
        )
    assert compared.kept == compared.followed == [str(number) for number in range(100)]
    assert not compared.own.waiting and not question.read_by and compared.dropped == 0
