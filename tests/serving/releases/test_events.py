"""The stream of releases: order, compare-and-swap, and what is derived from it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from schemas.errors import DeploymentError
from schemas.release import ReleaseState
from serving.journal.engine import connect
from serving.releases import events as releases
from serving.releases import publisher
from serving.releases.events import Entry, Event
from serving.releases.overview import overview


def events(*entries: tuple[str, ReleaseState]) -> list[Event]:
    return [
        Event(number, version, f"/p/{version}", 0.0, state, None, None, float(number))
        for number, (version, state) in enumerate(entries, start=1)
    ]


def test_concurrent_writers_get_every_number_once(journal_url: str) -> None:
    engine = connect(journal_url)

    def write(number: int) -> None:
        releases.append(engine, lambda _past: [Entry(str(number), "/p", "ready")])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(40)))
    with engine.connect() as connection:
        assert [event.sequence for event in releases.read(connection)] == list(range(1, 41))


def test_of_publishers_that_race_with_the_same_expectation_one_moves_the_pointer(journal_url: str) -> None:
    engine = connect(journal_url)

    def move(number: int) -> bool:
        announced = events((str(number), "announced"))[0]
        try:
            releases.append(engine, lambda past: publisher._move(past, announced, None, retire=False))
        except DeploymentError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(move, range(8))).count(True) == 1
    with engine.connect() as connection:
        assert len(releases.read(connection)) == 1


def test_a_rollback_walks_back_one_version_at_a_time() -> None:
    past = events(("1", "current"), ("2", "current"), ("3", "current"))
    assert [event.version for event in releases.history(past)] == ["1", "2", "3"]
    past = events(("1", "current"), ("2", "current"), ("3", "current"), ("3", "retired"), ("2", "current"))
    assert [event.version for event in releases.history(past)] == ["1", "2"]


def test_the_overview_has_every_version_once_with_the_current_one_first() -> None:
    past = events(
        ("1", "current"), ("2", "announced"), ("2", "failed"), ("3", "ready"), ("3", "current"), ("3", "ready")
    )
    found = overview(past)
    assert [(one.version, one.weight) for one in found] == [("3", 1.0), ("2", 0.0), ("1", 0.0)]
    assert found[2].why == "replaced by 3" and found[1].why == "failed"


def test_a_worker_lives_while_its_heart_beats(journal_url: str) -> None:
    engine = connect(journal_url)
    releases.beat(engine, "w")
    releases.beat(engine, "w")
    with engine.connect() as connection:
        assert releases.alive(connection) == {"w"}
    releases.forget(engine, "w")
    with engine.connect() as connection:
        assert releases.alive(connection) == set()


def test_publishing_without_a_living_worker_fails_and_says_so(journal_url: str) -> None:
    with pytest.raises(DeploymentError, match="no worker"):
        publisher.publish(journal_url, "1", "/nowhere", timeout=0.1)
    assert [one.weight for one in publisher.releases(journal_url)] == [0.0]


def test_there_is_nothing_to_roll_back_to_at_first(journal_url: str) -> None:
    with pytest.raises(DeploymentError, match="no earlier version"):
        publisher.rollback(journal_url)
