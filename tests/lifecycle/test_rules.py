"""Rules in a real run: as the model in production, and as the baseline that a model must beat."""

import csv
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lifecycle.conftest import World, ask
from tests.lifecycle.refitted import ROWS, Deployed, Fresh, asked, instance, refitted

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]

HEAD = """# @package _global_
defaults:
  - override /data: csv
  - override /trainer: {trainer}
name: {name}
data:
  path: {path}
  target: late
{block}:
  name: rules
  rules:
    - when: {{column: note, matches: "^URGENT"}}
      abstain: true
    - when: {{column: weather, in: [storm, hail]}}
      then: 'yes'
    - when:
        all:
          - {{column: distance, above: 300}}
          - any: [{{column: carrier, equals: Slow}}, {{column: ordered on, at_least: "2024-07-01"}}]
      then: 'yes'
    - when: {{column: distance, missing: true}}
      abstain: true
  otherwise: 'no'
"""


def orders(path: Path) -> Path:
    """Write a table in which the rules are mostly right, and a model can learn more than they know."""
    draw = random.Random(3)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["weather", "distance", "carrier", "note", "ordered on", "parcel", "country", "late"])
        for number in range(800):
            weather, carrier = draw.choice(["sun", "rain", "storm"]), draw.choice(["Fast", "Slow", "Best"])
            distance, month = draw.uniform(1, 600), draw.randint(1, 12)
            late = weather == "storm" or (distance > 300 and (carrier == "Slow" or month > 6))
            cells = [
                weather,
                "" if draw.random() < 0.05 else f"{distance:.1f}",
                carrier,
                draw.choice(["", "", "ring twice", "URGENT please"]),
                f"2024-{month:02}-{draw.randint(1, 28):02}",
                f"P-{number:05}",
                "CH",
            ]
            table.writerow([*cells, "yes" if late != (draw.random() < 0.05) else "no"])
    return path


def experiment(world: World, name: str, trainer: str, block: str, more: str = "") -> str:
    table = world.folder / "orders.csv"
    if not table.exists():
        orders(table)
    return world.experiment(name, HEAD.format(trainer=trainer, name=name, path=table, block=block) + more)


@pytest.fixture(scope="module")
def deployed(world: World) -> Deployed:
    fresh: Fresh = {
        "weather": lambda draw: draw.choice(["hail", "☃"]),
        "note": lambda draw: draw.choice(["URGENT", "URGENT\nnow", "not URGENT", "é" * 700]),
        "ordered on": lambda draw: f"2025-0{draw.randint(1, 9)}-11",
    }
    return refitted(world, "ruled", world.folder / "orders.csv", fresh, experiment(world, "ruled", "rules", "trainer"))


def test_a_thousand_rows_are_predicted_over_http_as_by_the_fitted_rules(deployed: Deployed, tmp_path: Path) -> None:
    rows = asked(deployed, tmp_path / "asked.csv")
    sent = [instance(deployed, row, number) for number, row in enumerate(rows)]
    answers = [
        answer
        for start in range(0, ROWS, 125)
        for answer in ask(deployed.url, "/predict", {"instances": sent[start : start + 125]})["predictions"]
    ]
    codes, classes = deployed.expected(tmp_path / "asked.csv").codes, deployed.schema.problem.classes
    assert codes is not None and classes is not None and len(answers) == ROWS
    assert set(codes.tolist()) == {-1, 0, 1}
    expected: list[Any] = [
        {"label": None if code < 0 else classes[code], "needs_review": code < 0} for code in codes.tolist()
    ]
    assert answers == expected


def test_the_document_says_that_a_label_may_be_null(deployed: Deployed) -> None:
    shape = ask(deployed.url, "/openapi.json")["components"]["schemas"]["Prediction"]["properties"]
    assert shape["label"]["enum"] == ["no", "yes", None]


def test_monitoring_copes_with_predictions_that_abstain(deployed: Deployed, world: World) -> None:
    codes = deployed.expected(world.folder / "orders.csv").codes
    assert codes is not None and np.mean(codes < 0) > 0.1
    result = world.run(world.experiment("unused", ""), "+experiment=ruled", "pipeline=monitoring")
    assert result.code == 0, result.said
    assert result.summary["monitoring"]["verdict"] in ("ok", "drift", "no_verdict")


def test_the_summary_has_what_rules_predict_and_a_gate_can_ask_for_it(deployed: Deployed, world: World) -> None:
    given = experiment(world, "shy", "rules", "trainer", "gate: {min: {coverage: 0.99}}\n")
    result = world.run(given, "+experiment=shy", "pipeline=training")
    assert result.code == 3
    (check,) = (one for one in result.summary["gate"]["checks"] if one["name"] == "min.coverage")
    scores = result.summary["metrics"]["test"]
    assert 0.5 < check["value"] == scores["coverage"] < 0.99 and scores["answered_accuracy"] > 0.85


def test_a_model_must_beat_the_rules_on_what_both_can_be_measured_by(world: World) -> None:
    given = experiment(world, "learnt", "gradient_boosting", "baseline")
    result = world.run(given, "+experiment=learnt", "pipeline=training")
    assert result.code == 0, result.said
    assert result.summary["baseline"]["name"] == "rules"
    (check,) = (one for one in result.summary["gate"]["checks"] if one["name"] == "beat_baseline")
    assert check["why"].startswith("balanced_accuracy") and "abstains from count as not right" in check["why"]
    assert check["threshold"] == result.summary["baseline"]["metrics"]["test"]["balanced_accuracy"]


@pytest.mark.parametrize("block", ["trainer", "baseline"])
def test_rules_that_do_not_fit_the_rows_stop_the_run_before_training(world: World, block: str) -> None:
    trainer = "rules" if block == "trainer" else "gradient_boosting"
    rules = "[{when: {column: parcel, matches: a}, then: 'yes'}, {when: {column: weather, above: 3}, then: true}]"
    given = experiment(world, f"unfit_{block}", trainer, block)
    result = world.run(given, f"+experiment=unfit_{block}", "pipeline=training", f"{block}.rules={rules}")
    assert result.code == 1
    error = result.summary["error"]
    assert f"{block}.rules[0].when.column: 'parcel' is dropped" in error and "data.columns.parcel.type" in error
    assert f"{block}.rules[1].when.above" in error and f"{block}.rules[1].then: true is no class" in error
    assert "write 'yes' in quotes" in error and "train" not in result.ran
