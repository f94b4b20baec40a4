"""A lock on ZenML's SQLite store that begins while a command uses it: told, while SQLite and ZenML wait for its end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread, get_ident
from typing import Any

QUIETLY = 3.0
"""Seconds that a statement may take before anything is said."""
_LOOK_SECONDS = 0.5


@contextmanager
def locks_told(engine: Any, path: Path, note: Callable[[str], None]) -> Iterator[None]:
    """Say once of each statement that waits for long that another process uses the store.

    Args:
        engine: SQLAlchemy's, of the store.
        path: The store's file.
        note: Takes what a person should hear.
    """
    from sqlalchemy import event

    began: dict[int, float] = {}  # by thread
    over = Event()

    def before(*_: Any) -> None:
        began[get_ident()] = time.monotonic()

    def after(*_: Any) -> None:
        began.pop(get_ident(), None)

    events = {"before_cursor_execute": before, "after_cursor_execute": after, "handle_error": after}
    for name, call in events.items():
        event.listen(engine, name, call)
    watcher = Thread(target=_watch, args=(began, over, path, note), name="store-locks", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        for name, call in events.items():
            event.remove(engine, name, call)


def _watch(began: dict[int, float], over: Event, path: Path, note: Callable[[str], None]) -> None:
    told: set[tuple[int, float]] = set()
    while not over.wait(_LOOK_SECONDS):
        late = {one for one in list(began.items()) if time.monotonic() - one[1] > QUIETLY}
        if late - told:
            note(f"the ZenML store {path} is in use by another process; waiting for it")
        told = late
