"""What a worker says of itself until it is ready."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving.journal.engine import connect
from serving.releases.events import Entry, append
from serving.releases.follower import Follower
from tests.serving import packages


@contextmanager
def follower(journal_url: str, cache: Path) -> Iterator[Follower]:
    """A worker's follower that has not begun yet; it is stopped in the end."""
    engine = connect(journal_url)
    one = Follower(engine, cache, 0.02)
    try:
        yield one
    finally:
        one.stop()
        engine.dispose()


def said_until_ready(one: Follower) -> list[str]:
    """Start it; return each reason that it gives once."""
    said, deadline = [str(one.why_not_ready)], time.monotonic() + 60
    one.start()
    while (why := one.why_not_ready) is not None:
        assert time.monotonic() < deadline, why
        if why != said[-1]:
            said.append(why)
        time.sleep(0.0005)
    return said


def test_a_worker_that_loads_what_is_in_production_says_so(journal_url: str, tmp_path: Path) -> None:
    package = str(packages.write_rules(tmp_path / "package"))
    append(connect(journal_url), lambda _past: [Entry("1", package, "current", weight=1.0)])
    with follower(journal_url, tmp_path / "cache") as one:
        assert said_until_ready(one) == ["the releases have not been read yet", "version 1 is being loaded"]


def test_production_is_waited_for_and_nothing_else(journal_url: str, tmp_path: Path) -> None:
    with follower(journal_url, tmp_path / "empty") as one:
        one.start()
        one.await_production(20)
        assert one.why_not_ready == "no version has been published yet"
    append(connect(journal_url), lambda _past: [Entry("1", "/none", "current", weight=1.0)])
    with follower(journal_url, tmp_path / "broken") as one:
        one.start()
        one.await_production(20)
        assert "version 1 cannot be loaded" in str(one.why_not_ready)
    package = str(packages.write_rules(tmp_path / "package"))
    append(connect(journal_url), lambda _past: [Entry("2", package, "current", weight=1.0)])
    with follower(journal_url, tmp_path / "whole") as one:
        one.start()
        one.await_production(20)
        assert one.is_ready


def test_a_worker_that_nothing_was_published_to_says_so(journal_url: str, tmp_path: Path) -> None:
    with follower(journal_url, tmp_path / "cache") as one:
        one.start()
        deadline = time.monotonic() + 20
        while one.why_not_ready != "no version has been published yet":
            assert time.monotonic() < deadline, one.why_not_ready
            time.sleep(0.01)
        append(connect(journal_url), lambda _past: [Entry("1", "/none", "current", weight=1.0)])
        while "version 1 cannot be loaded" not in str(one.why_not_ready):
            assert time.monotonic() < deadline, one.why_not_ready
            time.sleep(0.01)
