"""No test depends on how the suite was started: in the background, behind a proxy, told to write in colours."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SHELL_VARIABLES

IGNORES = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"


def test_a_child_can_be_interrupted() -> None:
    child = subprocess.run([sys.executable, "-c", IGNORES], capture_output=True, text=True, check=True)
    assert child.stdout == "False\n"


def test_no_variable_of_a_shell_is_left() -> None:
    assert not {name.lower() for name in os.environ} & set(SHELL_VARIABLES)


@pytest.mark.parametrize("test", [test_a_child_can_be_interrupted, test_no_variable_of_a_shell_is_left])
def test_so_it_is_in_the_background_of_any_shell(test: object) -> None:
    variables = {"HTTP_PROXY": "http://127.0.0.1:9", "all_proxy": "http://127.0.0.1:9", "FORCE_COLOR": "1"}
    suite = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"{Path(__file__)}::{test.__name__}"],  # type: ignore[attr-defined]
        cwd=Path(__file__).parent.parent,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert suite.returncode == 0, suite.stdout
