"""Every way that we know to make a configuration run code, each refused before anything is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import main

pytestmark = pytest.mark.untraced

BASE = "+experiment=breast_cancer"
EVIL = "pathlib.Path.touch"
BY_OVERRIDE = [
    f"trainer._target_={EVIL}",
    f"+trainer._target_={EVIL}",
    f"++trainer._target_={EVIL}",
    f"+_target_={EVIL}",
    f"data._target_={EVIL}",
    f"data.columns.x._target_={EVIL}",
    f"trainer={{_target_:{EVIL}}}",
    f"trainer.deep={{_target_:{EVIL}}}",
    f"trainer.deep=[{{_target_:{EVIL}}}]",
    f"trainer.deep=[[1,{{a:{{_target_:{EVIL}}}}}]]",
    f"gate.checks=[{{name:x,_target_:{EVIL}}}]",
    f"baseline._target_={EVIL}",
    f"stack.orchestrator.settings._target_={EVIL}",
    f"split={{_target_:{EVIL}}}",
    f"monitor._target_={EVIL}",
    f"deploy._target_={EVIL}",
    f"new_block.x._target_={EVIL}",
    "trainer._partial_=true",
    "trainer._args_=[1]",
    "trainer._recursive_=false",
    "trainer._convert_=all",
    f"trainer._TARGET_={EVIL}",
    f"hydra.callbacks.x._target_={EVIL}",
    f"+hydra.callbacks.x._target_={EVIL}",
    f"++hydra.callbacks={{x:{{_target_:{EVIL}}}}}",
    f"hydra.launcher._target_={EVIL}",
    f"hydra.sweeper._target_={EVIL}",
    "hydra/launcher=basic",
    "hydra/sweeper=basic",
    "+hydra/callbacks=x",
    "hydra/job_logging=default",
    "hydra/hydra_logging=default",
    "hydra/env=default",
    "hydra/output=default",
    "+hydra.job_logging.handlers.x.class=logging.FileHandler",
    "hydra.searchpath=[pkg://this]",
    "hydra.job.env_set.PATH=/evil",
    "hydra.job.env_copy=[HOME]",
    "hydra.job.chdir=true",
    "hydra.job.name=x",
    "hydra.output_subdir=null",
    "hydra.mode=MULTIRUN",
    f"hydra={{callbacks:{{x:{{_target_:{EVIL}}}}}}}",
    f"+hydra={{launcher:{{_target_:{EVIL}}}}}",
    "~hydra",
    "~hydra.launcher",
    "~hydra.run.dir",
    "trainer@hydra.launcher=ridge",
    "+trainer@hydra.callbacks=ridge",
    "+experiment@hydra=diabetes",
    "name=${oc.env:HOME}",
    "name=${oc.decode:x}",
    "name=${oc.create:x}",
    "name=x${oc.env:HOME}",
    "data={name:csv}",
    "seed=${now:%s}",
    "name=${hydra:job.name}",
    "hydra.run.dir=${oc.env:HOME}/x",
    "hydra.verbose={a:1}",
]
FLAGS = [
    ["--experimental-rerun", "config.pickle"],
    ["--config-path", "."],
    ["--config-name", "other"],
    ["--shell-completion", "install=bash"],
    ["-cn", "other"],
]
HEAD = "# @package _global_\n"
OK = "defaults:\n  - override /data: csv\nname: x\ndata: {path: a.csv, target: y}\n"
REASONS = (
    "may name code",
    "cannot be changed",
    "cannot be set by",
    "asks for",
    "not readable YAML",
    "interpolation",
    "name of one option",
    "cannot be moved",
    "is not available here",
    "neither true, false",
    "holds a password",
    "Could not load",
)


def first(line: str) -> str:
    return OK.replace("defaults:", f"defaults:\n  {line}", 1)


def last(line: str) -> str:
    return OK.replace("name: x", f"  {line}\nname: x", 1)


LAUNCHER = f"_target_: {EVIL}\n"
BY_FILE = {
    "hydra block": {"experiment__x": f"{HEAD}{OK}hydra:\n  callbacks:\n    a: {{_target_: {EVIL}}}\n"},
    "hydra run dir": {"experiment__x": f"{HEAD}{OK}hydra:\n  run: {{dir: /elsewhere}}\n"},
    "hydra env": {"experiment__x": f"{HEAD}{OK}hydra:\n  job: {{env_set: {{A: b}}}}\n"},
    "hydra searchpath": {"experiment__x": f"{HEAD}{OK}hydra:\n  searchpath: ['pkg://evil']\n"},
    "top": {"experiment__x": f"{HEAD}{OK}_target_: {EVIL}\n"},
    "trainer": {"experiment__x": f"{HEAD}{OK}trainer: {{_target_: {EVIL}}}\n"},
    "list": {"experiment__x": f"{HEAD}{OK}trainer: {{a: [{{_target_: {EVIL}}}]}}\n"},
    "quoted": {"experiment__x": f'{HEAD}{OK}trainer: {{" _target_ ": {EVIL}}}\n'},
    "escaped": {"experiment__x": f'{HEAD}{OK}trainer: {{"\\u005ftarget_": {EVIL}}}\n'},
    "anchor": {"experiment__x": f"{HEAD}{OK}a: &a {{_target_: {EVIL}}}\ntrainer:\n  <<: *a\n"},
    "interpolated": {"experiment__x": f"{HEAD}{OK}a: {{_target_: {EVIL}}}\ntrainer: ${{a}}\n"},
    "column": {"experiment__x": f"{HEAD}{OK.replace('target: y', 'target: y, columns: {_target_: {type: date}}')}"},
    "yaml tag": {"experiment__x": f"{HEAD}{OK}a: !!python/object/apply:os.system ['touch evil']\n"},
    "yaml name": {"experiment__x": f"{HEAD}{OK}a: !!python/name:os.system\n"},
    "package hydra": {"experiment__x": f"# @package hydra\nlauncher: {{_target_: {EVIL}}}\n"},
    "package callbacks": {"experiment__x": f"# @package hydra.callbacks\na: {{_target_: {EVIL}}}\n"},
    "override launcher": {
        "experiment__x": f"{HEAD}{last('- override /hydra/launcher: evil')}",
        "hydra__launcher__evil": LAUNCHER,
    },
    "add callbacks": {
        "experiment__x": f"{HEAD}{last('- override /hydra/callbacks: evil')}",
        "hydra__callbacks__evil": f"a: {{_target_: {EVIL}}}\n",
    },
    "shadowed launcher": {"experiment__x": f"{HEAD}{OK}", "hydra__launcher__basic": LAUNCHER},
    "shadowed sweeper": {"experiment__x": f"{HEAD}{OK}", "hydra__sweeper__basic": LAUNCHER},
    "shadowed hydra": {"experiment__x": f"{HEAD}{OK}", "hydra__config": f"callbacks: {{a: {{_target_: {EVIL}}}}}\n"},
    "moved group": {
        "experiment__x": f"{HEAD}{first('- /trainer@hydra.callbacks: evil')}",
        "trainer__evil": f"a: {{_target_: {EVIL}}}\n",
    },
    "moved file": {
        "experiment__x": f"{HEAD}{first('- /evil@hydra.launcher')}",
        "evil": LAUNCHER,
    },
    "trainer with package": {
        "experiment__x": f"{HEAD}{last('- override /trainer: evil')}",
        "trainer__evil": f"# @package hydra.launcher\n{LAUNCHER}",
    },
    "trainer file": {
        "experiment__x": f"{HEAD}{last('- override /trainer: evil')}",
        "trainer__evil": f"name: ridge\n{LAUNCHER}",
    },
    "package path": {"experiment__x": f"{HEAD}{first('- pkg://this/x')}"},
    "nested resolver": {"experiment__x": f"{HEAD}{OK}seed: \"${{oc.decode:'${{oc.env:HOME}}'}}\"\n"},
    "computed resolver": {"experiment__x": f"{HEAD}{OK}r: oc.env\nseed: ${{${{r}}:HOME}}\n"},
    "environment": {"experiment__x": f"{HEAD}{OK}seed: ${{oc.env:HOME}}\n"},
    "environment in defaults": {"experiment__x": f"{HEAD}{last('- override /trainer: ${oc.env:HOME}')}"},
}


def refuses(words: list[str], here: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert any(reason in said.err for reason in REASONS), said.err
    assert "Traceback" not in said.err
    assert list(here.iterdir()) == []
    return said.err


@pytest.mark.parametrize("word", BY_OVERRIDE)
def test_an_override_that_would_run_code_is_refused(word: str, empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refuses([BASE, word], empty, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("word", [word for word in BY_OVERRIDE if "_target_" in word])
def test_showing_the_configuration_refuses_code_too(word: str, empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refuses([BASE, word, "--cfg", "all"], empty, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("word", BY_OVERRIDE)
def test_a_sweep_refuses_code_too(word: str, empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refuses(["-m", BASE, word], empty, capsys)


@pytest.mark.slow
@pytest.mark.parametrize(
    "word",
    [
        f"trainer._target_={EVIL},x",
        f"trainer={{_target_:{EVIL}}},ridge",
        f"trainer.deep=[{{_target_:{EVIL}}}],1",
        f"hydra.sweeper._target_={EVIL},x",
        "hydra/sweeper=basic,evil",
        "hydra.sweeper.max_batch_size=1,2",
        "hydra.sweep.dir=${oc.env:HOME}",
        "hydra.sweep.subdir=${oc.env:HOME}",
        "name=${oc.env:HOME},x",
        "name=choice(x,${oc.env:HOME})",
        "trainer@hydra.launcher=ridge,mean",
    ],
)
def test_one_job_of_a_sweep_that_would_run_code_stops_all(
    word: str, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refuses(["-m", BASE, word], empty, capsys)


@pytest.mark.parametrize("flags", FLAGS, ids=lambda flags: flags[0])
def test_a_flag_that_would_load_something_else_is_refused(
    flags: list[str], empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refuses([BASE, *flags], empty, capsys)


@pytest.mark.parametrize("files", BY_FILE.values(), ids=BY_FILE.keys())
def test_an_outside_experiment_that_would_run_code_is_refused(
    files: dict[str, str], outside: Callable[..., Path], empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refuses([f"--config-dir={outside(**files)}", "+experiment=x"], empty, capsys)


def test_an_outside_folder_cannot_replace_our_own_files(
    outside: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = outside(config=f"hydra: {{callbacks: {{a: {{_target_: {EVIL}}}}}}}\n", trainer__ridge=LAUNCHER)
    assert main([f"--config-dir={folder}", "+experiment=diabetes", "--cfg", "job"]) == 0
    assert "_target_" not in capsys.readouterr().out


def test_the_secret_that_was_asked_for_is_not_repeated(
    empty: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    assert "hunter2" not in refuses([BASE, "name=${oc.env:SECRET}"], empty, capsys)
    said = refuses([BASE, "data=csv", "data.target=y", "data.path=ftp://me:hunter2@host/a.csv"], empty, capsys)
    assert "hunter2" not in said


def test_the_same_outside_experiment_without_code_is_only_told_that_its_file_is_missing(
    outside: Callable[..., Path], empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([f"--config-dir={outside(experiment__x=HEAD + OK)}", "+experiment=x"]) == 2
    said = capsys.readouterr().err
    assert "1 problem" in said
    assert "a.csv" in said


@pytest.mark.parametrize(
    "path",
    [
        "https://127.0.0.1:9/a.csv?private_tok%65n=cnryZx9",
        "https://127.0.0.1:9/a.csv?x-oss-signature=cnryZx9",
        "https://host/${oc.env:HOME}?sig=cnryZx9",
        "https://npm_cnryZx9cnryZx9@127.0.0.1:9/a.csv",
    ],
)
@pytest.mark.parametrize("sweep", [[], ["-m", "seed=1,2"]])
def test_no_address_that_lets_somebody_in_is_said(
    path: str, sweep: list[str], empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*sweep, BASE, "data=csv", "data.target=y", f"data.path='{path}'"]) == 2
    printed = capsys.readouterr()
    assert "cnryZx9" not in printed.out + printed.err and not list(empty.iterdir())


def test_a_query_that_is_no_secret_is_not_quoted_where_the_file_is_missing(
    empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "http://127.0.0.1:9/a.csv?version=cnryZx9"
    assert main([BASE, "action=plan", "data=csv", "data.target=y", f"data.path='{path}'"]) == 2
    said = capsys.readouterr().err
    assert "http://127.0.0.1:9/a.csv?…" in said and "cnryZx9" not in said
