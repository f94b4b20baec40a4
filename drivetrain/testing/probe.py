"""What importing a module brings, tried in a fork of this process: what it prints, ends or never ends stays there.

As a program (`python -P probe.py ANSWERS SECONDS ROOT MODULE…`) it imports nothing of ours but `drivetrain` itself, so
that all else was imported by the modules that are tried.
"""

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Sequence


def import_each(modules: Sequence[str], answers: int, seconds: float) -> None:
    """Import modules, each in a process of its own, and write a line of JSON for each.

    A line is `[module, true, [what it imports beside what is imported here]]`, `[module, true, "the exception"]`, or
    `[module, false, "why there is no answer"]`.

    Args:
        modules: Their dotted names.
        answers: The descriptor of an open file.
        seconds: How long each may take; one that takes longer is ended.
    """
    os.set_inheritable(answers, False)
    before = set(sys.modules)
    for module in modules:
        so_far = os.fstat(answers).st_size
        child = os.fork()
        if child == 0:
            _import(module, before, answers)
        ended = _end(child, seconds)
        if os.fstat(answers).st_size == so_far:
            _answer(answers, module, False, ended)


def _import(module: str, before: set[str], answers: int) -> None:
    """Import a module, write what was seen, and end this process."""
    try:
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        try:
            importlib.import_module(module)
            found: list[str] | str = sorted(set(sys.modules) - before)
        except BaseException as error:  # whatever a stranger's module raises is what it is asked for
            found = f"{type(error).__name__}: {error}"
        _answer(answers, module, True, found)
    finally:
        os._exit(0)


def _end(child: int, seconds: float) -> str:
    """Wait for a process, end it where it takes longer, and return how it ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return f"it ends the process that imports it, {f'exit code {code}' if code >= 0 else f'signal {-code}'}"
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return f"it is not imported within {seconds:g} s"


def _answer(answers: int, module: str, answered: bool, found: list[str] | str) -> None:
    os.write(answers, (json.dumps([module, answered, found]) + "\n").encode())


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[3])
    import drivetrain  # noqa: F401  every component's module imports it

    import_each(sys.argv[4:], int(sys.argv[1]), float(sys.argv[2]))
