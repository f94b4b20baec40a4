"""Who answers a request: derived from the releases, and always the same for the same key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.release import ReleaseState
from serving.releases.events import Event
from serving.releases.overview import overview
from serving.releases.traffic import Traffic, place_of, traffic


def events(*entries: tuple[str, ReleaseState, float]) -> list[Event]:
    return [
        Event(number, version, f"/p/{version}", weight, state, None, None, float(number))
        for number, (version, state, weight) in enumerate(entries, start=1)
    ]


def shared(*entries: tuple[str, ReleaseState, float]) -> Traffic[Event]:
    found = traffic(events(*entries))
    assert found is not None
    return found


def beside(*entries: tuple[str, ReleaseState, float]) -> tuple[str | None, float, str | None]:
    found = shared(*entries)
    candidate, shadow = (None if one is None else one.version for one in (found.candidate, found.shadow))
    return candidate, found.share, shadow


def test_before_a_version_is_in_production_nobody_answers() -> None:
    assert traffic(events(("1", "announced", 0), ("1", "candidate", 0.5))) is None


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ([], (None, 0.0, None)),
        ([("2", "candidate", 0.1)], ("2", 0.1, None)),
        ([("2", "candidate", 0.1), ("2", "candidate", 0.5)], ("2", 0.5, None)),
        ([("2", "candidate", 0.1), ("2", "withdrawn", 0), ("3", "candidate", 0.2)], ("3", 0.2, None)),
        ([("2", "candidate", 0.1), ("3", "candidate", 0.2)], ("3", 0.2, None)),
        ([("2", "shadow", 0), ("2", "candidate", 0.1)], ("2", 0.1, None)),
        ([("2", "candidate", 0.1), ("2", "shadow", 0)], (None, 0.0, "2")),
        ([("2", "candidate", 0.1), ("3", "shadow", 0)], ("2", 0.1, "3")),
        ([("2", "candidate", 0.1), ("3", "shadow", 0), ("2", "withdrawn", 0)], (None, 0.0, "3")),
        ([("2", "candidate", 0.1), ("2", "announced", 0), ("2", "ready", 0), ("3", "failed", 0)], ("2", 0.1, None)),
        ([("2", "candidate", 0.1), ("3", "current", 1)], (None, 0.0, None)),
        ([("2", "candidate", 0.1), ("2", "current", 1)], (None, 0.0, None)),
    ],
)
def test_who_stands_beside_production(
    since: list[tuple[str, ReleaseState, float]], expected: tuple[str | None, float, str | None]
) -> None:
    assert beside(("1", "current", 1), *since) == expected


def test_a_canary_has_its_share_of_many_keys_and_each_customer_meets_one_version() -> None:
    keys = [f"customer-{number}" for number in range(20_000)]
    few = shared(("1", "current", 1), ("2", "candidate", 0.1))
    more = shared(("1", "current", 1), ("2", "candidate", 0.5))
    mine = {key for key in keys if few.route(key).version == "2"}
    assert 0.09 < len(mine) / len(keys) < 0.11
    assert mine < {key for key in keys if more.route(key).version == "2"}, "a share that grows keeps its customers"


def test_other_customers_meet_the_next_canary() -> None:
    keys = [f"customer-{number}" for number in range(2_000)]
    first = shared(("1", "current", 1), ("2", "candidate", 0.5))
    later = shared(("1", "current", 1), ("2", "candidate", 0.5), ("2", "withdrawn", 0), ("3", "candidate", 0.5))
    both = [key for key in keys if first.route(key).version == "2" and later.route(key).version == "3"]
    assert 0.2 < len(both) / len(keys) < 0.3


@given(st.text())
def test_any_key_has_a_place(key: str) -> None:
    assert 0 <= place_of(key) <= 1 and place_of(key) == place_of(key)


def test_the_releases_say_who_answers_what() -> None:
    found = overview(
        events(
            ("1", "current", 1),
            ("2", "candidate", 0.1),
            ("3", "shadow", 0),
            ("4", "announced", 0),
            ("4", "failed", 0),
        )
    )
    assert [(one.version, one.weight, one.shadow) for one in found] == [
        ("1", 0.9, False),
        ("2", 0.1, False),
        ("3", 0.0, True),
        ("4", 0.0, False),
    ]
    (last,) = (
        one
        for one in overview(events(("1", "current", 1), ("2", "candidate", 0.1), ("3", "current", 1)))
        if one.version == "2"
    )
    assert last.why == "it lapsed as 3 came into production"
