"""The server of warm processes on a node: one for all, a process a connection, which ends with it."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from schemas.home import Home
from stacks.remote import warm
from stacks.remote.fork_server import _end_group
from stacks.remote.lines import Lines
from stacks.remote.source import PACKAGES, source_folder

pytestmark = [pytest.mark.own_worker, pytest.mark.slow]


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Our packages as a node gets them; the server for them ends with this test's processes."""
    folder = source_folder(Home(tmp_path_factory.mktemp("home")))
    yield folder
    for server in servers():
        server.kill()
    for left in Path("/tmp", f"drivetrain-steps-{os.getuid()}").glob(f"*-{os.getpid()}"):
        shutil.rmtree(left)


def servers() -> list[psutil.Process]:
    mark = f"-{os.getpid()}/socket"
    running = psutil.process_iter(["cmdline"])
    return [found for found in running if any(word.endswith(mark) for word in found.info["cmdline"] or [])]


def forked() -> list[psutil.Process]:
    """Return the processes of our servers, looked for anew where one ended meanwhile."""
    while True:
        with suppress(psutil.NoSuchProcess):
            return [child for server in servers() for child in server.children()]


def connected(code: Path) -> Lines:
    return warm.connect(code, watched=os.getpid())


def process_of(lines: Lines, known: set[int]) -> psutil.Process:
    """Return the process that was forked for a connection, beside those known before."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        new = [child for child in forked() if child.pid not in known]
        if new:
            return new[0]
        time.sleep(0.05)
    raise AssertionError("no process was forked")


def test_the_packages_of_steps_are_sent_and_nothing_else(code: Path) -> None:
    assert {path.name for path in code.iterdir()} == set(PACKAGES)
    assert (code / "ml" / "evaluation" / "report.html.j2").exists() and not list(code.rglob("*.pyc"))
    assert source_folder(Home(code.parents[2])) == code, "made once"


def test_a_step_that_cannot_be_run_is_told_and_the_process_goes_on(code: Path) -> None:
    lines = connected(code)
    task = {"snapshot": "no-uuid", "step": "train", "environment": {"ZENML_STORE_URL": "sqlite:////dev/null/all.db"}}
    for _ in range(2):
        lines.send(task)
        end = _last(lines)
        assert end["ended"] == "train" and end["failure"]["text"]
    lines.connection.close()


def _last(lines: Lines) -> dict[str, Any]:
    for message in lines:
        if "event" not in message:
            return message
    raise AssertionError("it said nothing")


def test_a_killed_process_is_told_and_the_server_goes_on(code: Path) -> None:
    before = {child.pid for child in forked()}
    lines = connected(code)
    process_of(lines, before).kill()
    assert _last(lines) == {"died": "killed by SIGKILL"}
    assert len(servers()) == 1
    connected(code).connection.close()


def test_a_process_ends_when_nobody_is_there_for_it(code: Path) -> None:
    before = {child.pid for child in forked()}
    lines = connected(code)
    child = process_of(lines, before)
    lines.connection.close()
    child.wait(10)
    assert not child.is_running()


def test_what_a_process_of_steps_began_ends_with_it() -> None:
    words = ["sh", "-c", "sleep 600 & echo $!; wait"]
    process = subprocess.Popen(words, start_new_session=True, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    begun = psutil.Process(int(process.stdout.readline()))
    process.kill()
    _end_group(process.pid)
    begun.wait(10)
    process.communicate()
    assert not begun.is_running()


def test_what_a_server_left_that_was_killed_is_removed_by_the_next_one(code: Path) -> None:
    base = Path("/tmp", f"drivetrain-steps-{os.getuid()}")
    beyond = 2**22 + 1  # more than the system's numbers
    (dead := base / f"code-{warm.space()}-{beyond}").mkdir(parents=True, exist_ok=True)
    (strange := base / f"code-1-{beyond}").mkdir(exist_ok=True)  # of another container
    for server in servers():
        server.kill()
        server.wait(10)
    connected(code).connection.close()
    assert not dead.exists() and strange.exists()
    strange.rmdir()


def test_a_store_is_opened_ahead_and_where_that_fails_the_step_says_why(code: Path) -> None:
    lines = connected(code)
    lines.send({"open": {"ZENML_STORE_URL": "sqlite:////dev/null/all.db"}})
    lines.send({"snapshot": "no-uuid", "step": "train", "environment": {}})
    end = _last(lines)
    assert end["ended"] == "train" and "/dev/null" in end["failure"]["text"]
    lines.connection.close()


def test_only_its_user_can_reach_it(code: Path) -> None:
    connected(code).connection.close()
    folder = Path("/tmp", f"drivetrain-steps-{os.getuid()}")
    assert folder.stat().st_mode & 0o077 == 0


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    (empty := tmp_path / "nothing-in-here").mkdir()
    with pytest.raises(RuntimeError, match="does not start on"):
        warm.connect(empty, watched=os.getpid())
