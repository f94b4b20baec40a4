"""Coverage of the processes that tests start: they are measured where a test asks for it, as that doubles their work.

Asked for by those that run what no test can call in its own process: supervisors, watchdogs, connections of services,
a run that is watched, what a command after a killed one puts right. A process that is killed leaves no measurement.

In the suite's own processes all is measured but for tests marked `untraced` and what is called `untraced` here.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "COVERAGE_PROCESS_CONFIG"
"""What coverage.py gives to processes that it shall measure."""
_given: list[str] = []


def trace_no_process() -> None:
    """Let no process be measured from now on but for those that are asked for."""
    if VARIABLE in os.environ:
        _given[:] = [os.environ.pop(VARIABLE)]


@contextmanager
def processes_traced() -> Iterator[None]:
    """Let processes be measured that are started meanwhile, and those that these start, if this one is."""
    if not _given:
        yield
        return
    os.environ[VARIABLE] = _given[0]
    try:
        yield
    finally:
        os.environ.pop(VARIABLE, None)


@contextmanager
def untraced() -> Iterator[None]:
    """Measure nothing meanwhile: what others measure too takes half the time so."""
    import coverage

    current = coverage.Coverage.current()
    if current is None:
        yield
        return
    current.stop()
    try:
        yield
    finally:
        current.start()
        trace_no_process()  # to start coverage.py is to let it measure processes
