"""What a worker keeps of the releases, and how it begins with that while its journal is away."""

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from schemas.release import ReleaseState
from schemas.thresholds import Thresholds
from serving.journal.engine import connect
from serving.journal.location import sqlite_url
from serving.journal.tables import create
from serving.releases.events import Entry, Event, append, read
from serving.releases.follower import Follower
from serving.releases.known_releases import FILE, KnownReleases
from serving.releases.loaded_version import load
from serving.releases.package_cache import fetch, mark_proven
from serving.releases.thresholds import move
from tests.serving import packages


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """What a journal is on, and what may be taken away."""
    create(url_on(tmp_path / "disk"))
    return tmp_path / "disk"


def url_on(disk: Path) -> str:
    return sqlite_url(disk / "journal.db")


@contextmanager
def follower(journal_url: str, cache: Path, known: KnownReleases, *, drops: bool = True) -> Iterator[Follower]:
    """A worker's follower, started."""
    engine = connect(journal_url)
    one = Follower(engine, cache, 0.02, drops=drops, known=known)
    one.start()
    try:
        yield one
    finally:
        one.stop()
        engine.dispose()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def published(journal_url: str, folder: Path, *states: ReleaseState) -> None:
    """Put a version into each of these states, numbered from 1 on; the folder's `cache` has their packages."""
    entries = []
    for number, state in enumerate(states, 1):
        package = str(packages.write_rules(folder / str(number)))
        mark_proven(fetch(package, str(number), folder / "cache"))
        entries.append(Entry(str(number), package, state, weight=0.5))
    written(journal_url, *entries)


def written(journal_url: str, *entries: Entry) -> None:
    engine = connect(journal_url)
    append(engine, lambda _past: entries)
    engine.dispose()  # and all is in the one file


def kept(journal_url: str, folder: Path) -> KnownReleases:
    """What is kept of a journal, as a worker leaves it and another one finds it."""
    engine = connect(journal_url)
    with engine.connect() as connection:
        KnownReleases(folder, journal_url).keep(read(connection))
    engine.dispose()
    return KnownReleases(folder, journal_url)


def versions(one: Follower) -> Sequence[str | None]:
    shared = one.traffic
    found = () if shared is None else (shared.current, shared.candidate, shared.shadow)
    return [None if version is None else version.version for version in found]


def test_a_worker_begins_with_all_that_answered_and_follows_the_journal_when_it_is_back(
    disk: Path, tmp_path: Path
) -> None:
    journal_url = url_on(disk)
    published(journal_url, tmp_path, "current", "candidate", "shadow")
    move(journal_url, "1", Thresholds(review=0.9), who="anna")
    known = kept(journal_url, tmp_path / "cache")
    aside = disk.rename(tmp_path / "aside")
    with follower(journal_url, tmp_path / "cache", known) as one:
        until(lambda: versions(one) == ["1", "2", "3"])
        assert one.is_ready and one.journal.error is not None
        assert one.current is not None and one.current.model.thresholds == Thresholds(review=0.9)
        written(url_on(aside), Entry("3", known.read()[2].package_url, "current", weight=1.0))
        aside.rename(disk)
        until(lambda: versions(one) == ["3", None, None])
    assert KnownReleases(tmp_path / "cache", journal_url).read()[-1].state == "current"


def test_a_journal_that_has_nothing_in_production_ends_what_was_known(disk: Path, tmp_path: Path) -> None:
    journal_url = url_on(disk)
    published(journal_url, tmp_path, "current")
    known = kept(journal_url, tmp_path / "cache")
    disk.rename(tmp_path / "aside")
    with follower(journal_url, tmp_path / "cache", known) as one:
        until(lambda: versions(one) == ["1", None, None])
        create(journal_url)
        until(lambda: not one.is_ready)
        assert one.why_not_ready == "no version has been published yet"
    assert KnownReleases(tmp_path / "cache", journal_url).read() == []


