"""One reading of a row, end to end: the cells of a file as text over HTTP, and a batch from that file."""

import csv
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lifecycle.conftest import Result, World, ask

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]
EXPERIMENT = """# @package _global_
defaults:
  - override /data: csv
  - override /gate: open
name: deals
data:
  path: {path}
  target: y
  thousands: "."
  missing: ["", "NA", "n.a."]
  columns:
    country: {{missing: []}}
    ort: {{type: category}}
"""
ROWS = 420


def deals(seed: int) -> list[dict[str, str]]:
    """Return rows as a file has them: points between thousands, NA for a country, a name with decomposed letters."""
    rng = np.random.default_rng(seed)
    price = rng.integers(1, 9_000, ROWS)
    countries, flags = rng.choice(["DE", "NA", "FR"], ROWS), rng.choice(["TRUE", "FALSE"], ROWS)
    places, zips = rng.choice(["Köln", " Köln", "Bonn "], ROWS), rng.choice(["08383", "10115"], ROWS)
    yes = (price > 4000) ^ (countries == "NA")
    rows = zip(price, countries, flags, places, zips, yes, strict=True)
    return [
        {
            "price": "n.a." if number % 17 == 3 else f"{amount:,}".replace(",", "."),
            "country": country,
            "flag": flag,
            unicodedata.normalize("NFD", "ört"): unicodedata.normalize("NFD", place),
            "zip": code,
            "y": "yes" if wanted else "no",
        }
        for number, (amount, country, flag, place, code, wanted) in enumerate(rows)
    ]


def write(path: Path, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Write the rows; return them without the target."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return [{name: cell for name, cell in row.items() if name != "y"} for row in rows]


@pytest.fixture(scope="module")
def words(world: World) -> str:
    """The words of the experiment."""
    write(world.folder / "deals.csv", deals(1))
    text = EXPERIMENT.format(path=world.folder / "deals.csv").replace("    ort:", "    ört:")
    return world.experiment("deals", text)


@pytest.fixture(scope="module")
def deployed(world: World, words: str) -> Result:
    """The model, in production."""
    result = world.run(words, "+experiment=deals")
    assert result.code == 0, result.said
    return result


@pytest.fixture(scope="module")
def told(world: World, deployed: Result) -> list[dict[str, Any]]:
    """What the service answers to new rows as text."""
    rows = write(world.folder / "new.csv", deals(2))
    answer = ask(deployed.summary["deployment"]["url"], "/predict", {"instances": rows})
    return list(answer["predictions"])


def test_the_model_learns_what_the_file_says(deployed: Result) -> None:
    assert deployed.summary["metrics"]["test"]["accuracy"] > 0.9


@pytest.mark.usefixtures("deployed")
def test_a_batch_reads_its_file_as_the_experiment_says_and_finds_what_the_service_finds(
    world: World, words: str, told: list[dict[str, Any]]
) -> None:
    output = world.folder / "predictions.csv"
    batch = ("pipeline=batch_inference", f"batch.input.path={world.folder / 'new.csv'}", f"batch.output.path={output}")
    plan = world.run(words, "+experiment=deals", *batch, "action=plan")
    assert 'thousands "."' in plan.out and '"n.a."' in plan.out
    done = world.run(words, "+experiment=deals", *batch)
    assert done.code == 0, done.said
    with output.open(encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert len(found) == len(told) == ROWS
    for row, answer in zip(found, told, strict=True):
        assert row["prediction"] == answer["label"]
        assert float(row["probability_yes"]) == pytest.approx(answer["probabilities"]["yes"], abs=1e-6)


@pytest.mark.usefixtures("told")
def test_rows_sent_as_text_are_no_drift(world: World, words: str) -> None:
    result = world.run(words, "+experiment=deals", "pipeline=monitoring")
    assert result.summary["monitoring"]["verdict"] == "ok", result.said


def test_lost_zeros_and_other_marks_are_errors(deployed: Result) -> None:
    url = deployed.summary["deployment"]["url"]
    row = {"price": "3.455", "country": "DE", "flag": True, "ört": "Köln", "zip": "08383"}
    wrong = [{**row, "zip": 8383}, {**row, "zip": "8383"}, {**row, "price": "34.55"}, {**row, "flag": "perhaps"}, row]
    answers = ask(url, "/predict", {"instances": wrong})["predictions"]
    columns = [answer.get("error", {}).get("column") for answer in answers]
    assert columns == ["zip", "zip", "price", "flag", None]
    assert "leading zeros" in answers[0]["error"]["message"]
    assert "1.234,5" in answers[2]["error"]["message"]


def test_a_label_is_read_as_the_target_was(deployed: Result) -> None:
    url = deployed.summary["deployment"]["url"]
    row = {"price": 3455, "country": "DE", "flag": True, "ört": "Köln", "zip": "08383"}
    request_id = ask(url, "/predict", {"instances": [row]})["request_id"]
    assert ask(url, "/feedback", {"request_id": request_id, "label": " yes "})["label"] == "yes"
