"""What a run leaves in its folder, when, and what a run that cannot start leaves: nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from cli.arguments import parse_arguments
from cli.compose import compose
from cli.folder import RunFolder
from cli.main import main
from cli.repository import ROOT
from schemas.errors import ConfigurationError
from schemas.summary import Summary

BASE = "+experiment=diabetes"
SUMMARY = Summary(experiment="diabetes", pipeline="training", stack="local", status="succeeded")


def folder(*words: str) -> RunFolder:
    return RunFolder(compose(parse_arguments([BASE, *words])))


def test_nothing_is_written_before_the_first_step(empty: Path) -> None:
    assert not folder().is_open
    assert list(empty.iterdir()) == []


def test_the_folder_holds_what_hydra_writes(empty: Path) -> None:
    opened = folder("seed=4", "hydra.run.dir=out/here")
    opened.open()
    assert opened.path == empty / "out" / "here"
    assert yaml.safe_load((opened.path / ".hydra" / "config.yaml").read_text())["seed"] == 4
    assert yaml.safe_load((opened.path / ".hydra" / "overrides.yaml").read_text()) == [BASE, "seed=4"]
    hydra = yaml.safe_load((opened.path / ".hydra" / "hydra.yaml").read_text())["hydra"]
    assert hydra["runtime"]["output_dir"] == str(opened.path)
    assert hydra["runtime"]["choices"]["experiment"] == "diabetes"
    assert "help" not in hydra


def test_two_runs_of_the_same_moment_never_share_a_folder(empty: Path) -> None:
    first, second = folder(), folder()
    second.path = first.path
    first.open()
    second.open()
    assert first.path != second.path


def test_a_summary_is_written_whole(empty: Path) -> None:
    opened = folder()
    path = opened.write_summary(SUMMARY)
    written = json.loads(path.read_text())
    assert set(written) == set(Summary.model_fields)
    assert written["monitoring"] is None
    assert [entry.name for entry in path.parent.iterdir() if entry.name != ".hydra"] == ["summary.json"]


def test_a_folder_that_cannot_be_written_is_a_fault(empty: Path) -> None:
    (empty / "file").touch()
    with pytest.raises(ConfigurationError, match="is a file"):
        folder(f"hydra.run.dir={empty}/file/out")


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (["data=csv", "data.path=nowhere.csv", "data.target=y"], "nowhere.csv"),
        (["data=csv", "data.path=empty.csv", "data.target=y"], "empty"),
        (["data=csv", "data.path=rows.csv", "data.target=prize"], "Did you mean 'price'?"),
        (["data.target=targett"], "Did you mean 'target'?"),
        (["data.columns.nothing.type=date"], "no column 'nothing'"),
        (["hydra.run.dir=${nowhere}"], "nowhere"),
    ],
)
def test_a_failed_preflight_starts_and_writes_nothing(
    words: list[str], phrase: str, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (empty / "empty.csv").touch()
    (empty / "rows.csv").write_text("price,rooms\n1,2\n3,4\n")
    before = sorted(empty.iterdir())
    assert main([BASE, *words]) == 2
    assert phrase in capsys.readouterr().err
    assert sorted(empty.iterdir()) == before


def test_a_port_in_use_is_found_before_anything_starts(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main([BASE, f"deploy.port={taken.getsockname()[1]}"]) == 2
    assert "in use" in capsys.readouterr().err
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    "words", [["action=components"], [BASE, "action=plan"], [BASE, "action=plan", "pipeline=monitoring"]]
)
def test_looking_writes_nothing(words: list[str], empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(("number", "code", "word"), [(signal.SIGINT, 130, "SIGINT"), (signal.SIGTERM, 143, "SIGTERM")])
def test_a_stopped_run_says_so(
    number: signal.Signals, code: int, word: str, outside: Callable[..., Path], empty: Path
) -> None:
    command = [sys.executable, str(ROOT / "run.py"), BASE, "pipeline=training", "hydra.run.dir=out"]
    process = subprocess.Popen(command, cwd=empty, env=dict(os.environ), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = ""
    while "step training.load" not in said and "pipeline training" not in said:
        line = process.stderr.readline()
        assert line, f"ended with {process.wait()}: {said}"
        said += line
    process.send_signal(number)
    rest = process.stderr.read()
    assert process.wait(timeout=60) == code, said + rest
    assert "Traceback" not in rest
    assert json.loads((empty / "out" / "summary.json").read_text())["error"] == f"stopped by {word}"
