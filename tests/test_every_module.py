"""Every module can be imported."""

import subprocess
import sys
from pathlib import Path

import pytest

from schemas.home import ROOT
from tests.tracing import processes_traced

PACKAGES = ("schemas", "ml", "serving", "steps", "stacks", "pipelines", "cli", "drivetrain")
PROGRAM = """
import importlib, sys
from zenml.utils import source_utils
source_utils.set_custom_source_root(sys.argv[1])  # as a run does
for name in sys.argv[2:]:
    importlib.import_module(name)
"""


def modules() -> list[str]:
    """Return the names of all modules of ours that are no programs."""
    files = [file.relative_to(ROOT) for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    return [_name(file) for file in files if file.name != "__main__.py"]


def _name(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.slow
def test_every_module_is_imported_without_a_word() -> None:
    names = modules()
    assert len(names) > 300
    with processes_traced():
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(ROOT), *names], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
