"""Who holds a file: the one that has the lock, whatever those before it have written."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from ml.io.held_file import held, holder
from schemas.home import ROOT

HOLD = """
import sys
from pathlib import Path
from ml.io.held_file import held
with held(Path(sys.argv[1])) as mine:
    print(mine, flush=True)
    sys.stdin.read()
"""


def held_elsewhere(path: Path) -> "subprocess.Popen[str]":
    """Start a process that holds the file until its input ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "True\n"
    return process


def test_the_holder_is_the_process_that_has_it_and_nobody_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "held"
    assert holder(path) is None
    with held_elsewhere(path) as process:
        assert holder(path) == process.pid
        with held(path) as mine:
            assert not mine and holder(path) == process.pid
        process.communicate()
    assert holder(path) is None and path.read_text().strip() == "", "the next one is not taken for this one"
    with held_elsewhere(path) as process:
        process.kill()
        process.communicate()
    assert holder(path) is None
    with held(path):
        assert holder(path) == os.getpid()


def test_what_a_killed_holder_wrote_is_not_taken_for_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "held"
    with held_elsewhere(path) as process:
        process.kill()
        process.communicate()
    assert path.read_text().strip() == str(process.pid)
    descriptor = os.open(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # the next one, between its lock and its id
    timer = threading.Timer(0.04, os.pwrite, (descriptor, str(os.getpid()).ljust(20).encode(), 0))
    timer.start()
    assert holder(path) == os.getpid()
    timer.join()
    os.close(descriptor)


def test_a_holder_in_another_container_is_found_by_the_number_that_stays(tmp_path: Path) -> None:
    path = tmp_path / "held"
    path.write_text("999999999".ljust(20))
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        began = time.monotonic()
        assert holder(path) == 999_999_999 and time.monotonic() - began < 0.9
