"""Splits by time and by group from end to end: when may a new version be compared with the one in production?"""

import csv
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.conftest import Result, World

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]
YAML = """# @package _global_
defaults:
  - override /data: csv
  - override /split: {split}
  - override /trainer: logistic_regression
name: {name}
data:
  path: {path}
  target: kind
split:
  by: {by}
gate:
  no_worse_than_production: {{tolerance: 1.0}}   # whether it can be compared is asked here, not who is better
"""
FIRST = date(2023, 1, 2)


def write(path: Path, days: range, *, more: bool = False) -> None:
    """Write one row for each day after `FIRST`; the same day always gives the same row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["sent on", "plot", "height", *(["moisture"] if more else []), "kind"])
        for day in days:
            draw = random.Random(day)
            height, wet = draw.gauss(10, 3), draw.random()
            kind = "tree" if height + draw.gauss(0, 1) > 10 else "shrub"
            timestamp = (FIRST + timedelta(days=day)).strftime("%d/%m/%Y")
            table.writerow([timestamp, f"plot {day % 37}", f"{height:.3f}", *([f"{wet:.3f}"] if more else []), kind])


def deployed(world: World, name: str, **keys: str) -> str:
    """Run the experiment until it is in production; return the word that finds it."""
    path = world.folder / f"{name}.csv"
    write(path, range(400))
    config = world.experiment(name, YAML.format(name=name, path=path, **keys))
    first = world.run(config, f"+experiment={name}")
    assert first.code == 0, first.said
    return config


@pytest.fixture(scope="module")
def letters(world: World) -> str:
    return deployed(world, "letters", split="time", by="sent on")


@pytest.fixture(scope="module")
def plots(world: World) -> str:
    return deployed(world, "plots", split="group", by="plot")


def production_check(result: Result) -> Any:
    assert result.code == 0, result.said
    (check,) = (one for one in result.summary["gate"]["checks"] if one["name"] == "no_worse_than_production")
    return check


def trained(world: World, name: str, config: str, *words: str) -> Result:
    return world.run(config, f"+experiment={name}", "pipeline=training", *words)


def test_newer_rows_are_compared_with_production(letters: str, world: World) -> None:
    write(world.folder / "letters.csv", range(460))
    check = production_check(trained(world, "letters", letters))
    assert check["threshold"] is not None and "not comparable" not in check["why"]


def test_a_cut_that_moved_on_is_compared_and_rows_in_the_gap_are_counted(letters: str, world: World) -> None:
    write(world.folder / "letters.csv", range(460))
    result = trained(world, "letters", letters, "split.test_from=2024-03-01", "split.gap=3d")
    assert production_check(result)["threshold"] is not None
    assert "6 of 460 rows are in no set" in result.err


def test_rows_of_the_past_that_come_late_move_the_cut_back_and_are_not_compared(letters: str, world: World) -> None:
    write(world.folder / "letters.csv", range(-400, 400))
    check = production_check(trained(world, "letters", letters))
    assert check["threshold"] is None
    assert "not comparable with version 1" in check["why"]
    assert "trained on rows up to 2023-11-17T00:00:00 and may have seen 80 of the 160 test rows" in check["why"]


def test_groups_keep_their_sets_when_rows_and_columns_join_and_are_compared(plots: str, world: World) -> None:
    write(world.folder / "plots.csv", range(700), more=True)
    result = trained(world, "plots", plots)
    assert production_check(result)["threshold"] is not None
    assert "left out: plot: the split goes by it" in result.err
