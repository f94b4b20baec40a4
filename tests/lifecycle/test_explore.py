"""`pipeline=explore` from the command line, and the experiment that it suggests."""

import re
from pathlib import Path

import pytest
import yaml
from zenml.client import Client

from tests.lifecycle.conftest import Result, World
from tests.ml.features.ugly_table import TARGET, write_ugly

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]

# `allowed` cannot hold, and a training run would stop there. The token shows rows on the page: each has its own.
EXPERIMENT = """# @package _global_
name: ugly
data:
  name: csv
  path: {path}
  target: "{target}"
  columns:
    token: {{type: identifier}}
    "yes": {{allowed: ["yes"]}}
"""
BARE = """name: bare
orchestrator: {flavor: local}
artifact_store: {flavor: local}
"""
AMBIGUOUS = """# @package _global_
name: ambiguous
data: {{name: csv, path: {path}, target: y}}
"""


@pytest.fixture(scope="module")
def explored(world: World) -> Result:
    path = write_ugly(world.folder / "häßlich & schön.csv")
    folder = world.experiment("ugly", EXPERIMENT.format(path=path, target=TARGET))
    stacks = world.folder / "mine" / "stack"
    stacks.mkdir()
    (stacks / "bare.yaml").write_text(BARE, encoding="utf-8")
    return world.run(folder, "+experiment=ugly", "pipeline=explore", "stack=bare")


def reports(result: Result) -> list[Path]:
    """The paths that the command line printed."""
    return [Path(path) for path in re.findall(r"^(?:report|suggestion): (.+)$", result.out, re.MULTILINE)]


def test_a_failing_check_and_a_stack_without_deployer_do_not_stop_it(explored: Result) -> None:
    assert (explored.code, explored.summary["status"], explored.summary["error"]) == (0, "succeeded", None)
    assert explored.summary["model"] is None and len(explored.summary["runs"]) == 1
    assert list(explored.summary["seconds"]) == ["load", "infer_schema", "split", "validate_data", "explore"]


def test_the_page_and_the_yaml_lie_where_the_command_says(explored: Result, world: World) -> None:
    page, suggestion = reports(explored)
    assert page.parent == world.home / "reports" / "ugly"
    assert {page.suffix, suggestion.suffix} == {".html", ".yaml"}
    text = page.read_text(encoding="utf-8")
    assert "1 failed" in text and "A training run would stop at what failed" in text
    assert not list(page.parent.glob("*.partial"))
    assert str(page) not in explored.err, "a person reads both streams, and each path once"


def test_no_cell_of_the_other_sets_is_on_the_page_or_in_the_yaml(explored: Result) -> None:
    outputs = Client().get_pipeline_run(explored.summary["runs"][0]).steps["split"].outputs
    tokens = {name: set(outputs[name][0].load()["token"]) for name in ("train_set", "validation_set", "test_set")}
    for path in reports(explored):
        text = path.read_text(encoding="utf-8")
        assert not [token for token in tokens["validation_set"] | tokens["test_set"] if token in text]
    assert [token for token in tokens["train_set"] if token in reports(explored)[0].read_text(encoding="utf-8")]


def test_the_suggested_experiment_runs_as_it_is(explored: Result, world: World) -> None:
    text = reports(explored)[1].read_text(encoding="utf-8")
    assert text.startswith("# @package _global_\n")
    assert yaml.safe_load(text)["data"]["columns"]["yes"]["on_violation"] == "warn"
    folder = world.folder / "pasted" / "experiment"
    folder.mkdir(parents=True)
    (folder / "ugly.yaml").write_text(text, encoding="utf-8")
    result = world.run(f"--config-dir={folder.parent}", "+experiment=ugly")
    assert (result.code, result.summary["error"]) == (0, None)
    assert result.summary["deployment"]["releases"][0]["version"] == "1"


def test_a_date_that_can_be_read_in_two_ways_still_has_to_be_declared(world: World) -> None:
    path = world.folder / "ambiguous.csv"
    days = [f"0{1 + number % 9}/0{1 + number % 7}/2024,{'pq'[number % 2]},{number % 5}" for number in range(80)]
    path.write_text("\n".join(["day,y,n", *days]), encoding="utf-8")
    folder = world.experiment("ambiguous", AMBIGUOUS.format(path=path))
    result = world.run(folder, "+experiment=ambiguous", "pipeline=explore")
    assert result.code == 1
    assert "data.columns.day.format" in result.summary["error"]
    assert reports(result) == []
