"""The BentoML service. Imported by BentoML's supervisor too, so everything heavy waits for the worker's instance."""

import asyncio
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import bentoml
import uvicorn.config
from bentoml.images import Image
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.http.bento_documents import DescribedService

# BentoML leaves uvicorn's choice of a protocol at "auto", and has no option for it.
uvicorn.config.HTTP_PROTOCOLS["auto"] = "serving.http.connection:Connection"

_SWITCH_SECONDS = 0.0005  # after which a thread that predicts lets the event loop go on; Python's own is ten times that
_CODE = Path(__file__).resolve().parent.parent
# No distribution that BentoML knows: for those it installs compilers and git, which wheels do not need.
_IMAGE = Image(base_image=f"python:{sys.version_info.major}.{sys.version_info.minor}-slim", distro="as it is")

_WAIT_SECONDS = 5.0
"""Until a worker takes connections though it cannot predict yet; meanwhile clients wait at the open port."""


class Front:
    """ASGI middleware that answers all of HTTP; else BentoML's own /livez, /readyz and index would hide ours."""

    ours: ASGIApp | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def __init__(self, app: ASGIApp) -> None:
        self._behind = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HTTP to the service's own application, all else (the lifespan) to BentoML."""
        if scope["type"] == "lifespan":
            Front.loop = asyncio.get_running_loop()
        await (Front.ours if Front.ours is not None and scope["type"] == "http" else self._behind)(scope, receive, send)


@bentoml.service(
    name="drivetrain",
    service_class=DescribedService,
    image=_IMAGE,
    workers=1,
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},
)
class Drivetrain:
    """One model's service: one worker of it, with several versions."""

    @bentoml.on_deployment  # type: ignore[untyped-decorator]
    @staticmethod
    def prepare() -> None:
        """Check and set, for `bentoml serve`, what our own supervisor hands on; it does not call this."""
        sys.path.insert(0, str(_CODE))  # BentoML has taken it away again, and we import more
        try:
            from serving.process import alone

            alone.prepare()
        finally:
            sys.path.remove(str(_CODE))

    def __init__(self) -> None:
        from serving.http import app
        from serving.http.connection import Connection
        from serving.http.file_limit import raise_file_limit
        from serving.http.leaving import Leaving
        from serving.http.sharing import Sharing
        from serving.http.worker import Worker
        from serving.journal.integrity import Integrity
        from serving.journal.late_opening import LateOpening
        from serving.journal.maintenance import Maintenance
        from serving.journal.writer import Journal
        from serving.process import alone, settings, workers
        from serving.process.orphaned import Supervised
        from serving.releases.follower import Follower
        from serving.releases.known_releases import KnownReleases
        from serving.rollouts.controller import Controller

        sys.setswitchinterval(_SWITCH_SECONDS)
        config = settings.read()
        self._closing = config.closing
        self._integrity = Integrity(config.journal_url, config.model)
        self._held = ExitStack()
        mine = self._held.enter_context(workers.mine(config))
        drops = config.journal.policy == "drop"
        known = KnownReleases(mine.cache, config.journal_url, config.cache)
        self._opening = LateOpening(config.journal_url, self._integrity)
        engine = self._opening.engine(
            *(config.spec.journal_synchronous, config.lock_timeout),
            may_be_away=drops and bool(known.read()),
        )
        self._engine = engine
        supervised = Supervised()
        leaving = Leaving(config.spec.drain_seconds, supervised.is_orphan, supervised.tells)
        sharing = Sharing(mine.notes, mine.place, mine.wanted, config.model, lambda: Front.loop)
        self._worker = Worker.of(config, leaving, sharing, mine.place)

        def look() -> None:
            supervised.look()
            self._worker.pulse.look(Front.loop)

        self._follower = Follower(
            engine, mine.cache, config.poll, look, self._integrity, config.spec, drops=drops, known=known
        )
        state, synchronous = self._follower.journal, config.spec.journal_synchronous
        owed = config.cache / ".owed"  # of all workers: the next one takes over what a killed one leaves
        self._journal = Journal(engine, config.journal, config.patience, lambda: state.gone, owed)
        self._maintenance = Maintenance(
            *(config.journal_url, config.journal, self._follower.worker),
            *(lambda: state.gone is None and self._opening.why is None, synchronous),
        )
        Connection.limits, Connection.leaving = config.spec, leaving
        Connection.admission = self._worker.admission
        raise_file_limit(config.spec.max_connections)
        self._telemetry = None
        if config.spec.telemetry:
            from serving.http.telemetry import Telemetry

            self._telemetry = Telemetry(config.model, self._follower.worker)
        self._controller = Controller(
            *(engine, self._follower.worker, config.spec, config.lock_timeout),
            is_damaged=lambda: state.gone is not None,
        )
        Front.ours = app.build(config, self._follower, self._journal, self._worker, self._telemetry, self._controller)
        Connection.application = Front.ours
        if Front.loop is not None:
            leaving.install(Front.loop)
        self._follower.start()
        self._maintenance.start()
        self._controller.start()
        self._first = alone.first_version(config, lambda: self._opening.why or state.error)
        if self._first is not None:
            self._first.start()
        self._follower.await_production(_WAIT_SECONDS + (config.spec.deadline if mine.has_others else 0.0))
        leaving.ready()

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def close(self) -> None:
        """Commit what is waiting, or say that it is lost; then end all else, and leave the list of living workers."""
        from serving.http import refusal_log
        from serving.process.closing import side_by_side

        until = time.monotonic() + self._closing
        refusal_log.flush()
        self._journal.close(self._closing)
        self._worker.stop()
        self._opening.stop()
        ends = {
            "the rollouts' controller": self._controller.stop,
            "the journal's retention": self._maintenance.stop,
            "the releases' follower": self._follower.stop,
            "the journal's check": self._integrity.stop,
        }
        if self._first is not None:
            ends["the first version's publisher"] = self._first.stop
        if self._telemetry is not None:
            ends["telemetry"] = self._telemetry.close
        side_by_side(ends, until - time.monotonic())
        self._engine.dispose()
        self._held.close()


Drivetrain.add_asgi_middleware(Front)  # type: ignore[attr-defined]
