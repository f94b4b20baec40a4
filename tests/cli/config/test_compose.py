"""How words on the command line, experiments and groups come together."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.config import repository
from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from cli.main import main
from schemas.choice import Choice
from schemas.errors import ConfigurationError, Fault
from schemas.home import ROOT
from schemas.run import Run

Load = Callable[..., Run]
Faults = Callable[..., dict[str, Fault]]
X = "# @package _global_\ndefaults:\n  - override /data: csv\n  - override /trainer: ridge\nname: x\n"
DATA = "data: {path: a.csv, target: y, task: regression}\n"


@pytest.fixture
def load(empty: Path) -> Load:
    """Read command-line words into a Run, all of it measured."""
    return lambda *words: load_run(compose(parse_arguments(list(words))))


def test_an_experiment_becomes_a_frozen_run(load: Load) -> None:
    run = load("+experiment=breast_cancer")
    assert (run.name, run.pipeline, run.stack.name) == ("breast_cancer", "lifecycle", "local")
    assert run.trainer == Choice(name="logistic_regression", params={"max_iter": 1000})
    assert run.data.source == Choice(name="sklearn_dataset", params={"dataset": "breast_cancer"})
    with pytest.raises(ValueError, match="frozen"):
        run.seed = 2


@pytest.mark.untraced
@pytest.mark.parametrize("prefix", ["", "+", "++"])
@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("trainer.C=0.5", lambda run: run.trainer.params["C"] == 0.5),
        ("trainer.max_iter=7", lambda run: run.trainer.params["max_iter"] == 7),
        ("gate.min.accuracy=0.9", lambda run: run.gate.min == {"roc_auc": 0.95, "accuracy": 0.9}),
        ("gate.max_size=5", lambda run: run.gate.max_size == 5),
        ("gate.no_worse_than_production.tolerance=0.1", lambda run: run.gate.no_worse_than_production.tolerance == 0.1),
        ("split.salt=x", lambda run: run.split.salt == "x"),
        ("split.test=0.3", lambda run: run.split.test == 0.3),
        ("data.checks.rows.min=10", lambda run: run.data.checks.rows.min == 10),
        ("monitor.window=24h", lambda run: run.monitor.rows_or_seconds() == (None, 86400)),
        ("deploy.port=8123", lambda run: run.deploy.port == 8123),
        ("baseline.name=majority", lambda run: run.baseline.name == "majority"),
        ("seed=9", lambda run: run.seed == 9),
        ("pipeline=training", lambda run: run.pipeline == "training"),
        ("stack.resources.train.cpu_count=2", lambda run: run.stack.resources["train"].cpu_count == 2),
    ],
)
def test_every_key_can_be_given_with_or_without_a_plus(
    prefix: str, word: str, read: Callable[[Run], bool], load: Load
) -> None:
    assert read(load("+experiment=breast_cancer", prefix + word))


def test_a_key_can_be_taken_away(load: Load) -> None:
    assert load("+experiment=breast_cancer", "~gate.min.roc_auc").gate.min == {}
    assert (
        load("+experiment=breast_cancer", "gate.no_worse_than_production=false").gate.no_worse_than_production is None
    )


def test_experiment_is_chosen_with_or_without_a_plus(load: Load) -> None:
    assert load("experiment=diabetes") == load("+experiment=diabetes") == load("++experiment=diabetes")


def test_a_trainer_chosen_on_the_command_line_drops_the_experiments_block(
    empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    composition = compose(
        parse_arguments(["+experiment=breast_cancer", "trainer=random_forest", "trainer.max_depth=3"])
    )
    assert load_run(composition).trainer.params == {"n_estimators": 200, "max_depth": 3}
    assert composition.repository.dropped == ["trainer.max_iter"]
    assert main(["+experiment=breast_cancer", "trainer=random_forest", "action=plan", "pipeline=training"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "trainer=random_forest was chosen on the command line; not used of the experiment: trainer.max_iter"
    ]


@pytest.mark.untraced
@pytest.mark.parametrize("word", ["data=sklearn_dataset", "gate=default", "split=random", "pipeline=training"])
def test_other_groups_drop_their_block_too(word: str, outside: Callable[..., Path], empty: Path) -> None:
    text = X + DATA + "gate: {min: {r2: 0.9}}\nsplit: {test: 0.4}\npipeline: monitoring\n"
    words = [f"--config-dir={outside(experiment__x=text)}", "+experiment=x", word, "data.dataset=diabetes"]
    composition = compose(parse_arguments(words))
    group = word.split("=")[0]
    assert composition.repository.dropped
    assert all(key.split(".")[0] == group for key in composition.repository.dropped)


def test_an_experiment_of_another_folder_is_found(outside: Callable[..., Path], load: Load) -> None:
    run = load(f"--config-dir={outside(experiment__x=X + DATA)}", "+experiment=x")
    assert run.trainer.name == "ridge"


def test_an_experiment_of_a_shipped_ones_name_is_refused_with_both_files(
    outside: Callable[..., Path], faults: Faults
) -> None:
    folder = outside(experiment__houses=X + DATA, experiment__x=X.replace("defaults:", "defaults:\n  - houses") + DATA)
    for name in ("houses", "x"):
        found = faults(f"--config-dir={folder}", f"+experiment={name}")
        assert str(folder / "experiment" / "houses.yaml") in found["experiment"].message
        assert str(ROOT / "conf" / "experiment" / "houses.yaml") in found["experiment"].message
        assert "another name" in found["experiment"].hint


def test_the_shipped_folder_may_be_given_and_other_groups_options_are_ours_as_before(
    outside: Callable[..., Path], load: Load
) -> None:
    assert load(f"--config-dir={ROOT / 'conf'}", "+experiment=houses").name == "houses"
    folder = outside(stack__local="name: theirs\n", gate__default="beat_baseline: false\n", experiment__x=X + DATA)
    run = load(f"--config-dir={folder}", "+experiment=x")
    assert (run.stack.name, run.gate.beat_baseline) == ("local", True)


def test_an_experiment_without_a_package_line_is_asked_to_add_it(outside: Callable[..., Path], faults: Faults) -> None:
    found = faults(f"--config-dir={outside(experiment__x=X.split(chr(10), 1)[1] + DATA)}", "+experiment=x")
    assert "# @package _global_" in found["experiment"].hint


@pytest.mark.parametrize("line", ["stack: {name: x}\n", "stack:\n  name: y\n"])
def test_an_experiment_never_names_a_stack(line: str, outside: Callable[..., Path], faults: Faults) -> None:
    found = faults(f"--config-dir={outside(experiment__x=X + DATA + line)}", "+experiment=x")
    assert "never where" in found["stack"].message
    overriding = X.replace("name: x", "  - override /stack: local\nname: x") + DATA
    found = faults(f"--config-dir={outside(experiment__x=overriding)}", "+experiment=x")
    assert "never where" in found["stack"].message


@pytest.mark.untraced
def test_a_relative_path_is_looked_for_here_then_beside_the_experiment(
    outside: Callable[..., Path], load: Load, empty: Path
) -> None:
    folder = outside(experiment__x=X + DATA)
    words = [f"--config-dir={folder}", "+experiment=x"]
    path = lambda: load(*words).data.source.params["path"]  # noqa: E731
    assert path() == str(empty / "a.csv")
    for place in (folder, folder / "experiment", empty):
        (place / "a.csv").touch()
        assert path() == str(place / "a.csv")
    assert load(*words, "data.path=s3://bucket/a.csv").data.source.params["path"] == "s3://bucket/a.csv"
    (empty / "a.csv").unlink()
    assert load(*words, "data.path=a.csv").data.source.params["path"] == str(empty / "a.csv")


def test_our_own_experiments_find_their_files_from_any_folder(load: Load) -> None:
    assert load("+experiment=houses").data.source.params["path"] == str(ROOT / "examples" / "houses.csv")


def test_interpolation_between_keys_works(outside: Callable[..., Path], load: Load) -> None:
    run = load(
        f"--config-dir={outside(experiment__x=X + DATA + 'seed: 5' + chr(10))}",
        "+experiment=x",
        "trainer.random_state=${seed}",
    )
    assert run.trainer.params["random_state"] == 5


@pytest.mark.slow
def test_the_configuration_is_shown_as_hydra_would_show_it(empty: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "run.py"), "+experiment=diabetes", "seed=3", "--cfg", "job"]
    shown = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=True)
    bare = tmp_path / "bare.py"
    bare.write_text(
        f"import hydra\n\n\n@hydra.main(version_base=None, config_path={str(ROOT / 'conf')!r}, config_name='config')\n"
    )
    with bare.open("a") as file:
        file.write("def main(config):\n    pass\n\n\nmain()\n")
    command = [sys.executable, str(bare), "+experiment=diabetes", "seed=3", "--cfg", "job"]
    expected = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=True)
    assert shown.stdout == expected.stdout
    assert shown.stderr == ""
    assert list(empty.iterdir()) == []


def test_showing_the_configuration_imports_nothing_heavy(empty: Path) -> None:
    check = (
        "import sys; from cli.main import main; code = main(['+experiment=diabetes', '--cfg', 'job']);"
        "heavy = {'zenml', 'sklearn', 'pandas', 'numpy', 'pydantic', 'rich', 'keras'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else code)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", check], cwd=empty, env=environment, capture_output=True, check=True)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--cfg", "job", "--package", "trainer"], "# @package trainer\nname: ridge\n"),
        (["--cfg", "job", "-p", "seed"], "0\n"),
        (["--cfg", "hydra", "-p", "hydra.run.dir", "hydra.run.dir=/x"], "/x\n"),
        (
            ["--cfg", "job", "--resolve", "-p", "trainer", "trainer.alpha=${seed}"],
            "# @package trainer\nname: ridge\nalpha: 0\n",
        ),
    ],
)
def test_a_part_of_the_configuration_can_be_shown(
    flags: list[str], expected: str, empty: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["+experiment=diabetes", *flags]) == 0
    assert capsys.readouterr().out == expected


def test_help_and_info_name_groups_and_places(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert "breast_cancer" in capsys.readouterr().out
    assert main(["--info", "searchpath", "+experiment=diabetes"]) == 0
    assert "experiment: diabetes" in capsys.readouterr().out
    assert main(["--version"]) == 0


def test_several_values_without_a_sweep_are_refused_clearly(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["+experiment=diabetes", "trainer=ridge,random_forest"]) == 2
    assert "-m runs each" in capsys.readouterr().err
    assert list(empty.iterdir()) == []


def test_a_missing_folder_of_experiments_is_named(faults: Faults) -> None:
    with pytest.raises(ConfigurationError, match="no folder"):
        compose(parse_arguments(["--config-dir=/nowhere/at/all", "+experiment=x"]))


def test_a_shipped_file_is_read_anew_once_it_changed(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = tmp_path / "conf"
    shutil.copytree(ROOT / "conf", conf)
    monkeypatch.setattr(repository, "CONF", conf)
    arguments = parse_arguments(["+experiment=breast_cancer"])
    first = compose(arguments).config
    first.gate.min.roc_auc = 0.1
    read: list[str] = []
    hydras: Any = repository.Repository.__mro__[1]
    load = hydras.load_config

    def counted(files: object, config_path: str) -> object:
        found = load(files, config_path)
        read.extend([config_path] if found is not None else [])
        return found

    monkeypatch.setattr(hydras, "load_config", counted)
    assert compose(arguments).config.gate.min.roc_auc == 0.95
    assert read == [], "all of it was read before"
    experiment = conf / "experiment" / "breast_cancer.yaml"
    experiment.write_text(experiment.read_text().replace("0.95", "0.975"))
    assert compose(arguments).config.gate.min.roc_auc == 0.975
    assert read == ["experiment/breast_cancer"]
