"""The BentoML service. Imported by BentoML's supervisor too, so everything heavy waits for the worker's instance."""

import asyncio
import sys
from pathlib import Path

import bentoml
import uvicorn.config
from bentoml.images import Image
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.http.bento_documents import DescribedService

# BentoML leaves uvicorn's choice of a protocol at "auto", and has no option for it.
uvicorn.config.HTTP_PROTOCOLS["auto"] = "serving.http.connection:Connection"

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
    """One model's service: one worker, several versions."""

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
        from serving.http.pulse import Pulse
        from serving.journal.integrity import Integrity
        from serving.journal.tables import create, open_existing
        from serving.journal.writer import Journal
        from serving.process import alone, settings
        from serving.process.orphaned import Supervised
        from serving.releases.follower import Follower
        from serving.rollouts.controller import Controller

        config = settings.read()
        self._integrity = Integrity(config.journal_url, config.model)
        self._integrity.start()
        if self._integrity.error is None:  # a damaged one is left as it is, and said to be damaged
            create(config.journal_url)
        engine = open_existing(config.journal_url, config.spec.journal_synchronous, config.lock_timeout)
        self._engine, self._journal = engine, Journal(engine)
        supervised, pulse = Supervised(), Pulse(config.spec.deadline)

        def look() -> None:
            supervised.look()
            pulse.look(Front.loop)

        self._follower = Follower(engine, config.cache, config.poll, look, self._integrity, config.spec)
        Connection.limits = config.spec
        raise_file_limit(config.spec.max_connections)
        self._controller = Controller(
            *(engine, self._follower.worker, config.spec, config.lock_timeout),
            is_damaged=lambda: self._integrity.error is not None,
        )
        Front.ours = app.build(config, self._follower, self._journal, pulse, self._controller)
        self._follower.start()
        self._controller.start()
        self._first = alone.first_version(config)
        if self._first is not None:
            self._first.start()
        self._follower.await_production(_WAIT_SECONDS)

    @bentoml.on_shutdown  # type: ignore[untyped-decorator]
    def close(self) -> None:
        """Commit what is waiting and leave the list of living workers."""
        from serving.http import refusal_log

        refusal_log.flush()
        if self._first is not None:
            self._first.stop()
        self._controller.stop()
        self._follower.stop()
        self._integrity.stop()
        self._journal.close()
        self._engine.dispose()


Drivetrain.add_asgi_middleware(Front)  # type: ignore[attr-defined]
