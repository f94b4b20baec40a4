"""A plug-in outside the repository, as a platform team ships it: installed by pip, importing `drivetrain` only."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from schemas.home import ROOT

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]
EXPERIMENT = """# @package _global_
defaults:
  - override /trainer: logistic_regression

name: kettles
data:
  name: json_lines
  path: kettles.jsonl
  target: broken
gate:
  generalizes: {within: 0.5}
"""


def install(folder: Path, contract: str = "1.0") -> Path:
    """Install a copy of the example, made for a version of the contract; return the folder that it stands in."""
    source, site = folder / "plugin", folder / "site"
    shutil.copytree(ROOT / "examples" / "plugin", source)
    project = source / "pyproject.toml"
    project.write_text(project.read_text().replace('"1.0" =', f'"{contract}" ='))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    command += ["--no-build-isolation", "--no-deps", "--target", str(site), str(source)]
    subprocess.run(command, check=True, cwd=folder, capture_output=True)
    return site


def write(folder: Path) -> None:
    """Write an experiment and its rows."""
    draw = np.random.default_rng(0)
    rows = [(int(age), str(draw.choice(["red", "blue"]))) for age in draw.integers(0, 20, 200)]
    lines = [json.dumps({"age": age, "colour": colour, "broken": "yes" if age > 10 else "no"}) for age, colour in rows]
    (folder / "kettles.jsonl").write_text("\n".join(lines))
    (folder / "experiment").mkdir()
    (folder / "experiment" / "kettles.yaml").write_text(EXPERIMENT)


def run(folder: Path, site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `python run.py WORDS` in a process of its own that sees the installed package."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(site),
        "ZENML_CONFIG_PATH": str(folder / "zenml"),
        "ZENML_LOCAL_STORES_PATH": str(folder / "stores"),
        "DRIVETRAIN_HOME": str(folder / "home"),
    }
    command = [sys.executable, str(ROOT / "run.py"), *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_example_imports_drivetrain_and_libraries_only() -> None:
    for module in (ROOT / "examples" / "plugin").rglob("*.py"):
        words = [
            line.split() for line in module.read_text().splitlines() if line.lstrip().startswith(("import", "from"))
        ]
        assert {word[1].split(".")[0] for word in words} <= {"drivetrain", "pandas", "pathlib", "pydantic", "typing"}


def test_an_installed_package_adds_a_source_and_a_gate_check(tmp_path: Path) -> None:
    site = install(tmp_path)
    write(tmp_path)
    shown = run(tmp_path, site, "action=components")
    assert "json_lines\tacme-drivetrain 1.0.0" in shown.stdout and "generalizes\tacme-drivetrain 1.0.0" in shown.stdout
    words = [
        f"--config-dir={tmp_path}",
        "+experiment=kettles",
        "pipeline=training",
        f"hydra.run.dir={tmp_path / 'out'}",
    ]
    done = run(tmp_path, site, *words)
    assert done.returncode == 0, done.stderr
    checks = json.loads((tmp_path / "out" / "summary.json").read_text())["gate"]["checks"]
    (own,) = [check for check in checks if check["name"] == "generalizes"]
    assert own["passed"] and "between the sets, within the 0.5 allowed" in own["why"]


@pytest.mark.parametrize("contract", ["1.7", "2.0"])
def test_a_package_made_for_a_newer_contract_is_refused_with_what_would_be_right(tmp_path: Path, contract: str) -> None:
    site = install(tmp_path, contract)
    write(tmp_path)
    done = run(tmp_path, site, f"--config-dir={tmp_path}", "+experiment=kettles")
    assert done.returncode == 2 and not (tmp_path / "home").exists()
    expected = (
        f"plug-in 'json_lines' of acme-drivetrain 1.0.0 was made for version {contract} of the contract, and this "
        "program has 1.0"
    )
    assert expected in done.stderr and "install a newer Drivetrain, or an earlier release of the package" in done.stderr
