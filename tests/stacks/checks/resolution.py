"""Whether the packages that each stack of a cloud asks for resolve with our lock, and without it, as uv finds.

`python -m tests.stacks.checks.resolution` asks the package index anew and writes `environments/resolution.json`. It is
asked again whenever the lock or what ZenML asks for has changed: a test compares what the record was made of.
"""

import hashlib
import json
import re
import shlex
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from schemas.home import ROOT
from stacks.checks.requirements import client_packages
from tests.stacks.checks.filled import DECLARED, shipped

FILE = ROOT / "environments" / "resolution.json"
_PIN = re.compile(r"^([a-zA-Z0-9_.\-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_LOCK = ROOT / "requirements.lock"


def made_of() -> dict[str, Any]:
    """Return what an answer depends on, besides the package index."""
    return {
        "zenml": metadata.version("zenml"),
        "lock": hashlib.sha256(repr(sorted(_PIN.findall(_LOCK.read_text(encoding="utf-8")))).encode()).hexdigest()[:16],
        "packages": {name: sorted(client_packages(shipped(name)), key=str.lower) for name in DECLARED},
    }


def resolved(name: str) -> dict[str, bool]:
    """Ask uv whether a stack's packages resolve beside the locked ones, and in the environment that `install` makes."""
    return {"with_the_lock": _compiles(_listed(name), "-c", str(_LOCK)), "apart": _compiles(*_apart(name))}


def _listed(name: str) -> str:
    return str(ROOT / "environments" / f"{name}.txt")


def _apart(name: str) -> list[str]:
    """Return the arguments of the command that a person is given, less the environment that it makes."""
    words = shlex.split(shipped(name).requires.install or "")
    words = words[len(words) - words[::-1].index("install") :]
    kept: list[str] = []
    while words:
        word = words.pop(0)
        if word in ("-r", "--override", "-c"):
            where = str(ROOT / words.pop(0))
            kept += [where] if word == "-r" else [word, where]
        elif word == "-e":
            extras = re.findall(r"\w+", words.pop(0))
            kept += [str(ROOT / "pyproject.toml"), *(part for extra in extras for part in ("--extra", extra))]
        elif word == "-p":
            words.pop(0)
    return kept


def _compiles(*words: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder, "out.txt"))
        command = [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "compile",
            "--quiet",
            "--python-version",
            "3.11",
            "-o",
            output,
            *words,
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode and "No solution found" not in done.stderr:
        raise RuntimeError(f"uv could not say: {done.stderr[-2000:]}")
    return done.returncode == 0


if __name__ == "__main__":
    found = {name: resolved(name) for name in DECLARED}
    record = {"date": datetime.now(UTC).date().isoformat(), "made_of": made_of(), "resolves": found}
    FILE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
