"""A changed file or helper reruns exactly what depends on it. The helper is changed in a copy of the repository."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from schemas.home import ROOT
from tests.soak import SOAKING

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]

DATA = {"load", "infer_schema", "split", "validate_data", "fit_features"}
MODEL = {"train", "train_baseline", "evaluate", "profile", "open_test_set"}
ALWAYS = {"data_gate", "gate", "register"}
ALL = DATA | MODEL | ALWAYS | {"package"}
PACKAGES = ("cli", "conf", "examples", "ml", "pipelines", "schemas", "serving", "stacks", "steps")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository that may be changed."""
    target = tmp_path_factory.mktemp("copy")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("run.py", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, target / name)
    shorten(target / "examples" / "houses.csv", 400)
    return target


@dataclass(frozen=True)
class Steps:
    """What one run did with the training steps."""

    ran: frozenset[str]
    reused: frozenset[str]


def steps(copy: Path, *words: str) -> Steps:
    """Run the copy in a process of its own; return the steps that ran and those that were reused."""
    environment = {
        **os.environ,
        "ZENML_CONFIG_PATH": str(copy / "zenml"),
        "ZENML_LOCAL_STORES_PATH": str(copy / "zenml-stores"),
        "DRIVETRAIN_HOME": str(copy / "home"),
    }
    output = copy / "output"
    experiment = ["+experiment=houses", "gate=open", "pipeline=training", "trainer.n_estimators=9", *words]
    command = [sys.executable, str(copy / "run.py"), *experiment]
    done = subprocess.run(
        [*command, f"hydra.run.dir={output}"], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((output / "summary.json").read_text())["status"] == "succeeded"
    told = [line.split() for line in done.stderr.splitlines() if line.startswith("step training.")]
    ran = frozenset(words[1].removeprefix("training.") for words in told if "done" in words)
    reused = frozenset(words[1].removeprefix("training.") for words in told if words[-1] == "reused")
    assert ran | reused == ALL and not ran & reused, "every step is either run or reused"
    return Steps(ran, reused)


def shorten(table: Path, rows: int) -> None:
    """Leave the first rows of a CSV file only."""
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join(lines[: rows + 1]) + "\n", encoding="utf-8")


def touch(module: Path) -> None:
    """Change a module's code, not what it does."""
    module.write_text(module.read_text(encoding="utf-8") + "\n_CHANGED = 1\n", encoding="utf-8")


def reword(module: Path) -> None:
    """Change a module's docstring and add a comment."""
    text = module.read_text(encoding="utf-8")
    assert text.startswith('"""')
    module.write_text(f'"""Now: {text[3:]}\n# a comment\n', encoding="utf-8")


def test_a_change_reruns_exactly_what_depends_on_it(copy: Path) -> None:
    assert steps(copy).ran == ALL

    touch(copy / "ml" / "monitoring" / "profiles.py")
    assert steps(copy).ran == {"profile"} | ALWAYS, "the file of a profile is the same to the byte"

    for module in ("profiles", "drift"):
        reword(copy / "ml" / "monitoring" / f"{module}.py")
    reword(copy / "ml" / "evaluation" / "metrics.py")
    reword(copy / "ml" / "sources" / "csv.py")
    assert steps(copy).ran == ALWAYS, "words are no code"

    if SOAKING:
        touch(copy / "ml" / "runtimes" / "rules.py")
        assert steps(copy).ran == MODEL | {"package"} | ALWAYS, "a table names it, no import"

        touch(copy / "ml" / "evaluation" / "metrics.py")
        assert steps(copy).ran == {"evaluate", "open_test_set"} | ALWAYS

        shorten(copy / "examples" / "houses.csv", 370)  # enough that every set loses some
        assert steps(copy).ran == ALL