def test_a_candidate_that_the_journal_which_comes_back_knows_nothing_of_answers_no_more(
    disk: Path, tmp_path: Path
) -> None:
    journal_url = url_on(disk)
    published(journal_url, tmp_path, "current")
    shutil.copytree(disk, tmp_path / "backup")
    package = str(packages.write_rules(tmp_path / "2"))
    mark_proven(fetch(package, "2", tmp_path / "cache"))
    written(journal_url, Entry("2", package, "candidate", weight=0.5))
    known = kept(journal_url, tmp_path / "cache")
    disk.rename(tmp_path / "aside")
    with follower(journal_url, tmp_path / "cache", known) as one:
        until(lambda: versions(one) == ["1", "2", None])
        (tmp_path / "backup").rename(disk)
        until(lambda: versions(one) == ["1", None, None])


def test_a_candidate_that_is_loaded_once_nothing_is_in_production_stands_beside_nothing(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    journal_url, loads = url_on(disk), load
    begins, may_load = threading.Event(), threading.Event()
    published(journal_url, tmp_path, "current", "candidate")
    known = kept(journal_url, tmp_path / "cache")
    disk.rename(tmp_path / "aside")

    def late(version: str, *rest: Any) -> Any:
        if version == "2":
            begins.set()
            may_load.wait(20)
        return loads(version, *rest)

    monkeypatch.setattr("serving.releases.loader.load", late)
    with follower(journal_url, tmp_path / "cache", known) as one:
        until(lambda: begins.is_set() and one.is_ready)
        create(journal_url)
        until(lambda: not one.is_ready)
        may_load.set()
        until(lambda: one.loaded() == [])
    assert "could not be followed" not in caplog.text


def test_only_what_is_whole_and_of_this_journal_is_known(
    journal_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    published(journal_url, tmp_path, "current")
    assert len(kept(journal_url, tmp_path).read()) == 1
    assert KnownReleases(tmp_path, "sqlite:////elsewhere.db").read() == []
    assert KnownReleases(tmp_path / "none", journal_url).read() == [] and not caplog.text
    for broken in (b"", b'{"journal": "x"}', b"\xff", (tmp_path / FILE).read_bytes().replace(b'"current"', b'"novel"')):
        (tmp_path / FILE).write_bytes(broken)
        assert KnownReleases(tmp_path, journal_url).read() == []
    assert caplog.text.count("cannot be read") == 4


def test_a_disk_that_takes_nothing_leaves_what_was_kept_and_is_told_of_once(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    published(journal_url, tmp_path, "current")
    known = kept(journal_url, tmp_path)
    events = known.read()
    known.keep(list(events))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        known.keep(list(events))  # no others: nothing is written
        assert not caplog.text
        known.keep(events * 2)
        known.keep(events * 3)
    assert caplog.text.count("cannot be kept") == 1 and "No space left" in caplog.text
    assert KnownReleases(tmp_path, journal_url).read() == events
    assert [path.name for path in tmp_path.glob(".*.partial")] == []


def test_the_policy_block_keeps_the_releases_for_a_start_under_drop_and_begins_with_none(
    disk: Path, tmp_path: Path
) -> None:
    journal_url, cache = url_on(disk), tmp_path / "cache"
    published(journal_url, tmp_path, "current")
    kept(journal_url, cache)
    package = str(packages.write_rules(tmp_path / "2"))
    mark_proven(fetch(package, "2", cache))
    written(journal_url, Entry("2", package, "current", weight=1.0))
    with follower(journal_url, cache, KnownReleases(cache, journal_url), drops=False) as one:
        until(lambda: versions(one) == ["2", None, None])
    aside = disk.rename(tmp_path / "aside")
    with follower(journal_url, cache, KnownReleases(cache, journal_url), drops=False) as one:
        until(lambda: one.journal.error is not None)
        assert one.events == []
    with follower(journal_url, cache, KnownReleases(cache, journal_url)) as one:
        until(lambda: versions(one) == ["2", None, None])
    aside.rename(disk)


def test_of_what_the_workers_of_a_service_kept_the_last_counts(journal_url: str, tmp_path: Path) -> None:
    published(journal_url, tmp_path, "current")
    kept(journal_url, tmp_path / "worker2")  # months ago
    written(journal_url, Entry("2", str(tmp_path / "2"), "current", weight=1.0))
    kept(journal_url, tmp_path)
    (tmp_path / "worker3").mkdir()
    (tmp_path / "worker3" / FILE).write_text("{")
    second = KnownReleases(tmp_path / "worker2", journal_url, tmp_path)
    assert (
        [event.version for event in second.read()]
        == ["1", "2"]
        == [event.version for event in KnownReleases(tmp_path, journal_url).read()]
    )
    second.keep(second.read())  # its own is to be no older
    assert KnownReleases(tmp_path / "worker2", journal_url).read() == second.read()


def in_production(version: str, sequence: int = 1) -> list[Event]:
    return [Event(sequence, version, f"/packages/{version}", 1.0, "current", None, None, 0.0)]


def production(folder: Path, journal_url: str) -> list[str]:
    return [event.version for event in KnownReleases(folder, journal_url).read()]


def test_what_was_kept_of_a_journal_before_it_was_restored_brings_no_version_back(
    journal_url: str, tmp_path: Path
) -> None:
    KnownReleases(tmp_path, journal_url).keep(in_production("1"))
    KnownReleases(tmp_path / "worker2", journal_url, tmp_path).keep(in_production("2", 9))  # unused from here on
    restored = KnownReleases(tmp_path, journal_url)
    assert [event.version for event in restored.read()] == ["2"]
    restored.keep(in_production("1"))  # no others than it kept before
    assert production(tmp_path, journal_url) == ["1"]


def test_that_nothing_is_in_production_counts_whatever_was_kept_before(journal_url: str, tmp_path: Path) -> None:
    KnownReleases(tmp_path / "worker2", journal_url, tmp_path).keep(in_production("2", 9))
    KnownReleases(tmp_path, journal_url).keep([])
    assert production(tmp_path, journal_url) == []


def test_a_clock_that_was_set_back_makes_nothing_older(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    KnownReleases(tmp_path / "worker2", journal_url, tmp_path).keep(in_production("2", 9))
    monkeypatch.setattr(time, "time", lambda: 1e9)
    KnownReleases(tmp_path, journal_url).keep(in_production("1"))
    assert production(tmp_path, journal_url) == ["1"]


def test_what_another_worker_kept_meanwhile_is_older_though_the_clock_was_set_back(
    journal_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = KnownReleases(tmp_path, journal_url), KnownReleases(tmp_path / "worker2", journal_url, tmp_path)
    first.keep(in_production("1"))
    second.keep(in_production("1"))
    (tmp_path / "worker3").mkdir()
    (tmp_path / "worker3" / FILE).write_text("{")
    monkeypatch.setattr(time, "time", lambda: 1e9)
    for version in ("2", "3"):
        first.keep(in_production(version))
        assert production(tmp_path, journal_url) == [version]
    assert caplog.text.count("cannot be read from") == 3  # once by each that looked


def test_what_a_version_from_before_kept_is_the_oldest_and_the_file_is_written_where_something_changed(
    journal_url: str, tmp_path: Path
) -> None:
    known, file = KnownReleases(tmp_path, journal_url), tmp_path / FILE
    known.keep(in_production("1"))
    before = file.read_bytes()
    known.keep(in_production("1"))
    assert file.read_bytes() == before
    old = re.sub(rb',"confirmed":[0-9.]+', b"", before.replace(b'"1"', b'"3"'))
    (tmp_path / "worker2").mkdir()
    (tmp_path / "worker2" / FILE).write_bytes(old)
    assert production(tmp_path, journal_url) == ["1"]
    file.unlink()
    assert production(tmp_path, journal_url) == ["3"]
