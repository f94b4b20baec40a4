"""The command behind `make conformance`, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from schemas.home import ROOT


def tried(site: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m cli.conformance WORDS` in `folder`; what is installed in `site` is seen."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(site)])}
    command = [sys.executable, "-m", "cli.conformance", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
