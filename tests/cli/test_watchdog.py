"""A run ends within two seconds of Ctrl-C or SIGTERM, wherever it is, and takes what it started with it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from schemas.home import ROOT
from tests.soak import count
from tests.tracing import processes_traced

pytestmark = [pytest.mark.own_worker, pytest.mark.slow, pytest.mark.untraced]

STOPS = [(signal.SIGINT, 130, "SIGINT", "Interrupted"), (signal.SIGTERM, 143, "SIGTERM", "Terminated")]
LATEST = 30  # seconds; what is measured is that it ends, not how soon on a busy machine
# Calls into C that end at no signal, and take no time of the processor: a lock that is taken twice. The first holds the
# interpreter's lock meanwhile, the second does not.
STUCK = (
    "import ctypes; lock, library = ctypes.create_string_buffer(128), ctypes.{}(None); "
    "library.pthread_mutex_init(lock, None); [library.pthread_mutex_lock(lock) for _ in range(2)]"
)
HELD, LET_GO = STUCK.format("PyDLL"), STUCK.format("CDLL")
SLEEPS = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']{}).pid)"


@contextlib.contextmanager
def watching(body: str, **options) -> Iterator[subprocess.Popen[str]]:
    """Start a command that is watched: it says `ready` first, and then does what `body` says."""
    lines = "\n".join(f"    {line}" for line in ["print('ready', flush=True)", *body.splitlines()])
    code = f"import os, sys, time, tempfile\ndef command():\n{lines}\n    return 0\n"
    code += "from cli.watchdog import watched\nsys.exit(watched(command))"
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with processes_traced():
        process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, **pipes, **options)
    with process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(0.3)  # until it is past the line that said so
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return the exit code and what else was said; what a line that was read has brought along is part of it."""
    assert process.stdout is not None and process.stderr is not None
    out, err = process.stdout.read(), process.stderr.read()
    return process.wait(timeout=LATEST), out, err


