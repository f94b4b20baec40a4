"""A worker's side of publishing: it follows the stream of releases and switches versions between two requests."""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from schemas.deploy_spec import DeploySpec
from serving.journal.integrity import Integrity
from serving.journal.trouble import told
from serving.releases import events as releases
from serving.releases.events import Event
from serving.releases.followed import Said, answer, awaited, decide, still_wanted, tell, was_given_up, with_others
from serving.releases.heartbeat import Heartbeat
from serving.releases.journal_state import JournalState
from serving.releases.known_releases import KnownReleases
from serving.releases.loaded_version import Version
from serving.releases.loader import Key, Loader, key_of
from serving.releases.release_tasks import Tasks
from serving.releases.traffic import BESIDE, Traffic, beside

_AGAIN = 30.0  # seconds until a candidate or shadow that could not be loaded is tried again
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
        known: Keeps the releases; one that drops begins with those known last while the journal is away.
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
        known: KnownReleases | None = None,
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
        self._known, self._drops, self._has_read = known, drops, False  # until then the events are those known last
        self._said = Said()
        self._tried = 0.0  # when what stands beside production was last looked at (time.monotonic)
        self._lock = threading.RLock()  # the follower and the loader both change what is loaded and current
        self._stopped = threading.Event()
        self._settled = threading.Event()  # what is in production is loaded, or will not be for now
        self._tasks = Tasks()
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
        self._tasks.stop()
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
                self._said.warn(f"the releases cannot be read: {told(error)}")
                self._begin_without_journal()
            if self._stopped.wait(self._poll):
                return

    def _do_what_is_due(self) -> None:
        if self._look_after is not None:
            self._look_after()
        if self.journal.damage is not None:
            self._settled.set()
            return  # a damaged journal is not written to, and nothing is published by it
        if not self._drops:  # else answers need no writing, which waits for whoever has locked the journal
            self._heartbeat.beat()
        try:
            self._look()
            if self._known is not None:
                self._known.keep(self.events)
        finally:
            self._heartbeat.beat()

    def _begin_without_journal(self) -> None:
        """Follow the releases known last, until the journal says what is."""
        if self._known is not None and self._drops and not self._has_read and not self.events:
            self.events = self._known.read()
            if (pointer := releases.current(self.events)) is not None:
                self._move_to(pointer, changed=False)

    def _look(self) -> None:
        before = self.events if self._has_read else []  # those known last may be of a journal that was replaced
        seen = before[-1].sequence if before else 0
        with self._engine.connect() as connection:
            fresh = releases.read(connection, after=seen) if releases.last_sequence(connection) != seen else []
        if not fresh and self._has_read and self._wanted is not None:
            self._try_again()
            return
        first_look, self._has_read = not before, True
        if first_look and self.current is None:
            self._wanted = None  # what was known last could not be loaded
        self.events = [*before, *fresh]
        decide(self._versions.versions.values(), self.events)
        pointer = releases.current(self.events)
        if pointer is None:
            self._stand_by()
        else:
            self._move_to(pointer, changed=first_look or any(event.state in BESIDE for event in fresh))
        for event in awaited(self.events, pointer) if first_look else fresh:
            if event.state == "announced":
                self._tasks.submit(self._prepare, event, loads=key_of(event) not in self._versions.versions)
            elif event.state == "failed" and event.worker is None:
                self._versions.give_up(event)

    def _stand_by(self) -> None:
        with self._lock:
            self.traffic, self._wanted, self.why_not_ready = None, None, "no version has been published yet"
        self._settled.set()

    def _move_to(self, pointer: Event, *, changed: bool) -> None:
        """Follow what is in production; `changed`: so may have what is said of those beside it."""
        if pointer != self._wanted:
            self._wanted = pointer
            self._follow_pointer()
        elif changed:
            self._place_others()

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
            with self._lock:
                if self.current is None:
                    self.why_not_ready = f"version {self._wanted.version} is being loaded"
            self._tasks.submit(self._catch_up, self._wanted)
        else:
            self._switch(loaded)

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
        if (wanted := self._wanted) is None:  # nothing is in production any more: they stood beside that
            return
        with self._lock:  # also this thread's view of the events, which another one may be ahead of
            if self.traffic is not None:
                self.traffic = with_others(self.traffic, self.events, self._versions.versions)
        self._tried = time.monotonic()
        for event in self._missing():
            self._tasks.submit(self._load_beside, event)
        self._tasks.submit(self._tidy, wanted)

    def _missing(self) -> list[Event]:
        """Return what is to stand beside production and is not loaded."""
        return [one for one in beside(self.events) if key_of(one) not in self._versions.versions]

    def _load_beside(self, event: Event) -> None:
        """Load a candidate or shadow that this worker missed; until then production answers for it."""
        if event in self._missing() and self._versions.load(event, was_current=True) is None:
            self._place_others()

    def _tidy(self, pointer: Event) -> None:
        """Let go of versions that neither a rollback nor a publisher is waiting for."""
        self._versions.keep(still_wanted(self.events, pointer).__contains__)

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
        answer(self._engine, announced, self._versions.load(announced, was_current=False), self.worker)
