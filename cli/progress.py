"""Shows how a run goes on: a line that moves for a person, plain lines on stderr for a log."""

import time
from collections.abc import Callable
from threading import Event, Lock, Thread

from rich.console import Console
from rich.status import Status

from schemas.events import State

_MARKS = {"done": "[green]✓[/]", "reused": "[cyan]↺[/]", "failed": "[red]✗[/]"}


QUIET = 3.0
"""Seconds of a step that nothing is said of in a log, and between two lines of news."""
_PATIENCE = 30.0  # seconds until it is said again that a step goes on
_TICK = 1.0


class Progress:
    """An Observer; `started` is called when the first step begins.

    What a step tells is shown to a person at once. In a log a step of less than three seconds is its last line alone,
    a longer one tells its newest state every three seconds, and every half minute that it goes on.
    """

    def __init__(self, console: Console, started: Callable[[], None]) -> None:
        self._console = console
        self._started = started
        self._status: Status | None = None
        self._pipeline = ""
        self._running: dict[str, float] = {}  # when each began
        self._step: str | None = None  # the one that is shown
        self._text = self._said = ""
        self._began = self._spoke = 0.0
        self._over = Event()
        self._lock = Lock()

    def __enter__(self) -> "Progress":
        Thread(target=self._tick, name="progress", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._rest()

    def stage(self, text: str) -> None:
        """Something outside a step begins (stack changes, deployment)."""
        self._rest()
        self._print(text, f"[dim]{_safe(text)}[/]")

    def step_started(self, pipeline: str, step: str) -> None:
        """A step begins."""
        self._head(pipeline)
        with self._lock:
            self._running[step] = time.monotonic()
        self._show(step)

    def step_finished(self, pipeline: str, step: str, seconds: float, state: State, where: str = "") -> None:
        """A step ended, on the machine `where` if it was another one."""
        self._head(pipeline)
        took = "" if state == "reused" else f" {seconds:.1f} s{f' on {where}' if where else ''}"
        self._print(
            f"step {pipeline}.{step} {state}{took}",
            f"  {_MARKS[state]} {step}[dim] {state if state != 'done' else ''}{took}[/]",
        )
        with self._lock:
            self._running.pop(step, None)
        for other in list(self._running)[-1:]:  # where several run at once
            self._show(other)

    def _show(self, step: str) -> None:
        with self._lock:
            self._step, self._text, self._said = step, "", ""
            self._began, self._spoke = self._running[step], time.monotonic()
        if self._console.is_terminal:
            self._status = self._console.status(f"{step} …")
            self._status.start()

    def progress(self, text: str) -> None:
        """What the step that runs is doing, and how far it has come (an epoch, a chunk of rows)."""
        with self._lock:
            self._text = text
            self._tell()

    def _tick(self) -> None:
        while not self._over.wait(_TICK):
            with self._lock:
                self._tell()

    def _tell(self) -> None:
        """Show how the step goes on, if there is one and it is time to."""
        if self._step is None:
            return
        now = time.monotonic()
        elapsed, silent = now - self._began, now - self._spoke
        took = f" ({elapsed:.0f} s)" if elapsed >= QUIET else ""
        if self._status is not None:
            self._status.update(f"{self._step} … {_safe(self._text)}{took}")
        elif not self._console.is_terminal and silent >= (QUIET if self._text != self._said else _PATIENCE):
            self._spoke, self._said = now, self._text
            self._print(f"progress {self._step}: {self._text or 'goes on'}{took}", "")

    def note(self, text: str) -> None:
        """One line that a person should see (dropped columns, warnings)."""
        self._print(f"note: {text}", f"  [yellow]![/] {_safe(text)}")

    def _head(self, pipeline: str) -> None:
        """Name the pipeline above its first step, which may be a reused one."""
        self._started()
        self._rest()
        if pipeline != self._pipeline:
            self._pipeline = pipeline
            self._print(f"pipeline {pipeline}", f"[bold]{pipeline}[/]")

    def _rest(self) -> None:
        with self._lock:
            self._step = None
        if self._status is not None:
            self._status.stop()
            self._status = None

    def _print(self, plain: str, styled: str) -> None:
        if self._console.is_terminal:
            self._console.print(styled, highlight=False)
        else:
            self._console.print(plain, markup=False, highlight=False, soft_wrap=True)


def _safe(text: str) -> str:
    return text.replace("[", "\\[")