def stopped(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    process.send_signal(number)
    return ended(process)


def gone(number: int) -> bool:
    """Say whether a process ends in time."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.wait_procs([psutil.Process(number)], timeout=LATEST)[1] == []
    return True


@pytest.mark.parametrize(
    ("body", "code"), [("return 3", 3), ("sys.exit(4)", 4), ("raise ValueError('mine')", 1), ("print('done')", 0)]
)
def test_the_exit_code_is_the_command_s(body, code):
    with watching(body) as process:
        returned, out, err = ended(process)
    assert returned == code
    assert err.count("ValueError: mine") == (code == 1) and out == "done\n" * (code == 0)


@pytest.mark.parametrize(("number", "code", "_name", "word"), STOPS)
@pytest.mark.parametrize("stuck", [HELD, LET_GO], ids=["lock held", "lock let go"])
def test_a_command_that_is_stuck_in_c_is_ended(stuck, number, code, _name, word):
    with watching(stuck) as process:
        assert stopped(process, number) == (code, "", f"\n{word}; what was deployed goes on.\n")


def test_a_command_that_reacts_is_left_to_it():
    with watching(
        "try:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('closed')\n    return 130"
    ) as process:
        assert stopped(process, signal.SIGINT) == (130, "closed\n", "")


def test_a_closed_terminal_ends_a_run_as_sigterm_does_unless_it_was_started_with_nohup():
    react = "try: time.sleep(600)\nexcept KeyboardInterrupt: print('never')"
    # Whoever started the suite with nohup would else have its SIGHUP ignored here, too.
    heeds, ignores = (partial(signal.signal, signal.SIGHUP, what) for what in (signal.SIG_DFL, signal.SIG_IGN))
    with watching(react, start_new_session=True, preexec_fn=heeds) as process:
        os.killpg(process.pid, signal.SIGHUP)
        code, out, err = ended(process)
    assert (code, out) == (143, "") and err == "\nTerminated; what was deployed goes on.\n"
    with watching("time.sleep(1)", preexec_fn=ignores) as process:
        assert stopped(process, signal.SIGHUP) == (0, "", "")


def test_a_signal_to_the_whole_group_arrives_once():
    body = "for _ in range(2):\n    try:\n        time.sleep(1)\n    except KeyboardInterrupt:\n        print('once')"
    with watching(body, start_new_session=True) as process:
        os.killpg(process.pid, signal.SIGINT)
        _, out, _ = ended(process)
    assert out == "once\n"


def test_a_signal_to_the_run_alone_counts_too():
    with watching(HELD) as process:
        (run,) = psutil.Process(process.pid).children()
        run.send_signal(signal.SIGTERM)
        assert process.wait(timeout=LATEST) == 143


def test_an_interruption_before_the_command_can_handle_it_is_no_traceback():
    with watching("time.sleep(600)") as process:
        assert stopped(process, signal.SIGINT) == (130, "", "\nInterrupted; what was deployed goes on.\n")


def test_children_of_a_stuck_run_end_with_it_and_what_was_deployed_goes_on():
    started = [SLEEPS.format(""), SLEEPS.format(", start_new_session=True")]
    with watching("\n".join([*started, "sys.stdout.flush()", HELD])) as process:
        assert process.stdout is not None
        below, deployed = int(process.stdout.readline()), int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=LATEST) == 130
    try:
        assert gone(below) and psutil.pid_exists(deployed)
    finally:
        os.kill(deployed, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="no other system ends a process with its parent")
def test_a_run_whose_watching_process_is_killed_ends_too():
    with watching("time.sleep(600)") as process:
        (run,) = psutil.Process(process.pid).children()
        process.kill()
        assert gone(run.pid)


def test_a_run_that_is_killed_is_told_in_one_sentence():
    with watching("os.kill(os.getpid(), 9)") as process:
        code, _, err = ended(process)
    assert code == 1
    assert err == "\nThe run was killed by SIGKILL; what was deployed goes on.\n"


def test_temporary_files_go_with_a_run_that_is_killed():
    with watching(f"print(tempfile.mkdtemp(), flush=True)\n{HELD}") as process:
        assert process.stdout is not None
        scratch = Path(process.stdout.readline().strip())
        assert scratch.is_dir()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=LATEST)
    assert not scratch.exists() and not scratch.parent.exists()


def test_a_run_in_the_background_of_a_shell_stays_deaf_to_ctrl_c():
    with watching("time.sleep(2)", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)) as process:
        assert stopped(process, signal.SIGINT) == (0, "", "")


LEAVES = """
from pathlib import Path
from cli import last_words
from ml.io.scratch import partial_file
partial_file(Path({folder!r}) / "page.html").touch()
table = {{Path({folder!r}) / "table.csv": "error: " + last_words.UNKNOWN}}
last_words.leave(Path({folder!r}), '{{"status": "failed", "error": ""}}', table)
"""


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (HELD, "stopped by SIGINT"),
        ("time.sleep(600)", "stopped by SIGINT"),
        ("os.kill(os.getpid(), 9)", "the run was killed by SIGKILL, as the system does when memory runs out"),
        (f"last_words.settle()\n{HELD}", None),
    ],
)
def test_the_summary_of_a_run_that_ends_without_a_word_is_written(end, error, tmp_path):
    (tmp_path / ".page.html.0a1b2c3d.partial").touch()
    with watching(LEAVES.format(folder=str(tmp_path)) + end) as process:
        time.sleep(0.5)
        stopped(process, signal.SIGINT)
    left = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert left.pop(".page.html.0a1b2c3d.partial") == "", "somebody else's"
    if error is None:
        assert [name.startswith(".page.html.p") for name in left] == [True]
    else:
        assert left.pop("table.csv") == f"error: {error}"
        assert list(left) == ["summary.json"]
        assert json.loads(left["summary.json"]) == {"status": "failed", "error": error}


RUN = """
import sys
import cli.actions
execute = cli.actions._execute
def stuck(*words):
    from ml.trainers.sklearn import export
    def convert(*_):
        {held}
    export._convert = convert
    return execute(*words)
cli.actions._execute = stuck
from cli.program import program
program()
"""


@pytest.fixture
def homes(tmp_path, monkeypatch):
    """Folders of a run of its own."""
    for name, folder in (("DRIVETRAIN_HOME", "home"), ("ZENML_CONFIG_PATH", "zenml"), ("BENTOML_HOME", "bentoml")):
        monkeypatch.setenv(name, str(tmp_path / folder))
    monkeypatch.setenv("ZENML_LOCAL_STORES_PATH", str(tmp_path / "stores"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


def run_until(text: str, folder: Path, code: str) -> subprocess.Popen[str]:
    """Start a training run and wait until it says `text`; what it says then is still to be read."""
    words = ["+experiment=breast_cancer", "trainer=random_forest", "pipeline=training", "hydra.run.dir=out"]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", code, *words], cwd=folder, **pipes)
    said = ""
    while text not in said:
        line = process.stderr.readline() if process.stderr else ""
        assert line, f"ended with {process.wait()}: {said}"
        said += line
    return process


@pytest.mark.parametrize(("number", "code", "name", "word"), STOPS[: count(1, 2)])
def test_a_run_that_is_stuck_in_packaging_is_stopped_and_leaves_its_summary(number, code, name, word, homes):
    process = run_until("step training.fit_features done", homes, RUN.format(held=HELD))
    time.sleep(2)
    returned, _, err = stopped(process, number)
    assert returned == code
    assert "Traceback" not in err and err.endswith(f"\n{word}; what was deployed goes on.\n")
    summary = json.loads((homes / "out" / "summary.json").read_text())
    assert (summary["experiment"], summary["status"], summary["error"]) == (
        "breast_cancer",
        "failed",
        f"stopped by {name}",
    )


@pytest.mark.parametrize("moment", [0, 1, 0.3, 0.1, 3][: count(2, 5)])
def test_ctrl_c_while_a_run_starts_is_no_traceback(moment, homes):
    words = ["+experiment=breast_cancer", "pipeline=training", "hydra.run.dir=out"]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, str(ROOT / "run.py"), *words], cwd=homes, **pipes)
    while not psutil.Process(process.pid).children():  # before, it is Python that starts, and not ours to speak
        time.sleep(0.01)
    time.sleep(moment)
    returned, _, err = stopped(process, signal.SIGINT)
    assert returned == 130 and "Traceback" not in err and err.endswith("Interrupted; what was deployed goes on.\n")


REPLACED = """
try:
    time.sleep(600)
finally:
    None.closed()
"""


def test_an_interruption_in_whose_place_another_error_came_is_one():
    with watching(REPLACED) as process:
        code, _, err = stopped(process, signal.SIGINT)
    assert code == 130 and "Traceback" not in err and err.endswith("Interrupted; what was deployed goes on.\n")


LOST = """
import weakref
class Held: pass
def close(_): time.sleep(3)
held = Held()
kept = weakref.ref(held, close)
try:
    del held
    time.sleep(600)
except KeyboardInterrupt:
    print('closed')
    return 130
"""


def test_an_interruption_within_a_callback_of_the_interpreter_is_not_lost():
    with watching(LOST) as process:
        code, out, err = stopped(process, signal.SIGINT)
    assert (code, out) == (130, "closed\n") and "Traceback" not in err and "ignored" not in err
