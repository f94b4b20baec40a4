"""Requests that schemathesis makes of the service's own OpenAPI document: each answer is one that the document has."""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.serving.conftest import NAME, Live
from tests.serving.processes import supervisor, watchdog, worker
from tests.soak import count

pytestmark = pytest.mark.untraced
EXAMPLES = count(5, 500)  # at most, of an operation in a phase
FEWEST = count(200, 5_000)
PHASES = ("examples", "coverage", "fuzzing", "stateful")
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
CONFIG = f"""
[parameters]
"path.model_name" = "{NAME}"

[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 503, 504]
"""


def processes(live: Live) -> tuple[int, int, int | None]:
    return supervisor(live.home), worker(live.home).pid, watchdog(live.home)


def cases(live: Live, folder: Path, *options: str) -> int:
    """Send requests that fit the document and such that do not; return how many, all answered as it says."""
    command = [
        sys.executable, "-m", "schemathesis.cli", *options, "run", f"{live.url}/openapi.json", "--no-color",
        "--seed", "7", "--max-examples", str(EXAMPLES), "--phases", ",".join(PHASES), "--checks", ",".join(CHECKS),
        "--generation-database", "none", "--no-shrink", "--continue-on-failure",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (made, passed), *_ = re.findall(r"(\d+) generated, (\d+) passed", done.stdout)
    assert made == passed
    return int(made)


def test_whatever_is_asked_the_answer_is_one_of_the_document_and_nothing_restarts(live: Live, tmp_path: Path) -> None:
    before = processes(live)
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    found = cases(live, tmp_path, "--config-file", "schemathesis.toml")
    if FEWEST > 200:
        found += cases(live, tmp_path)  # models of any name, too
    assert found >= FEWEST
    assert processes(live) == before and httpx.get(f"{live.url}/readyz").status_code == 200
