"""What a person reads when a configuration cannot work; nothing is started, nothing is written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cli.main import main
from schemas.errors import Fault
from schemas.run import Run

Faults = Callable[..., dict[str, Fault]]
Load = Callable[..., Run]
BASE = "+experiment=breast_cancer"
CASES = [
    (["+experiment=brest_cancer"], "experiment", "Did you mean 'breast_cancer'?"),
    (["+experiment=of_my_own"], "experiment", "give --config-dir FOLDER"),
    ([], "experiment", "none was chosen"),
    ([BASE, "trainer=random_forrest"], "trainer", "Did you mean 'random_forest'?"),
    ([BASE, "stack=rey"], "stack", "not an option"),
    ([BASE, "~trainer"], "trainer", "cannot be left out"),
    ([BASE, "trainer=null"], "trainer", "cannot be left out"),
    ([BASE, "trainer=[ridge]"], "trainer", "takes the name of one option"),
    ([BASE, "trainer=../data/csv"], "trainer", "not an option"),
    ([BASE, "trainer=ridge", "trainer=mean"], "trainer", "choose one"),
    ([BASE, "trainer.name=ridgee"], "trainer.name", "Did you mean 'ridge'?"),
    ([BASE, "trainer.max_itr=3"], "trainer.max_itr", "Did you mean 'max_iter'?"),
    ([BASE, "trainer.max_iter=many"], "trainer.max_iter", "max_iter"),
    ([BASE, "trainer=sklearn", "trainer.estimator=SVCC"], "trainer.estimator", "Did you mean"),
    ([BASE, "trainer=sklearn"], "trainer.estimator", "must be given"),
    ([BASE, "data.taget=y"], "data.taget", "Did you mean 'target'?"),
    ([BASE, "data.dataset=iriss"], "data.dataset", "Did you mean 'iris'?"),
    ([BASE, "data.task=regresion"], "data.task", "Did you mean 'regression'?"),
    ([BASE, "data.name=lake"], "data.name", "not a registered data source"),
    ([BASE, "data.columns.a.type=texts"], "data.columns.a.type", "Did you mean 'text'?"),
    ([BASE, "data.columns.a.min=3", "data.columns.a.max=1"], "data.columns.a", "above max"),
    ([BASE, "data.checks.rows.minimum=3"], "data.checks.rows.minimum", "not a known key"),
    ([BASE, "data.checks.rows.severity=warning"], "data.checks.rows.severity", "Did you mean 'warn'?"),
    ([BASE, "split.test=1.3"], "split.test", "more than 0 and less than 1"),
    ([BASE, "split.test=0"], "split.test", "more than 0"),
    ([BASE, "split.test=0.7", "split.validation=0.5"], "split", "leave no rows"),
    ([BASE, "split.test=half"], "split.test", "not a number"),
    ([BASE, "split.test=nan"], "split.test", "not a finite number"),
    ([BASE, "split.by=day"], "split.by", "draws each row by itself"),
    ([BASE, "split=time"], "split.by", "must be given"),
    ([BASE, "split=group"], "split.by", "must be given"),
    ([BASE, "split=time", "split.by=null"], "split.by", "the column with each row's timestamp"),
    ([BASE, "split=group", "split.by=target"], "split.by", "'target' is the target"),
    ([BASE, "split=time", "split.by=day", "split.gap=long"], "split.gap", "is no span of time"),
    ([BASE, "split=time", "split.by=day", "split.test_from=soon"], "split.test_from", "no timestamp in ISO 8601"),
    ([BASE, "split=time", "split.by=day", "split.test_frm=2024"], "split.test_frm", "Did you mean 'test_from'?"),
    ([BASE, "seed=abc"], "seed", "not a whole number"),
    ([BASE, "seed='5'"], "seed", "not a whole number"),
    ([BASE, "seed=1.5"], "seed", "not a whole number"),
    ([BASE, "seed=-1"], "seed", "at least 0"),
    ([BASE, "seed=true"], "seed", "not a whole number"),
    ([BASE, "seed=[1]"], "seed", "not a whole number"),
    ([BASE, "name='A b'"], "name", "of the form"),
    ([BASE, "metric=acuracy"], "metric", "Did you mean 'accuracy'?"),
    ([BASE, "metric=r2"], "metric", "is not defined for a binary task"),
    ([BASE, "gate.min.r2=0.5"], "gate.min.r2", "is not defined for a binary task"),
    ([BASE, "gate.min.acuracy=0.5"], "gate.min.acuracy", "Did you mean 'accuracy'?"),
    ([BASE, "gate.min.accuracy=high"], "gate.min.accuracy", "not a number"),
    ([BASE, "gate.beat_baselin=true"], "gate.beat_baselin", "Did you mean 'beat_baseline'?"),
    ([BASE, "gate.beat_baseline=maybe"], "gate.beat_baseline", "not true or false"),
    ([BASE, "gate.no_worse_than_production.tolerance=-1"], "gate.no_worse_than_production.tolerance", "at least 0"),
    ([BASE, "gate.max_size=0"], "gate.max_size", "more than 0"),
    ([BASE, "deploy.port=ab"], "deploy.port", "not a whole number or 'auto'"),
    ([BASE, "deploy.host=everywhere"], "deploy.host", "0.0.0.0 every address that it has"),
    ([BASE, "deploy.port=70000"], "deploy.port", "at least 1 and at most 65535"),
    ([BASE, "deploy.rollout=canaries"], "deploy.rollout", "'replace'"),
    ([BASE, "monitor.window=abc"], "monitor.window", "neither a number of rows"),
    ([BASE, "monitor.windo=3"], "monitor.windo", "Did you mean 'window'?"),
    ([BASE, "monitor=3"], "monitor", "takes the name"),
    ([BASE, "pipeline=trainin"], "pipeline", "Did you mean 'training'?"),
    ([BASE, "pipline=training"], "pipline", "Did you mean 'pipeline'?"),
    ([BASE, "stack.orchestrator.flavour=x"], "stack.orchestrator.flavour", "Did you mean 'flavor'?"),
    ([BASE, "~stack.deployer"], "stack.deployer", "needs one"),
    ([BASE, "baseline.name=mean"], "baseline.name", "learns regression tasks"),
    ([BASE, "baseline=majority"], "baseline", "not a mapping"),
    ([BASE, "trainer=ridge"], "trainer.name", "for this task"),
    ([BASE, "data.task=regression"], "trainer.name", "logistic_regression"),
    ([BASE, "data=csv"], "data.path", "must be given"),
    ([BASE, "data.target=???"], "data.target", "must be given"),
    ([BASE, "trainer.C=${nowhere}"], "trainer.C", "nowhere"),
    ([BASE, "trainer.C=${trainer.C}"], "trainer.C", "Recursive"),
    ([BASE, "just_a_word"], "just_a_word", "not of the form key=value"),
    ([BASE, "a=[b"], "a=[b", "not of the form key=value"),
    ([BASE, "=3"], "=3", "not of the form key=value"),
    ([BASE, "~nothing.here"], "nothing.here", "declared by the override ~nothing.here"),
]


@pytest.mark.parametrize(("words", "path", "phrase"), CASES, ids=[" ".join(case[0]) or "nothing" for case in CASES])
def test_a_fault_names_the_key_and_what_would_be_right(
    words: list[str], path: str, phrase: str, faults: Faults, empty: Path
) -> None:
    found = faults(*words)
    assert path in found, found
    text = str(found[path])
    assert phrase in text or phrase.replace("for this task", "for this") in text, text
    assert list(empty.iterdir()) == []


def test_all_faults_come_at_once_in_the_order_of_the_configuration(faults: Faults) -> None:
    found = faults(
        BASE, "trainer=ridgee", "stack=ry", "seed=abc", "split.test=1.3", "data.taget=y", "deply.x=1", "deploy.port=ab",
        "review.max_error=2",
    )  # fmt: skip
    paths = ["trainer", "stack", "deply", "seed", "data.taget", "split.test", "review.max_error", "deploy.port"]
    assert list(found) == paths


def test_a_fault_names_the_override_that_declared_it(faults: Faults) -> None:
    assert "declared by the override split.test=1.3" in faults(BASE, "split.test=1.3")["split.test"].hint
    assert "declared by the override monitor.window=x" in faults(BASE, "monitor.window=x")["monitor.window"].hint


def test_a_fault_names_the_file_that_declared_it(outside: Callable[..., Path], faults: Faults) -> None:
    text = "# @package _global_\ndefaults:\n  - override /data: csv\n"
    text += "name: x\ndata: {path: a.csv, taget: y}\nsplit: {test: 2}\n"
    folder = outside(experiment__x=text)
    found = faults(f"--config-dir={folder}", "+experiment=x")
    assert f"declared by {folder / 'experiment' / 'x.yaml'}" in found["data.taget"].hint
    assert f"declared by {folder / 'experiment' / 'x.yaml'}" in found["split.test"].hint


@pytest.mark.parametrize(
    "text",
    [
        "a: [1\n",
        "- a\n- b\n",
        "name: x\nname: y\n",
        "\t- x",
        "defaults: 3\n",
        "defaults:\n  - {a: b, c: d}\n",
        "defaults:\n  - override /trainer: nothing\n",
        "defaults:\n  - override /nothing: x\n",
        "defaults:\n  - /nothing/here\n",
        "a: ${b\n",
        "name: ${a}\na: ${name}\n",
        "trainer: 3\n",
        "data: [1, 2]\n",
        "split: ridge\n",
        "gate: null\n",
        "1: 2\n",
        "trainer: {1: 2}\n",
        "data: {name: null}\n",
        "data: {name: [csv]}\n",
        "gate: {min: [1]}\n",
        "gate: {no_worse_than_production: 3}\n",
        "data: {name: csv, path: 3, target: y}\n",
        "data: {name: csv, path: '', target: y}\n",
        "trainer: {name: ridge, alpha: 2024-01-01}\n",
        "trainer: {name: ridge, alpha: !!binary aGk=}\n",
        "trainer: {name: ridge, alpha: .inf}\n",
        "seed: 99999999999999999999999999\n",
        'name: "\\ud800"\n',
        "&a [*a]\n",
        "a: " + "[" * 3000 + "]" * 3000 + "\n",
        "\x00",
        "",
    ],
)
def test_a_broken_experiment_is_a_fault_and_nothing_else(
    text: str, outside: Callable[..., Path], empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = outside(experiment__x="# @package _global_\n" + text)
    assert main([f"--config-dir={folder}", "+experiment=x"]) == 2
    said = capsys.readouterr()
    assert "problem" in said.err
    assert "Traceback" not in said.err
    assert list(empty.iterdir()) == []


def test_an_experiments_choice_that_does_not_exist_is_named(outside: Callable[..., Path], faults: Faults) -> None:
    folder = outside(experiment__x="# @package _global_\ndefaults:\n  - override /trainer: rige\nname: x\n")
    found = faults(f"--config-dir={folder}", "+experiment=x")["trainer"]
    assert "Did you mean 'ridge'?" in found.message
    assert str(folder) in found.hint


def test_an_experiment_that_is_not_text_is_a_fault(
    outside: Callable[..., Path], empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = outside(experiment__x="")
    (folder / "experiment" / "x.yaml").write_bytes(b"# @package _global_\nname: \xff\xfe\n")
    assert main([f"--config-dir={folder}", "+experiment=x"]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("flags", [["--unknown"], ["--cfg", "jobb"], ["--cfg"], ["--resolve"], ["--cfg", "job", "-m"]])
def test_an_unknown_flag_is_a_fault(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([BASE, *flags]) == 2
    assert "Invalid command line" in capsys.readouterr().err


def test_an_unknown_action_is_a_fault(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([BASE, "action=pln"]) == 2
    assert "Did you mean 'plan'?" in capsys.readouterr().err


def test_faults_of_single_keys_do_not_hide_what_cannot_work_together(faults: Faults) -> None:
    found = faults(BASE, "seed=-1", "metric=r2", "gate.max.mean_absolute_error=3")
    assert {"seed", "metric", "gate.max.mean_absolute_error"} <= set(found)


def test_a_metric_that_the_trainer_never_learns_is_a_fault_also_where_the_task_is_inferred(faults: Faults) -> None:
    assert "metric" in faults("+experiment=diabetes", "data.task=auto", "trainer=ridge", "metric=accuracy")


def test_the_severity_of_a_table_check_can_be_changed_alone(load: Load) -> None:
    run = load(BASE, "data.checks.leakage.severity=fail")
    assert (run.data.checks.leakage.severity, run.data.checks.leakage.max) == ("fail", 0.995)


def test_a_check_under_its_own_list_is_not_a_key(faults: Faults) -> None:
    assert "gate.checks" in faults(BASE, "gate.checks=[{name: nonsense}]")


def test_resources_of_an_unknown_step_are_a_fault(faults: Faults) -> None:
    assert "stack.resources.trian" in faults(BASE, "stack.resources={trian: {cpu_count: 1}}")


def test_a_home_that_cannot_be_made_stops_the_run_before_it_starts(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (empty / "file").write_text("")
    monkeypatch.setenv("DRIVETRAIN_HOME", str(empty / "file"))
    assert main([BASE]) == 2
    assert sorted(path.name for path in empty.iterdir()) == ["file"]
