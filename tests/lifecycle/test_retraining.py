"""The loop closes: traffic, labels by their sources, a new version, and what keeps a bad one out."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text, update

from serving.__main__ import main as operators
from serving.journal.engine import connect
from serving.journal.location import sqlite_url
from serving.journal.schema import retrainings
from tests.lifecycle.conftest import Result, World, ask, fresh_world

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced, pytest.mark.slow]
_EXPERIMENT = """# @package _global_
defaults:
  - override /data: csv
  - override /trainer: logistic_regression
name: loop
data: {{path: {path}, target: answer, task: binary}}
gate: {{no_worse_than_production: {{tolerance: 1.0}}}}
retrain: {{min_labels: 50, join: thin, share: 0.9, cool_down: 0s, tolerance: 0.05}}
"""


def drawn(seed: int, rows: int, moved: float) -> pd.DataFrame:
    """Return rows of a world: the answer is yes where a + b > moved, but for one row of 50."""
    draw = np.random.default_rng(seed)
    a, b = draw.normal(loc=moved / 2, size=(2, rows))
    right = draw.random(rows) >= 0.02
    answer = np.where((a + b > moved) == right, "yes", "no")
    return pd.DataFrame({"a": a.round(6), "b": b.round(6), "ward": draw.choice(["x", "y"], rows), "answer": answer})


class Loop:
    """The experiment, deployed, and its clients."""

    def __init__(self, world: World) -> None:
        self.world = world
        path = world.folder / "rows.csv"
        drawn(0, 600, 0.0).to_csv(path, index=False)
        self.words = [world.experiment("loop", _EXPERIMENT.format(path=path)), "+experiment=loop"]
        first = world.run(*self.words, "pipeline=lifecycle")
        assert first.code == 0, first.said
        self.url: str = first.summary["deployment"]["url"]
        self.journal = sqlite_url(world.home / "journals" / "loop.db")

    def retrain(self, *words: str) -> Result:
        return self.world.run(*self.words, "pipeline=retraining", *words)

    def label(self, frame: pd.DataFrame, sources: list[str | None], flipped: list[bool] | None = None) -> list[Any]:
        """Send rows and their labels; return (request id, index, label, source) for each."""
        rows = json.loads(frame.drop(columns="answer").to_json(orient="records"))
        answer = ask(self.url, "/predict", {"instances": rows})
        sent = []
        for index, (truth, source) in enumerate(zip(frame["answer"], sources, strict=True)):
            other = {"yes": "no", "no": "yes"}[truth]
            label = other if flipped and flipped[index] else truth
            body = {"request_id": answer["request_id"], "index": index, "label": label, "source": source}
            assert ask(self.url, "/feedback", body)["status"] == "recorded"
            sent.append((answer["request_id"], index, label, source))
        return sent

    def forget_the_end(self) -> None:
        """Let the last retraining be one that was killed after its version went into production, before it said so."""
        values = {"running": 1, "holder": "", "held_until": 1.0, "ended": None, "outcome": None, "version": None}
        with connect(self.journal).begin() as connection:
            connection.execute(update(retrainings).values(**values))

    def in_production(self) -> str:
        found: str = ask(self.url, "/releases")[0]["version"]
        return found


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    for world in fresh_world(tmp_path_factory.mktemp("loop")):
        yield Loop(world)


def test_the_loop_closes_and_every_version_names_its_rows(loop: Loop, capsys: pytest.CaptureFixture[str]) -> None:
    """One course of events: each step is what the one before made possible."""
    few = loop.retrain()
    assert few.code == 0 and few.summary["retraining"]["begun"] is False, few.said
    assert few.summary["retraining"]["why"].startswith("nothing to do, because 0 labelled rows are in the window 90d")

    now = drawn(1, 300, 1.5)
    sources: list[str | None] = [["ann", "ben", None][place % 3] for place in range(300)]
    sent = loop.label(now, sources)
    assert loop.in_production() == "1"
    done = loop.retrain("retrain.trigger=auto")
    assert done.code == 0, done.said
    told = done.summary["retraining"]
    assert (told["begun"], told["cause"]) == (True, "labels:after-0")
    assert loop.in_production() == "2" and done.summary["model"]["version"] == "2"
    counts = told["collection"]
    assert counts["labelled"] == 300 and sum(counts["new"].values()) + counts["recent"] == 300
    assert {one["source"]: one["rows"] for one in counts["sources"]} == {"ann": 100, "ben": 100, None: 100}
    recent = told["recent"]
    assert recent["rows"] == counts["recent"] > 30
    assert recent["candidate"]["accuracy"] > 0.9 > 0.85 > recent["production"]["accuracy"]

    assert operators(["lineage", "loop", "2", "--rows"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted((one["request_id"], one["index"], one["label"], one["source"] or "") for one in listed) == sorted(
        (request_id, index, label, source or "") for request_id, index, label, source in sent
    )
    used = pd.Series([one["use"] for one in listed]).value_counts().to_dict()
    assert used["comparison"] == counts["recent"] and used["train"] == counts["new"]["train"]
    assert operators(["lineage", "loop"]) == 0
    out = capsys.readouterr().out
    assert "labels:after-0  released version 2" in out and "labels of ann: 100 rows" in out
    assert "trained on its data alone" in (operators(["lineage", "loop", "1"]), capsys.readouterr().out)[1]

    loop.forget_the_end()
    taken_over = loop.retrain("retrain.trigger=auto", "retrain.cool_down=1h")
    assert taken_over.code == 0 and "had trained before it was killed; it goes on from there" in taken_over.said
    assert taken_over.summary == done.summary | {"seconds": {}}, "no step ran again"
    assert [one["version"] for one in ask(loop.url, "/releases")] == ["2", "1"]

    again = loop.retrain("retrain.trigger=auto")
    assert again.code == 0 and "0 labels came since the last retraining" in again.summary["retraining"]["why"]
    assert "cool-down of 3600 s" in loop.retrain("retrain.cool_down=1h").summary["retraining"]["why"]

    poisoned = drawn(2, 300, 1.5)
    draw = np.random.default_rng(3)
    loop.label(
        poisoned,
        [["ann", "mallory"][place % 2] for place in range(300)],
        [place % 2 == 1 and draw.random() < 0.3 for place in range(300)],
    )
    refused = loop.retrain("retrain.window=300")
    assert refused.code == 3 and "labels of source 'mallory'" in refused.summary["error"], refused.said
    judged = {one["source"]: one["passed"] for one in refused.summary["retraining"]["collection"]["sources"]}
    assert judged == {"ann": True, "mallory": False}
    assert "'ann'" not in refused.summary["error"] and loop.in_production() == "2"
    assert "was acted on at" in loop.retrain("retrain.window=300").summary["retraining"]["why"]

    worse = loop.retrain("retrain.id=worse", "retrain.exclude=[mallory]", "trainer=majority", "baseline.name=majority")
    assert worse.code == 3 and loop.in_production() == "2", worse.said
    failed = {check["name"] for check in worse.summary["gate"]["checks"] if not check["passed"]}
    assert "no_worse_on_recent_rows" in failed
    with connect(loop.journal).connect() as connection:
        found = connection.execute(text("SELECT cause, outcome, running FROM retrainings ORDER BY id")).all()
    assert [(outcome, running) for _, outcome, running in found] == [
        ("released", None),
        ("refused", None),
        ("refused", None),
    ]
    assert found[0][0] == "labels:after-0" and found[2][0] == "hand:worse"
