"""The counters of all workers of a service, told by whichever of them is asked."""

import asyncio
import logging
import os
import threading
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import TimeoutError as LoopStands
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from serving.http.metric_table import WORKERS, WORKERS_WANTED, put_together
from serving.process import notes
from serving.process.notes import Note
from serving.process.tally import Family, added, gauge, without_gauges

if TYPE_CHECKING:
    from prometheus_client.core import Metric

logger = logging.getLogger("bentoml.drivetrain")
_EVERY = 1.0  # seconds
_PATIENCE = 5.0
Loop = Callable[[], asyncio.AbstractEventLoop | None]


class Sharing:
    """Writes once a second how this worker is and what it has counted; requests are counted as they always were.

    Args:
        folder: Of the workers' notes; None: this worker is the only one.
        place: Its number among them.
        wanted: How many there are to be.
        model: The model's name.
        loop: Gives the event loop, on which alone is counted.
    """

    def __init__(
        self, folder: Path | None = None, place: int = 1, wanted: int = 1, model: str = "", loop: Loop = lambda: None
    ) -> None:
        self._folder, self._place, self._wanted, self._model = folder, place, wanted, model
        self._loop = loop
        self._worker = uuid.uuid4().hex
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._numbers, self._written = count(1), 0
        self._families: Callable[[], Iterable[Metric]] = tuple

    def start(self, families: Callable[[], "Iterable[Metric]"], state: Callable[[], str]) -> None:
        """Begin.

        Args:
            families: Gives what this worker has counted.
            state: Says how it is.
        """
        if self._folder is None:
            return
        notes.tidy(self._folder)
        self._families = families
        threading.Thread(target=self._run, args=(state,), name="sharing", daemon=True).start()

    def stop(self) -> None:
        """End, on the event loop; what was counted stays known."""
        with self._lock:
            self._stopped.set()
            self._write(plain(self._families()), "is gone", seen=-notes.ALIVE_FOR)

    def number(self) -> int:
        """Return the number of a collection, on the event loop, where it is made: later ones count no less."""
        return next(self._numbers)

    def write(self, families: list[Family], state: str, number: int) -> None:
        """Let the others know of a collection, unless they know of a later one."""
        with self._lock:
            if not self._stopped.is_set() and number > self._written:
                self._written = number
                self._write(families, state, notes.now())

    def of_all(self, mine: list[Family]) -> list[Family]:
        """Return what all workers have counted, `mine` this one, and how many of them are alive."""
        found, gone = notes.read(self._folder) if self._folder is not None else ([], [])
        others = [note for note in found if note.worker != self._worker]
        tallies = [note.families if note.is_alive else without_gauges(note.families) for note in others]
        alive = 1 + sum(note.is_alive for note in others)
        labels = {"model": self._model}
        return [
            *added([mine, *tallies, gone]),
            gauge(WORKERS.name, WORKERS.meaning, alive, labels),
            gauge(WORKERS_WANTED.name, WORKERS_WANTED.meaning, self._wanted, labels),
        ]

    def _write(self, families: list[Family], state: str, seen: float) -> None:
        if self._folder is None:
            return
        try:
            notes.write(self._folder, Note(self._worker, os.getpid(), self._place, seen, state, families))
        except OSError as error:
            logger.warning("the worker's counters cannot be shared: %s", error)

    def _run(self, state: Callable[[], str]) -> None:
        async def collected() -> tuple[list[Family], int]:
            return plain(self._families()), self.number()

        while not self._stopped.wait(_EVERY):
            running = self._loop()
            if running is None or not running.is_running():
                continue
            asked = asyncio.run_coroutine_threadsafe(collected(), running)
            try:
                families, number = asked.result(_PATIENCE)
                self.write(families, state(), number)
            except (LoopStands, asyncio.CancelledError):  # a worker whose loop stands is not alive
                asked.cancel()


def plain(metrics: "Iterable[Metric]") -> list[Family]:
    """Return metric families as plain numbers."""
    return [
        Family(
            one.name,
            one.type,
            one.documentation,
            put_together(one.name, one.type),
            {(sample.name, tuple(sample.labels.items())): sample.value for sample in one.samples},
        )
        for one in metrics
    ]
