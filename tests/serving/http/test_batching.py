"""Requests that wait at once share a call of a dear model, and no fault of one becomes another's."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pytest

from ml.predictions.predictor import Predictions
from schemas.deploy_spec import DeploySpec
from serving.http.admission import Admission
from serving.http.batching import Batching
from serving.http.errors import HttpError
from serving.http.pulse import Pulse
from serving.http.question import Question
from serving.http.reading import Admit, GoOn, Rows, reader
from serving.http.work import Work
from serving.releases import loaded_version
from serving.releases.loaded_version import Version
from tests.serving import packages
from tests.soak import count

POISON = 9.75
ROUNDS = count(5, 162)  # with either kind of poison, of 31 good requests each


@dataclass
class Poisoned:
    """A model that fails on a call which has a certain row, or has no finite prediction for any row of it."""

    model: Any
    kind: Literal["raises", "nan"] = "raises"
    calls: list[int] = field(default_factory=list)
    goes_on: threading.Event = field(default_factory=threading.Event)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def predict(self, cells: Mapping[str, Sequence[Any]]) -> Predictions:
        self.goes_on.wait(10)
        sizes = list(cells["size"])
        self.calls.append(len(sizes))
        found: Predictions = self.model.predict(cells)
        if POISON not in sizes:
            return found
        if self.kind == "raises":
            raise ValueError("a row that the model cannot take")
        assert found.probabilities is not None
        return replace(found, probabilities=np.full_like(found.probabilities, np.nan))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Version:
    root = packages.write_onnx(tmp_path_factory.mktemp("package") / "1")
    return loaded_version.load("1", str(root), root)


@pytest.fixture(params=["raises", "nan"])
def version(plain: Version, request: pytest.FixtureRequest) -> Iterator[Version]:
    model: Any = Poisoned(plain.model, request.param)
    yield replace(plain, model=model, shares_calls=True)


def batching() -> Batching:
    return Batching("house", DeploySpec(), Pulse(10.0), Admission())


class Body(Question):
    """The JSON of a request, read for the version that is asked."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    @property
    def size(self) -> int:
        return len(self.content)

    def most_rows(self, width: int) -> int:
        return 1

    def read(self, version: Version, admit: Admit, go_on: GoOn) -> Rows:
        reads = reader(version.model.signature, version.validator, DeploySpec(), "digest", {})
        return reads.read(self.content, admit, go_on)


def body(size: Any) -> Body:
    return Body(json.dumps({"instances": [{**packages.ROW, "size": size}]}).encode())


async def ask(one: Batching, version: Version, bodies: list[Body]) -> list[Work | BaseException]:
    """Send all while the model is busy with the first."""
    model: Any = version.model
    model.goes_on.clear()
    asked = [asyncio.ensure_future(one.asked(version, content, lambda: None)) for content in bodies]
    await asyncio.sleep(0.01)
    model.goes_on.set()
    return await asyncio.gather(*asked, return_exceptions=True)


def test_one_poison_row_among_31_good_ones_of_other_clients_harms_none(version: Version, plain: Version) -> None:
    sizes = [round(0.1 + 0.3 * place, 1) for place in range(31)]
    alone = [plain.model.encode(plain.predict(_cells(plain, size))).records for size in sizes]
    one = batching()
    for number in range(ROUNDS):
        place = (7 * number) % 32
        bodies = [body(size) for size in sizes]
        bodies.insert(place, body(POISON))
        found = asyncio.run(ask(one, version, bodies))
        assert isinstance(found.pop(place), HttpError | ValueError)
        for work, records in zip(found, alone, strict=True):
            assert isinstance(work, Work)
            assert json.loads(work.answers)[0]["label"] == records[0]["label"]
            assert json.loads(work.answers)[0]["probabilities"] == pytest.approx(records[0]["probabilities"])


def _cells(version: Version, size: float) -> dict[str, Any]:
    return dict(version.validator.check([{**packages.ROW, "size": size}]).cells)


def test_what_waits_at_once_is_one_call_and_a_row_that_is_not_valid_is_its_own_affair(version: Version) -> None:
    one, model = batching(), version.model
    bodies = [body(1.0), body(2.0), body("large"), Body(b"{"), body(3.0), body(4.0)]
    found = asyncio.run(ask(one, version, bodies))
    assert [getattr(error, "status", 200) for error in found] == [200, 200, 422, 400, 200, 200]
    assert sum(model.calls) == 4 and max(model.calls) > 1  # type: ignore[attr-defined]
    counts = {family.name: [sample.value for sample in family.samples] for family in one.metrics()}
    assert counts["drivetrain_shared_calls"] == [1] and counts["drivetrain_repeated_requests"] == []


def test_a_cheap_model_is_asked_for_each_and_a_request_that_nobody_waits_for_is_passed_over(version: Version) -> None:
    one, cheap = batching(), replace(version, shares_calls=False)

    async def leave() -> None:
        model: Any = cheap.model
        first = asyncio.ensure_future(one.asked(cheap, body(1.0), lambda: None))
        second = asyncio.ensure_future(one.asked(cheap, body(2.0), lambda: None))
        await asyncio.sleep(0.01)
        second.cancel()
        model.goes_on.set()
        await first
        await one.asked(cheap, body(3.0), lambda: None)

    asyncio.run(leave())
    assert cheap.model.calls == [1, 1]  # type: ignore[attr-defined]


def test_rows_of_one_call_take_a_quarter_of_a_second_at_most(version: Version) -> None:
    one = batching()
    asyncio.run(ask(one, replace(version, seconds_per_row=0.1), [body(float(place)) for place in range(1, 9)]))
    assert max(version.model.calls) == 2  # type: ignore[attr-defined]


def test_a_package_of_a_quick_model_shares_no_calls(plain: Version) -> None:
    assert not plain.shares_calls
