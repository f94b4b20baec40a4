"""A table that gained a column draws every row anew, so that production may have seen the candidate's test rows."""

import csv
import random
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.conftest import Result, World, ask

pytestmark = pytest.mark.untraced

NAME = "plants"
YAML = """# @package _global_
defaults:
  - override /data: csv
  - override /trainer: logistic_regression
name: {name}
data:
  path: {path}
  target: kind
"""


def write(path: Path, *, moisture: bool) -> None:
    draw = random.Random(5)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["height", "leaf", *(["moisture"] if moisture else []), "kind"])
        for _ in range(240):
            height, leaf, wet = draw.gauss(10, 3), draw.choice("abc"), draw.random()
            kind = "tree" if height + draw.gauss(0, 1) > 10 else "shrub"
            table.writerow([f"{height:.3f}", leaf, *([f"{wet:.3f}"] if moisture else []), kind])


@pytest.fixture(scope="module")
def grown(world: World) -> tuple[str, Result]:
    """The words of the experiment and its first run, in production; since then the table has one more column."""
    path = world.folder / f"{NAME}.csv"
    write(path, moisture=False)
    config = world.experiment(NAME, YAML.format(name=NAME, path=path))
    deployed = world.run(config, f"+experiment={NAME}")
    assert deployed.code == 0, deployed.said
    write(path, moisture=True)
    return config, deployed


def production_check(result: Result) -> Any:
    (check,) = (one for one in result.summary["gate"]["checks"] if one["name"] == "no_worse_than_production")
    return check


def test_a_model_of_more_columns_passes_by_default_and_the_verdict_says_not_comparable(
    grown: tuple[str, Result], world: World
) -> None:
    config, _ = grown
    result = world.run(config, f"+experiment={NAME}", "pipeline=training")
    assert result.code == 0, result.summary["error"]
    check = production_check(result)
    assert check["passed"] and check["threshold"] is None
    assert "not comparable with version 1" in check["why"] and "moisture" in check["why"]


def test_a_gate_that_refuses_what_cannot_be_compared_ends_with_3_and_production_goes_on(
    grown: tuple[str, Result], world: World
) -> None:
    config, deployed = grown
    refusing = "gate.no_worse_than_production.when_not_comparable=refuse"
    result = world.run(config, f"+experiment={NAME}", refusing)
    assert (result.code, result.summary["status"], result.summary["deployment"]) == (3, "refused", None)
    assert not production_check(result)["passed"]
    assert "not comparable" in result.summary["error"] and "moisture" in result.summary["error"]
    url = deployed.summary["deployment"]["url"]
    assert [(one["version"], one["weight"]) for one in ask(url, "/releases")] == [("1", 1.0)]
