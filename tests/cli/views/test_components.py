"""`action=components`: a table for people, lines for logs, JSON for programs."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.main import main
from cli.views.components import rows, show_components
from schemas.catalog import Broken, Catalog, Component, Option, Parameter

SHARE = Parameter(name="share", type="number", required=False, default=0.5, description="of all\trows")
PATH = Parameter(name="path", type="text", required=True, description="a file")
ALPHA = Component(kind="trainer", name="alpha", origin="acme 1.0", description="Learns.", parameters=[SHARE])
PAGER = Component(kind="alerter", name="pager", origin="acme 1.0", description="Rings.", parameters=[PATH])
SIZE = Component(kind="gate", name="size", origin="drivetrain", description="MiB", parameters=[])
OPTION = Option(
    group="stack", name="lab", origin="acme 1.0", file="lab.yaml", description="A lab.", flavors={"alerter": "pager"}
)
MINE = Option(group="experiment", name="mine", origin="acme 1.0", file="mine.yaml", description="Learns.")
CATALOG = Catalog(
    contract="1.0",
    components=[ALPHA, SIZE],
    flavors=[PAGER],
    options=[MINE, OPTION],
    broken=[Broken(path="stack", message="flavor 'x' of other 2.0 does not import", hint="")],
)


def shown(width: int | None = None) -> str:
    console = Console(file=io.StringIO(), force_terminal=width is not None, width=width or 80)
    show_components(console, CATALOG)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_part_is_a_row_followed_by_its_parameters() -> None:
    found = [(row.kind, row.component, row.parameter, row.default) for row in rows(CATALOG)]
    assert found == [
        ("trainer", "alpha", "", ""),
        ("trainer", "alpha", "share", "0.5"),
        ("gate", "size", "", ""),
        ("alerter flavor", "pager", "", ""),
        ("alerter flavor", "pager", "path", "required"),
        ("experiment", "+experiment=mine", "", ""),
        ("stack", "stack=lab", "", ""),
        ("stack", "stack=lab", "alerter", "pager"),
    ]


def test_logs_get_a_line_a_row_whose_columns_are_parted_by_tabs_alone() -> None:
    lines = shown().splitlines()
    assert lines[0].split("\t") == ["kind", "component", "origin", "parameter", "type", "default", "description"]
    assert "trainer\talpha\tacme 1.0\tshare\tnumber\t0.5\tof all rows" in lines
    assert all(line.count("\t") == 6 for line in lines[:-1])
    assert lines[-1] == "broken: stack: flavor 'x' of other 2.0 does not import"


def test_a_terminal_gets_a_table_and_what_is_broken() -> None:
    text = shown(width=200)
    assert "\t" not in text and "of all" in text and "broken: stack: flavor 'x'" in text


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZENML_CONFIG_PATH", str(tmp_path / "zenml"))
    return tmp_path


def test_programs_get_all_of_it_as_json_and_nothing_is_written(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["action=components", "format=json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert Catalog.model_validate(found).contract == "1.1" and found["broken"] == []
    (csv,) = [one for one in found["components"] if (one["kind"], one["name"]) == ("data", "csv")]
    assert csv["origin"] == "drivetrain" and csv["description"]
    assert all(one["description"] for one in csv["parameters"])
    (bento,) = [one for one in found["flavors"] if one["name"] == "drivetrain_bentoml"]
    assert (bento["kind"], bento["parameters"][0]["default"]) == ("deployer", 120.0)
    (local,) = [one for one in found["options"] if (one["group"], one["name"]) == ("stack", "local")]
    assert local["flavors"]["orchestrator"] == "local" and local["description"].startswith("Everything on this machine")
    assert list(here.iterdir()) == []


def test_another_format_is_refused_with_the_nearest(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["action=components", "format=jsn"]) == 2
    text = capsys.readouterr().err
    assert "format: 'jsn' is not a format. Did you mean 'json'?" in text and "formats: table, json" in text


def test_a_format_is_no_key_of_a_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["+experiment=breast_cancer", "action=plan", "format=json"]) == 2
    assert "format: is not a known key" in capsys.readouterr().err


def test_options_of_a_folder_are_listed_with_it_and_what_cannot_be_read_of_it_is_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "mine" / "stack").mkdir(parents=True)
    (here / "mine" / "stack" / "lab.yaml").write_text("# A lab.\nname: lab\norchestrator: {flavor: local}\n")
    (here / "mine" / "stack" / "torn.yaml").write_text("name: [lab\n")
    assert main([f"--config-dir={here / 'mine'}", "action=components", "format=json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (lab,) = [one for one in found["options"] if one["origin"] == str(here / "mine")]
    assert (lab["name"], lab["description"], lab["flavors"]) == ("lab", "A lab.", {"orchestrator": "local"})
    (torn,) = found["broken"]
    assert torn["path"] == "stack/torn" and "torn.yaml is not readable configuration" in torn["message"]
