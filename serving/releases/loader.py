"""The versions that a worker has loaded, and how one more is: tried in a process of its own, then taken in."""

import gc
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from schemas.deploy_spec import DeploySpec
from schemas.errors import PackageError
from serving.releases.events import Event
from serving.releases.loaded_version import Version, load
from serving.releases.package_cache import forget, forget_unproven, keep, mark_proven, proven
from serving.releases.proving import Trial

_SLOW_SECONDS = 5.0
logger = logging.getLogger("bentoml.drivetrain")  # below "bentoml", whose handler and level the worker has set up

_COLLECTED = 10_000  # objects between two looks for circles; Python's own are 700
Key = tuple[str, str]


def key_of(event: Event) -> Key:
    """Return what tells packages apart: version and URL."""
    return event.version, event.package_url


class Loader:
    """Loads one package at a time, in whichever thread asks; `versions` is replaced whole.

    Args:
        cache: Folder for fetched packages.
        limits: Of loading one.
        prepare: What is done with a version before it answers; it may be done twice.
    """

    def __init__(self, cache: Path, limits: DeploySpec, prepare: Callable[[Version], None] | None = None) -> None:
        self.versions: dict[Key, Version] = {}
        self._cache, self._limits = cache, limits
        self._prepare = prepare or (lambda _: None)
        self._trial: Trial | None = None
        self._lock = threading.Lock()
        self._modules = 0  # that are imported, when objects were last put aside

    @property
    def busy(self) -> tuple[Key, float] | None:
        """What is being tried now and the seconds that has taken, None when nothing is."""
        trial = self._trial
        return None if trial is None else ((trial.version, trial.package_url), trial.seconds)

    def give_up(self, event: Event) -> None:
        """End the trial of a package that nobody waits for any more."""
        trial = self._trial
        if trial is not None and (trial.version, trial.package_url) == key_of(event):
            trial.give_up()

    def load(self, event: Event, *, was_current: bool) -> str | None:
        """Load a version unless it is loaded; return why that failed.

        Args:
            event: Which version, and where its package is.
            was_current: Whether a copy that could be loaded here before needs no second trial.
        """
        if key_of(event) in self.versions:
            return None
        try:
            version = self._loaded(event, was_current)
        except Exception as error:  # whatever a package does to its loader: the publisher is told, the old one goes on
            unforeseen = not isinstance(error, PackageError)
            logger.error("version %s cannot be loaded: %s", event.version, error, exc_info=unforeseen)
            return str(error) or type(error).__name__
        self._prepare(version)
        with self._lock:
            self.versions = {**self.versions, key_of(event): version}
        self._prepare(version)  # again: what came meanwhile was for the versions that were there
        logger.info("version %s is loaded, %.0f µs a row", event.version, version.seconds_per_row * 1e6)
        self._collect()
        return None

    def stop(self) -> None:
        """End what is being tried."""
        if self._trial is not None:
            self._trial.give_up()

    def keep(self, wanted: Callable[[Key], bool]) -> None:
        """Let go of every version but the wanted ones, and of the copies of their packages."""
        with self._lock:
            self.versions = {key: version for key, version in self.versions.items() if wanted(key)}
        keep(self._cache, {version.root for version in self.versions.values()})

    def _collect(self) -> None:
        """Free what released versions left, without a walk over what imports made: that stops the process for long.

        That is put aside for ever, with the version that is loaded then; after that no version is: what holds itself in
        a circle, and is put aside, is never freed.
        """
        gc.collect()
        if len(sys.modules) > self._modules:
            self._modules = len(sys.modules)
            gc.freeze()  # or every full collection walks the imports' objects again, for 60 to 300 ms
        gc.set_threshold(_COLLECTED)  # what a request makes holds itself in no circle

    def _loaded(self, event: Event, was_current: bool) -> Version:
        root = proven(event.package_url, event.version, self._cache) if was_current else None
        if root is not None:
            with suppress(PackageError):  # a copy that was damaged since: it is fetched again
                return self._taken_in(event, root)
        return self._taken_in(event, self._tried(event))

    def _taken_in(self, event: Event, root: Path) -> Version:
        try:
            version = load(event.version, event.package_url, root)
        except BaseException:
            forget(root)  # the next attempt fetches it anew: it may have been mended
            raise
        mark_proven(root)
        return version

    def _tried(self, event: Event) -> Path:
        self._trial = Trial(event.version, event.package_url)
        slow = threading.Timer(_SLOW_SECONDS, logger.warning, ("version %s takes long to load", event.version))
        slow.daemon = True
        slow.start()
        try:
            return self._trial.run(self._cache, self._limits)
        except BaseException:
            forget_unproven(event.package_url, event.version, self._cache)
            raise
        finally:
            slow.cancel()
            self._trial = None
