"""A service that starts while its journal is away, under the policy `drop`."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.deploy_spec import DeploySpec
from serving.http import app
from serving.http.leaving import Leaving
from serving.http.sharing import Sharing
from serving.http.worker import Worker
from serving.journal.engine import connect
from serving.journal.integrity import Integrity
from serving.journal.late_opening import LateOpening
from serving.journal.location import sqlite_url
from serving.journal.lost import lost
from serving.journal.predictions import window
from serving.journal.writer import Journal
from serving.process.settings import Settings
from serving.releases.events import Entry, append
from serving.releases.follower import Follower
from serving.releases.known_releases import KnownReleases
from serving.releases.package_cache import fetch, mark_proven
from tests.serving import packages
from tests.serving.conftest import Local
from tests.serving.http.test_limits import wait_for
from tests.serving.http.test_policy import DROP, ask


@contextmanager
def started(folder: Path, url: str) -> Iterator[Local]:
    """An application as a worker builds it."""
    config = Settings(
        model="house", journal_url=url, cache=folder / "cache", spec=DeploySpec(deadline=1.0), journal=DROP
    )
    known, integrity = KnownReleases(config.cache, url), Integrity(url, "house")
    opening = LateOpening(url, integrity, pause=0.02)
    engine = opening.engine("NORMAL", 0.1, may_be_away=bool(known.read()))
    follower = Follower(engine, config.cache, 0.02, None, integrity, drops=True, known=known)
    journal = Journal(engine, DROP, config.patience, lambda: follower.journal.gone)
    built = app.build(config, follower, journal, Worker.of(config, Leaving(), Sharing(model="house")))
    follower.start()
    try:
        yield Local(built, follower, url, folder)
    finally:
        follower.stop()
        journal.close()
        opening.stop()
        integrity.stop()
        engine.dispose()


def put(folder: Path, url: str, version: str) -> None:
    """Put a version into production that the worker's folder has."""
    package, engine = str(packages.write_rules(folder / version)), connect(url)
    mark_proven(fetch(package, version, folder / "cache"))
    append(engine, lambda _past: [Entry(version, package, "current", weight=1.0)])
    engine.dispose()  # and all is in the one file


def test_it_answers_with_what_was_in_production_and_all_is_in_the_journal_that_comes_back(
    tmp_path: Path, journal_url: str
) -> None:
    file = Path(journal_url.removeprefix("sqlite:///"))
    with started(tmp_path, journal_url) as local:
        put(tmp_path, journal_url, "1")
        wait_for(lambda: local.follower.is_ready)
    aside = file.rename(tmp_path / "aside")
    with started(tmp_path, journal_url) as local:
        wait_for(lambda: local.follower.is_ready)
        *answers, feedback, ready, metrics = asyncio.run(ask(local, 8))
        assert [one.status_code for one in (*answers, ready, feedback)] == [200] * 9 + [503]
        assert ready.json()["version"] == "1" and not file.exists()
        assert 'drivetrain_journal_up{model="house"} 0.0' in metrics.text
        assert 'drivetrain_journal_waiting_requests{model="house"} 5.0' in metrics.text
        put(tmp_path, sqlite_url(aside), "2")
        aside.rename(file)
        wait_for(lambda: local.follower.current is not None and local.follower.current.version == "2")
        wait_for(lambda: len(window(journal_url)) == 5 and len(lost(journal_url, 0)) == 1)
        assert lost(journal_url, 0)[0].requests == 3
        wait_for(lambda: local.follower.journal.error is None)
        *answers, feedback, ready, metrics = asyncio.run(ask(local))
        assert [one.status_code for one in (*answers, feedback, ready)] == [200, 200, 200]
        assert 'drivetrain_journal_up{model="house"} 1.0' in metrics.text
