"""A changed file or helper reruns exactly what depends on it. The helper is changed in a copy of the repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lap.conftest import ROOT, World

DATA = {"load", "infer_schema", "split", "validate_data", "fit_features"}
MODEL = {"train", "train_baseline", "evaluate", "profile", "open_test_set"}
PACKAGES = ("cli", "conf", "examples", "ml", "pipelines", "schemas", "serving", "stacks", "steps")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository that may be changed."""
    target = tmp_path_factory.mktemp("copy")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("run.py", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, target / name)
    return target


def reused(copy: Path, *words: str) -> set[str]:
    """Run the copy in a process of its own; return the steps that were reused."""
    environment = {**os.environ, "ZENML_CONFIG_PATH": str(copy / "zenml"), "DRIVETRAIN_HOME": str(copy / "home")}
    output = copy / "output"
    command = [sys.executable, str(copy / "run.py"), "+experiment=houses", "pipeline=training", *words]
    done = subprocess.run(
        [*command, f"hydra.run.dir={output}"], cwd=copy, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((output / "summary.json").read_text())["status"] == "succeeded"
    return {line.split()[1].split(".")[1] for line in done.stderr.splitlines() if line.endswith(" reused")}


def test_a_change_reruns_exactly_what_depends_on_it(copy: Path, world: World) -> None:
    assert reused(copy) == set()
    assert reused(copy) == DATA | MODEL | {"package"}

    metrics = copy / "ml" / "metrics.py"
    metrics.write_text(metrics.read_text(encoding="utf-8") + "\n# a changed helper\n", encoding="utf-8")
    after_helper = reused(copy)
    assert {"train", "train_baseline", "profile"} | DATA <= after_helper
    assert not {"evaluate", "open_test_set"} & after_helper

    table = copy / "examples" / "houses.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    assert reused(copy) & {"load", "infer_schema"} == set()
