"""Shows how a run goes on: a line that moves for a person, plain lines on stderr for a log."""

from collections.abc import Callable
from typing import Literal

from rich.console import Console
from rich.status import Status

State = Literal["done", "reused", "failed"]
_MARKS = {"done": "[green]✓[/]", "reused": "[cyan]↺[/]", "failed": "[red]✗[/]"}


class Progress:
    """An Observer; `started` is called when the first step begins."""

    def __init__(self, console: Console, started: Callable[[], None]) -> None:
        self._console = console
        self._started = started
        self._status: Status | None = None
        self._pipeline = ""
        self._step = ""

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._rest()

    def stage(self, text: str) -> None:
        """Something outside a step begins (stack changes, deployment)."""
        self._rest()
        self._print(text, f"[dim]{_safe(text)}[/]")

    def step_started(self, pipeline: str, step: str) -> None:
        """A step begins."""
        self._head(pipeline)
        self._step = step
        if self._console.is_terminal:
            self._status = self._console.status(f"{step} …")
            self._status.start()

    def step_finished(self, pipeline: str, step: str, seconds: float, state: State) -> None:
        """A step ended."""
        self._head(pipeline)
        took = "" if state == "reused" else f" {seconds:.1f} s"
        self._print(
            f"step {pipeline}.{step} {state}{took}",
            f"  {_MARKS[state]} {step}[dim] {state if state != 'done' else ''}{took}[/]",
        )

    def progress(self, text: str) -> None:
        """How far the step that runs has come (an epoch, a chunk of rows)."""
        if self._status is not None:
            self._status.update(f"{self._step} … {_safe(text)}")
        elif not self._console.is_terminal:
            self._print(f"progress {self._step}: {text}", "")

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
