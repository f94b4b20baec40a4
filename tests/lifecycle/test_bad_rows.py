"""Rows that cannot be trained on: a clear message, the exit code of the contract, nothing registered or deployed."""

import random
from pathlib import Path

import pytest
from zenml.client import Client

from tests.lifecycle.conftest import World

pytestmark = pytest.mark.untraced

YAML = """# @package _global_
defaults:
  - override /data: csv

name: {name}
data:
  path: {path}
  target: kind
{more}
"""


def table(target: list[str]) -> str:
    draw = random.Random(3)
    rows = [f"{draw.random():.4f},{draw.choice('abc')},{kind}" for kind in target]
    return "\n".join(["width,shape,kind", *rows]) + "\n"


def run(world: World, name: str, text: str, more: str = "", *words: str):
    path = Path(world.folder) / f"{name}.csv"
    path.write_text(text, encoding="utf-8")
    config = world.experiment(name, YAML.format(name=name, path=path, more=more))
    return world.run(config, f"+experiment={name}", *words)


MIXED = [("yes", "no")[number % 2] for number in range(200)]


@pytest.mark.parametrize(
    ("name", "text", "code", "says"),
    [
        ("all_one_class", table(["yes"] * 200), 1, "yes"),
        ("target_with_gaps", table(["", *MIXED]), 1, "kind"),
        ("too_few_rows", table(MIXED[:20]), 3, "20 rows"),
        ("ragged", table(MIXED) + "1,2,3,4,5\n", 1, "row"),
    ],
)
def test_unfit_content_is_reported_and_nothing_is_registered(
    world: World, name: str, text: str, code: int, says: str
) -> None:
    result = run(world, name, text)
    assert result.code == code
    assert says in result.summary["error"]
    assert (result.summary["model"], result.summary["deployment"]) == (None, None)
    assert not [model for model in Client().list_models(name=name).items if model.latest_version_name]
    assert not (world.home / "deployments" / f"{name}.json").exists()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("empty_file", "", "empty"),
        ("header_only", "width,shape,kind\n", "no rows"),
        ("no_target", "width,shape\n1,a\n2,b\n", "kind"),
    ],
)
def test_what_the_preflight_finds_starts_nothing(world: World, name: str, text: str, says: str) -> None:
    runs = len(Client().list_pipeline_runs(size=1000).items)
    result = run(world, name, text)
    assert (result.code, result.summary) == (2, None)
    assert says in result.err
    assert len(Client().list_pipeline_runs(size=1000).items) == runs


def test_a_declared_expectation_that_fails_refuses_with_3_and_keeps_the_report(world: World) -> None:
    more = "  columns:\n    width: {max: 0.5}"
    result = run(world, "expectation", table(MIXED), more)
    assert (result.code, result.summary["status"]) == (3, "refused")
    assert "width" in result.summary["error"]
    (page,) = (world.home / "reports" / "expectation").glob("data-*.html")
    assert "width" in page.read_text(encoding="utf-8")


def test_a_class_with_a_single_row_works_and_is_reported(world: World) -> None:
    result = run(world, "single_row", table(["maybe", *MIXED]), "", "gate=open", "pipeline=training")
    assert result.code == 0
    assert "'maybe'" in result.err
