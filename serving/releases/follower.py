"""A worker's side of publishing: it follows the stream of releases and switches versions between two requests."""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from schemas.deploy_spec import DeploySpec
from serving.journal.integrity import Integrity
from serving.journal.trouble import told
from serving.releases import events as releases
from serving.releases.events import Entry, Event
from serving.releases.followed import awaited, decide, report, tell, was_given_up
from serving.releases.heartbeat import Heartbeat
from serving.releases.journal_state import JournalState
from serving.releases.loaded_version import Version
from serving.releases.loader import Key, Loader, key_of
from serving.releases.traffic import BESIDE, Traffic, beside, traffic

_AGAIN = 30.0  # seconds until a candidate or shadow that could not be loaded is tried again
_KEPT = 2  # the current version and the one before it, for a rollback at once
logger = logging.getLogger("bentoml.drivetrain")  # below "bentoml", whose handler and level the worker has set up


class Follower:
    """Holds the loaded versions; `traffic` is replaced whole, so that a request sees one version from start to end.

    Args:
        engine: The journal.
        cache: Folder for fetched packages.
        poll: Seconds between two looks at the releases.
        look: What else is to be done that often.
        integrity: Whether the journal's file is sound.
        limits: Of loading a package; None: the defaults.
        drops: Whether requests are answered while the journal cannot be used.
    """

    def __init__(
        self,
        engine: Engine,
        cache: Path,
        poll: float,
        look: Callable[[], None] | None = None,
        integrity: Integrity | None = None,
        limits: DeploySpec | None = None,
        *,
        drops: bool = False,
    ) -> None:
        self.worker = uuid.uuid4().hex
        self.traffic: Traffic[Version] | None = None
        self.why_not_ready: str | None = "the releases have not been read yet"
        self.events: list[Event] = []
        self._engine, self._poll = engine, poll
        self._look_after = look
        self._heartbeat = Heartbeat(engine, self.worker)
        self.journal = JournalState(self._heartbeat, integrity, drops=drops)
        self._versions = Loader(cache, limits or DeploySpec(), lambda version: decide([version], self.events))
        self._wanted: Event | None = None
        self._warned = ""
        self._tried = 0.0  # when what stands beside production was last looked at (time.monotonic)
        self._lock = threading.RLock()  # the follower and the loader both change what is loaded and current
        self._stopped = threading.Event()
        self._settled = threading.Event()  # what is in production is loaded, or will not be for now
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="loader")
        self._replies = ThreadPoolExecutor(1, thread_name_prefix="replies")  # for what needs no loading
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def await_production(self, seconds: float) -> None:
        """Wait until what is in production is loaded, or is known not to be, at most so long."""
        self._settled.wait(seconds)

    def stop(self) -> None:
        """End, and take this worker off the list of the living."""
        self._stopped.set()
        self._thread.join()
        self._versions.stop()
        self._loader.shutdown(cancel_futures=True)
        self._replies.shutdown()
        if self.journal.gone is None:
            self._heartbeat.stop()

    def loaded(self) -> list[Version]:
        """Return the versions that are loaded, the current one first."""
        current, others = self.current, list(self._versions.versions.values())
        return [*([current] if current else []), *(version for version in others if version is not current)]

    @property
    def current(self) -> Version | None:
        """The version in production, None before it is loaded."""
        return None if self.traffic is None else self.traffic.current

    @property
    def loading(self) -> tuple[Key, float] | None:
        """Version and URL of the package that is being loaded, and the seconds that has taken; None when none is."""
        return self._versions.busy

    @property
    def is_ready(self) -> bool:
        """Whether requests are answered."""
        return self.current is not None and self.journal.withholds is None

    def _run(self) -> None:
        while True:
            try:
                self._do_what_is_due()
            except (SQLAlchemyError, OSError) as error:
                self._warn(f"the releases cannot be read: {told(error)}")
            if self._stopped.wait(self._poll):
                return

    def _do_what_is_due(self) -> None:
        if self._look_after is not None:
            self._look_after()
        if self.journal.damage is not None:
            self._settled.set()
            return  # a damaged journal is not written to, and nothing is published by it
        self._heartbeat.beat()
        self._look()

    def _warn(self, what: str) -> None:
        if what != self._warned:  # we look twenty times a second
            logger.warning(what)
        self._warned = what

    def _look(self) -> None:
        seen = self.events[-1].sequence if self.events else 0
        with self._engine.connect() as connection:
            fresh = releases.read(connection, after=seen) if releases.last_sequence(connection) != seen else []
        if not fresh and self._wanted is not None:
            self._try_again()
            return
        first_look = not self.events
        self.events = [*self.events, *fresh]
        decide(self._versions.versions.values(), self.events)
        pointer = releases.current(self.events)
        if pointer is None:
            self.why_not_ready = "no version has been published yet"
            self._settled.set()
        elif self._wanted is None or pointer.sequence != self._wanted.sequence:
            self._wanted = pointer
            self._follow_pointer()
        elif any(event.state in BESIDE for event in fresh):
            self._place_others()
        for event in awaited(self.events, pointer) if first_look else fresh:
            if event.state == "announced":
                loads = key_of(event) not in self._versions.versions
                self._submit(self._loader if loads else self._replies, self._prepare, event)
            elif event.state == "failed" and event.worker is None:
                self._versions.give_up(event)

    def _try_again(self) -> None:
        """Now and then, load what is to stand beside production and could not be loaded."""
        if self.traffic is not None and time.monotonic() - self._tried > _AGAIN:
            self._tried = time.monotonic()
            if self._missing():
                self._place_others()

    def _follow_pointer(self) -> None:
        assert self._wanted is not None, "called when the pointer moved"
        loaded = self._versions.versions.get(key_of(self._wanted))
        if loaded is None:
            self._wait_for(self._wanted)
            self._submit(self._loader, self._catch_up, self._wanted)
        else:
            self._switch(loaded)

    def _wait_for(self, pointer: Event) -> None:
        with self._lock:
            if self.current is None:
                self.why_not_ready = f"version {pointer.version} is being loaded"

    def _switch(self, loaded: Version) -> None:
        with self._lock:
            before = self.traffic
            self.traffic, self.why_not_ready = Traffic(loaded), None
        self._settled.set()
        logger.info("version %s is current", loaded.version)
        if before is not None:
            tell(before, Traffic(loaded))
        self._place_others()

    def _place_others(self) -> None:
        """Let candidate and shadow take their places, as far as they are loaded, and load what is not."""
        assert self._wanted is not None, "they stand beside what is in production"
        with self._lock:  # also this thread's view of the events, which another one may be ahead of
            wanted, known, before = traffic(self.events), self._versions.versions, self.traffic
            if wanted is not None and before is not None and known.get(key_of(wanted.current)) is before.current:
                candidate = None if wanted.candidate is None else known.get(key_of(wanted.candidate))
                shadow = None if wanted.shadow is None else known.get(key_of(wanted.shadow))
                share = 0.0 if candidate is None else wanted.share
                self.traffic = Traffic(before.current, candidate, share, shadow, wanted.salt)
                tell(before, self.traffic)
        self._tried = time.monotonic()
        for event in self._missing():
            self._submit(self._loader, self._load_beside, event)
        self._submit(self._loader, self._tidy, self._wanted)

    def _missing(self) -> list[Event]:
        """Return what is to stand beside production and is not loaded."""
        return [one for one in beside(self.events) if key_of(one) not in self._versions.versions]

    def _load_beside(self, event: Event) -> None:
        """Load a candidate or shadow that this worker missed; until then production answers for it."""
        if event in self._missing() and self._versions.load(event, was_current=True) is None:
            self._place_others()

    def _tidy(self, pointer: Event) -> None:
        """Let go of versions that neither a rollback nor a publisher is waiting for."""
        waiting = [event for event in releases.open_announcements(self.events) if event.sequence > pointer.sequence]
        wanted = releases.history(self.events)[-_KEPT:] + waiting + beside(self.events)
        keys = {key_of(event) for event in wanted}
        self._versions.keep(keys.__contains__)

    def _submit(self, thread: ThreadPoolExecutor, task: Callable[[Event], None], event: Event) -> None:
        if not self._stopped.is_set():
            thread.submit(task, event).add_done_callback(report)

    def _catch_up(self, pointer: Event) -> None:
        """Load what is current already: at the start, or because this worker missed the announcement."""
        failure = self._versions.load(pointer, was_current=True)
        with self._lock:
            if pointer is not self._wanted:
                return
            if failure is None:
                self._switch(self._versions.versions[key_of(pointer)])
            elif self.current is None:
                self.why_not_ready = f"version {pointer.version} cannot be loaded: {failure}"
                self._settled.set()

    def _prepare(self, announced: Event) -> None:
        if was_given_up(self.events, announced):
            return
        failure = self._versions.load(announced, was_current=False)
        reply = Entry(
            announced.version, announced.package_url, "ready" if failure is None else "failed", failure, self.worker
        )
        try:
            releases.append(self._engine, lambda _past: [reply])
        except SQLAlchemyError as error:
            logger.error("the journal does not take the outcome for version %s: %s", announced.version, error)
