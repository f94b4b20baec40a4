"""What the page of an example tells a reader to do, done as he would do it."""

import json
import os
import re
import shutil
import subprocess
from typing import Any

import pytest

from examples.play import main as play
from schemas.home import ROOT
from tests.lifecycle.conftest import World

PAGES = ROOT / "docs" / "examples"
_CURL = re.compile(r"^```bash\n(curl .*?)^```$", re.MULTILINE | re.DOTALL)


def ask_as_the_page_says(name: str, url: str) -> Any:
    """Run the page's own curl against a service, and return the one prediction that it answers."""
    if shutil.which("curl") is None:
        reason = "curl is not installed: the page's command cannot be run"
        (pytest.fail if os.environ.get("DRIVETRAIN_TESTS_NEED_ALL") else pytest.skip)(reason)
    (command,) = _CURL.findall((PAGES / f"{name}.md").read_text(encoding="utf-8"))
    done = subprocess.run(
        ["bash", "-c", command], env={**os.environ, "URL": url}, capture_output=True, timeout=60, check=True
    )
    answer = json.loads(done.stdout)
    assert answer["model"] == name
    (prediction,) = answer["predictions"]
    return prediction


def verdicts(world: World, name: str) -> list[tuple[str, set[str]]]:
    """Play a quiet and a shifted window; return what monitoring says of each, and the columns that it blames."""
    found = []
    for words in ([name], [name, "shifted"]):
        assert play(words) == 0
        result = world.run(f"+experiment={name}", "pipeline=monitoring", "monitor.window=200")
        assert result.code == 0, result.err
        said = result.summary["monitoring"]
        found.append((said["verdict"], {one["column"] for one in said["columns"] if one["verdict"] == "drift"}))
    return found
