"""Thresholds that an operator moves: they belong to a version, every worker follows, and no new model is needed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from ml.package.model import PackagedModel
from ml.predictions.predictions import decided
from ml.predictions.predictor import Predictions
from schemas.deploy_spec import DeploySpec
from schemas.errors import DeploymentError
from schemas.thresholds import Thresholds
from serving.journal.engine import connect
from serving.journal.opened import opened
from serving.journal.predictions import window
from serving.releases import events, thresholds
from serving.releases.events import Event
from serving.releases.follower import Follower
from serving.releases.publisher import publish, releases, rollback
from serving.releases.thresholds import move
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp
from tests.serving.http.test_limits import client, wait_for


@pytest.fixture
def app(local: LocalApp) -> Iterator[Local]:
    with local(DeploySpec(), 5.0) as one:
        yield one  # version 1 answers "yes" with 0.7; its own review threshold is 0.6


def answered(app: Local) -> dict[str, Any]:
    async def scenario() -> dict[str, Any]:
        async with client(app) as http:
            answer = await http.post("/predict", json={"instances": [packages.ROW]})
            prediction: dict[str, Any] = answer.json()["predictions"][0]
            return prediction

    return asyncio.run(scenario())


def got(app: Local, path: str) -> httpx.Response:
    async def scenario() -> httpx.Response:
        async with client(app) as http:
            return await http.get(path)

    return asyncio.run(scenario())


def followed(app: Local, given: Thresholds) -> None:
    wait_for(lambda: app.follower.current is not None and app.follower.current.model.thresholds == given)


def test_both_are_moved_followed_journalled_shown_and_reset(app: Local) -> None:
    before = answered(app)
    assert (before["label"], before["needs_review"]) == ("yes", False)
    move(app.journal_url, None, Thresholds(review=0.8), who="ana", why="a quiet week")
    followed(app, Thresholds(review=0.8))
    assert answered(app)["needs_review"] is True
    version, moved = move(app.journal_url, "1", Thresholds(decision=0.75), who="ben")
    assert version == "1" and (moved.review, moved.decision) == (0.8, 0.75), "what is not given stays"
    followed(app, Thresholds(review=0.8, decision=0.75))
    after = answered(app)
    assert (after["label"], after["needs_review"], after["probabilities"]) == ("no", True, before["probabilities"])
    kept = window(app.journal_url, 10)
    assert [record["label"] for record in kept.records] == ["yes", "yes", "no"]
    shown = got(app, "/releases").json()[0]["thresholds"]
    assert (shown["review"], shown["decision"], shown["who"], shown["why"]) == (0.8, 0.75, "ben", None)
    assert 'drivetrain_threshold{model="house",threshold="decision",version="1"} 0.75' in got(app, "/metrics").text
    move(app.journal_url, "1", Thresholds(), who="ana", reset=True)
    followed(app, Thresholds())
    assert answered(app) == before
    assert releases(app.journal_url)[0].thresholds is None
    assert 'drivetrain_threshold{model="house",threshold="review",version="1"} 0.6' in got(app, "/metrics").text
    with opened(app.journal_url) as engine, engine.connect() as connection:
        history = thresholds.history(events.read(connection))
    assert [(one.who, one.review, one.decision) for _, one in history] == [
        ("ana", 0.8, None),
        ("ben", 0.8, 0.75),
        ("ana", None, None),
    ]


def test_they_belong_to_a_version_and_come_back_with_it(app: Local, tmp_path: Path) -> None:
    move(app.journal_url, None, Thresholds(review=0.95), who="ana")
    publish(app.journal_url, "2", str(packages.write_rules(tmp_path / "second", yes=0.7)), timeout=10)
    wait_for(lambda: app.follower.current is not None and app.follower.current.version == "2")
    assert answered(app)["needs_review"] is False, "a new version begins with its package's"
    found = {one.version: one.thresholds for one in releases(app.journal_url)}
    assert found["2"] is None and found["1"] is not None
    rollback(app.journal_url)
    wait_for(lambda: app.follower.current is not None and app.follower.current.version == "1")
    assert answered(app)["needs_review"] is True


def test_a_worker_that_starts_later_decides_by_them_from_its_first_answer(app: Local, tmp_path: Path) -> None:
    move(app.journal_url, None, Thresholds(decision=0.9), who="ana")
    engine = connect(app.journal_url)
    second = Follower(engine, tmp_path / "second cache", 0.05)
    second.start()
    try:
        second.await_production(20)
        assert second.current is not None and second.current.model.thresholds == Thresholds(decision=0.9)
    finally:
        second.stop()
        engine.dispose()


def test_what_cannot_be_moved_is_said(app: Local, tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="no version '7'; it knows 1"):
        move(app.journal_url, "7", Thresholds(review=0.5), who="ana")
    three = packages.SIGNATURE.output.model_copy(update={"task": "multiclass", "classes": ["a", "b", "c"]})
    of_three = packages.SIGNATURE.model_copy(update={"output": three})
    url = str(packages.write_rules(tmp_path / "three", signature=of_three))
    with opened(app.journal_url) as engine:
        events.append(engine, lambda _: [events.Entry("3", url, "failed")])
    with pytest.raises(DeploymentError, match="no decision threshold to move: version 3 has 3 classes"):
        move(app.journal_url, "3", Thresholds(decision=0.5, review=0.7), who="ana")


def test_a_text_that_nobody_wrote_is_no_change() -> None:
    assert thresholds.history([Event(1, "1", "file", 0.0, "thresholds", "{]", "x", 0.0)]) == []


def codes(model: PackagedModel) -> list[int]:
    found = model.predict(packages.CELLS).codes
    assert found is not None
    return [int(code) for code in found]


def test_a_decision_anew_keeps_probabilities_and_abstentions(tmp_path: Path) -> None:
    model = PackagedModel.open(packages.write_rules(tmp_path / "package", yes=0.3))
    assert codes(model) == [0, 0, 0]
    model.decide_by(Thresholds(decision=0.3))
    assert codes(model) == [1, 1, 1], "it is reached"
    own = decided(Predictions(np.array([-1, 0, 1]), np.array([[0.7, 0.3]] * 3)), 0.2).codes
    assert own is not None and own.tolist() == [-1, 1, 1]
    assert model.decides_by == Thresholds(review=0.6, decision=0.3)
