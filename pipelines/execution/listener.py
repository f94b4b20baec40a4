"""From ZenML's log to an observer: which step began, which one ended, how."""

import logging
import re
import time

from schemas.plan import PROGRESS, Observer

_STARTED = re.compile(r"^Step `(?P<step>[^`]+)` has started\.")
_FINISHED = re.compile(r"^Step `(?P<step>[^`]+)` has finished")
_REUSED = re.compile(r"^Using cached version of step `(?P<step>[^`]+)`\.")
_FAILED = re.compile(r"^Failed to run step `(?P<step>[^`]+)`")


class Listener:
    """Passes ZenML's messages about steps to an observer; warnings of our own code become notes."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._began: dict[str, float] = {}
        self.pipeline = ""

    def __call__(self, record: logging.LogRecord) -> None:
        """Take one log record."""
        text = record.getMessage()
        if record.name == PROGRESS:
            self._observer.progress(text)
        elif record.name.startswith("drivetrain"):
            self._observer.note(text)
        elif found := _STARTED.match(text):
            self._began[found["step"]] = time.monotonic()
            self._observer.step_started(self.pipeline, found["step"])
        elif found := _FINISHED.match(text):
            self._observer.step_finished(self.pipeline, found["step"], self._seconds(found["step"]), "done")
        elif found := _REUSED.match(text):
            self._observer.step_finished(self.pipeline, found["step"], 0.0, "reused")
        elif found := _FAILED.match(text):
            self._observer.step_finished(self.pipeline, found["step"], self._seconds(found["step"]), "failed")

    def _seconds(self, step: str) -> float:
        return time.monotonic() - self._began.get(step, time.monotonic())
