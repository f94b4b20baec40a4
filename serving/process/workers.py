"""Which of its service's workers this process is, and what is its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from serving.process import notes
from serving.process.members import PLACE
from serving.process.settings import Settings


class Mine(NamedTuple):
    """One worker: its number, the folder for its packages, that of all workers' notes, how many there are to be.

    `has_others`: whether others answer meanwhile, so that this one need not before it can.
    """

    place: int
    cache: Path
    notes: Path | None
    wanted: int
    has_others: bool


@contextmanager
def mine(config: Settings) -> Iterator[Mine]:
    """Give what is this worker's while the block runs; each has packages of its own, and no other removes them."""
    told = os.environ.get(notes.VARIABLE)
    folder = None if told is None else Path(told)
    wanted = int(os.environ.get(notes.WANTED) or config.spec.workers)
    with notes.a_place(folder, os.environ.get(PLACE)) as place:
        cache = config.cache if place == 1 else config.cache / f"worker{place}"
        others = folder is not None and any(note.is_alive for note in notes.read(folder)[0])
        yield Mine(place, cache, folder, wanted, others)
