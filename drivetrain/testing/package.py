"""The suite over a package as it is installed, entry points, YAML and stacks included: the command runs apart."""

import json
import os
import subprocess
import sys

from drivetrain.testing.violation import Violation
from schemas.home import ROOT

_BROKEN, _HELD = 1, 0


def check_package(distribution: str) -> list[Violation]:
    """Return what an installed package breaks of the contract: `python -m cli.conformance DISTRIBUTION`.

    Args:
        distribution: Its name, as `pip install` knows it.

    Raises:
        RuntimeError: If the command could not be run, with what it said: no package of the name is installed, say.
    """
    path = os.pathsep.join(entry for entry in (str(ROOT), *sys.path) if entry)
    command = [sys.executable, "-m", "cli.conformance", distribution, "--json"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    if done.returncode not in (_HELD, _BROKEN) or not done.stdout.strip():
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return [Violation(**one) for one in json.loads(done.stdout)["violations"]]
