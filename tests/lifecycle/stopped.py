"""`python run.py WORDS` that a signal stops.

    python -m tests.lifecycle.stopped POINT SIGNAL WORDS…

POINT is `module:name`, with `@before` or `@after` the call (after where not said) and `#N` for the N-th one.
"""

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from schemas.home import ROOT


def arm(point: str, number: int) -> None:
    """Let the signal arrive where `point` says."""
    point, _, turn = point.partition("#")
    point, _, when = point.partition("@")
    module, _, path = point.partition(":")
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for part in owners:
        owner = getattr(owner, part)
    setattr(owner, name, _stopping(getattr(owner, name), when == "before", int(turn or 1), number))


def _stopping(function: Callable[..., Any], before: bool, turn: int, number: int) -> Callable[..., Any]:
    calls = 0

    def stopping(*words: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if before and calls == turn:
            os.kill(os.getpid(), number)
        result = function(*words, **named)
        if not before and calls == turn:
            os.kill(os.getpid(), number)
        return result

    return stopping


if __name__ == "__main__":
    arm(sys.argv[1], signal.Signals[sys.argv[2]])
    sys.argv[:] = [str(ROOT / "run.py"), *sys.argv[3:]]
    from cli.program import program

    program()
