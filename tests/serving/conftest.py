"""One real service for the whole session, and an application in this process for what needs its own limits."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from schemas.deploy_spec import DeploySpec
from schemas.journal_spec import JournalSpec
from serving.http import app
from serving.http.leaving import Leaving
from serving.http.sharing import Sharing
from serving.http.worker import Worker
from serving.journal import location, tables
from serving.journal.writer import Journal
from serving.process import services
from serving.process.deploy import deploy
from serving.process.settings import Settings
from serving.releases.follower import Follower
from serving.releases.publisher import publish
from tests.serving import packages

NAME = "house"


@dataclass(frozen=True)
class Live:
    """The running service, and where its packages may be written."""

    home: Path
    url: str
    journal_url: str
    packages: Path


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory, bentoml_home: None) -> Iterator[Live]:
    """A service that predicts with version "1", an ONNX package."""
    home = tmp_path_factory.mktemp("home")
    first = packages.write_onnx(home / "packages" / "1")
    url, _ = deploy(home, NAME, "1", str(first), DeploySpec())
    yield Live(home, url, services.status(home, NAME)[0].deployment.journal_url, home / "packages")
    services.stop(home, NAME)


@pytest.fixture
def journal_url(tmp_path: Path) -> str:
    """An empty journal."""
    url = location.sqlite_url(tmp_path / "journal.db")
    tables.create(url)
    return url


@dataclass(frozen=True)
class Local:
    """An application in this process."""

    app: ASGIApp
    follower: Follower
    journal_url: str
    keys: Path


LocalApp = Callable[..., AbstractContextManager[Local]]


@contextmanager
def opened_app(
    folder: Path,
    journal_url: str,
    spec: DeploySpec,
    lock_timeout: float,
    kept: JournalSpec | None = None,
    sharing: Sharing | None = None,
) -> Iterator[Local]:
    """Open an application with what it needs in a folder; it predicts with version "1", a constant.

    `sharing` makes it one of several workers.
    """
    keys, kept = folder / "house.keys.json", kept or JournalSpec()
    config = Settings(model=NAME, journal_url=journal_url, cache=folder / "cache", spec=spec, keys=keys, journal=kept)
    engine = tables.open_existing(journal_url, spec.journal_synchronous, lock_timeout)
    follower = Follower(engine, config.cache, config.poll, drops=kept.policy == "drop")
    journal = Journal(engine, kept, config.patience, lambda: follower.journal.gone)
    sharing = sharing or Sharing(model=NAME)
    built = app.build(config, follower, journal, Worker.of(config, Leaving(), sharing))
    follower.start()
    try:
        publish(journal_url, "1", str(packages.write_rules(folder / "package")), timeout=10)
        while follower.current is None:
            pass
        yield Local(built, follower, journal_url, keys)
    finally:
        sharing.stop()
        follower.stop()
        journal.close()
        engine.dispose()


@pytest.fixture
def local(tmp_path: Path, journal_url: str) -> LocalApp:
    """Open an application with the given limits, lock timeout and journal; its version "1" predicts a constant."""

    def open_app(
        spec: DeploySpec,
        lock_timeout: float,
        kept: JournalSpec | None = None,
        url: str | None = None,
        sharing: Sharing | None = None,
    ) -> AbstractContextManager[Local]:
        return opened_app(tmp_path, url or journal_url, spec, lock_timeout, kept, sharing)

    return open_app
