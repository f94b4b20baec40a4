"""What a follower has done beside its looks at the releases."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from serving.releases.events import Event

logger = logging.getLogger("bentoml.drivetrain")  # below "bentoml", whose handler and level the worker has set up


class Tasks:
    """What takes longer than a look at the releases: one thread loads, one does what needs no loading."""

    def __init__(self) -> None:
        self._stopped = False
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._replies = ThreadPoolExecutor(1, thread_name_prefix="replies")

    def submit(self, task: Callable[[Event], None], event: Event, *, loads: bool = True) -> None:
        """Have it done after what was submitted before; what goes wrong is written into the log."""
        if not self._stopped:
            (self._loader if loads else self._replies).submit(task, event).add_done_callback(_report)

    def stop(self) -> None:
        """End after what is being done."""
        self._stopped = True
        self._loader.shutdown(cancel_futures=True)
        self._replies.shutdown()


def _report(done: Future[None]) -> None:
    error = done.exception() if not done.cancelled() else None
    if error is not None:
        logger.error("a release could not be followed", exc_info=error)
