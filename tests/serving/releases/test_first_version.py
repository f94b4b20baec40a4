"""The package that came with a service, on its journal."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from serving.journal.engine import connect
from serving.releases import events, first_version
from serving.releases.first_version import FirstVersion
from serving.releases.follower import Follower
from serving.releases.publisher import current_release, publish, releases
from tests.serving import packages


@pytest.fixture
def follower(journal_url: str, tmp_path: Path) -> Iterator[Follower]:
    """A worker."""
    engine = connect(journal_url)
    one = Follower(engine, tmp_path / "cache", 0.02)
    one.start()
    yield one
    one.stop()
    engine.dispose()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def running() -> bool:
    return "first version" in {thread.name for thread in threading.enumerate()}


def test_on_an_empty_journal_it_is_published_as_every_version_is(
    journal_url: str, follower: Follower, tmp_path: Path
) -> None:
    FirstVersion(journal_url, "1", packages.write_rules(tmp_path / "1"), 20).start()
    until(lambda: follower.current is not None)
    assert [event.state for event in follower.events] == ["announced", "ready", "current"]


def test_what_is_in_production_stays(journal_url: str, follower: Follower, tmp_path: Path) -> None:
    publish(journal_url, "2", str(packages.write_rules(tmp_path / "2")), timeout=20)
    FirstVersion(journal_url, "1", packages.write_rules(tmp_path / "1"), 20).start()
    until(lambda: not running())
    assert [one.version for one in releases(journal_url)] == ["2"]


def test_what_fails_is_tried_again(
    journal_url: str,
    follower: Follower,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(first_version, "_PAUSE", 0.05)
    first = FirstVersion(journal_url, "1", tmp_path / "1", 20)
    first.start()
    until(lambda: "the version inside this Bento is not in production" in caplog.text)
    packages.write_rules(tmp_path / "1")
    until(lambda: current_release(journal_url) is not None)


def test_while_the_journal_is_away_it_waits_and_says_so_once(
    journal_url: str,
    follower: Follower,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(first_version, "_PAUSE", 0.01)
    package, asked = packages.write_rules(tmp_path / "1"), iter(["its file is not there"] * 3)
    FirstVersion(journal_url, "1", package, 20, lambda: next(asked, None)).start()
    until(lambda: follower.current is not None)
    assert [record.getMessage() for record in caplog.records if "this Bento" in record.getMessage()] == [
        "whether the version inside this Bento is to be published is asked once the journal is back: "
        "its file is not there"
    ]


def test_of_two_that_begin_at_once_one_wins_and_both_are_content(
    journal_url: str, follower: Follower, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(first_version, "_PAUSE", 0.05)
    package = packages.write_rules(tmp_path / "1")
    both = [FirstVersion(journal_url, "1", package, 20) for _ in range(2)]
    for one in both:
        one.start()
    until(lambda: not running())
    with connect(journal_url).connect() as connection:
        assert [event.state for event in events.read(connection)].count("current") == 1


def test_it_tries_no_more_once_the_worker_stops(journal_url: str, tmp_path: Path) -> None:
    first = FirstVersion(journal_url, "1", tmp_path / "none", 0.1)  # nobody follows
    first.start()
    time.sleep(0.2)
    first.stop()
    until(lambda: not running())
