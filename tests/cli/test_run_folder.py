"""What a run leaves in its folder, when, and what a run that cannot start leaves: nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.main import main
from cli.run_folder import RunFolder
from cli.signals import Terminated, termination_raises
from ml.io.atomic_write import write_whole
from schemas.errors import ConfigurationError
from schemas.home import ROOT
from schemas.summary import Summary
from tests.soak import count

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


def test_two_runs_of_the_same_second_never_share_a_folder(empty: Path) -> None:
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


def test_a_file_that_cannot_be_written_whole_leaves_the_one_before_and_no_partial_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write_whole(tmp_path / "a" / "file.json", "before")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(target, "after")
    assert [(path.name, path.read_text()) for path in target.parent.iterdir()] == [("file.json", "before")]


def test_threads_that_write_one_file_do_not_meet_in_its_partial_file(tmp_path: Path) -> None:
    texts = [str(number) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda text: write_whole(tmp_path / "file", text), texts * 5))
    assert (tmp_path / "file").read_text() in texts and len(list(tmp_path.iterdir())) == 1


def test_a_file_is_for_whom_the_umask_lets_in_unless_it_is_private(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        modes = [write_whole(tmp_path / str(private), "", private=private).stat().st_mode for private in (False, True)]
    finally:
        os.umask(before)
    assert [mode & 0o777 for mode in modes] == [0o640, 0o600]


def test_signals_are_noticed_without_pipe2_which_macos_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pipe2", raising=False)
    with pytest.raises(Terminated), termination_raises() as stops:
        stops.raise_any()  # nothing arrived, and it does not wait
        with suppress(Terminated):
            os.kill(os.getpid(), signal.SIGTERM)
            while True:
                signal.pause()
        stops.raise_any()


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


@pytest.mark.slow
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


STOPS = [(signal.SIGTERM, 143, "SIGTERM"), (signal.SIGINT, 130, "SIGINT")]


@pytest.mark.slow
@pytest.mark.untraced
@pytest.mark.parametrize(("number", "code", "word"), STOPS[: count(1, 2)])
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
