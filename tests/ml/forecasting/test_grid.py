import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.forecasting.clock import to_utc, to_wall
from ml.forecasting.grid import anchor, later, places
from ml.forecasting.infer_frequency import infer_frequency
from schemas.frequency import Frequency, parse_frequency

UNITS = ["minute", "hour", "day", "week", "month", "quarter", "year"]


def days(*texts):
    return np.array(texts, dtype="datetime64[us]")


@given(st.sampled_from(UNITS), st.integers(0, 40_000), st.integers(-500, 500))
def test_a_place_is_where_so_many_steps_lead(unit, start, steps):
    frequency = Frequency(unit)
    origin = (np.datetime64("1990-01-01") + start).astype("datetime64[us]")
    times = later(origin, np.array([steps, steps + 1]), frequency)
    assert places(times, frequency, origin).tolist() == [steps, steps + 1]


@pytest.mark.parametrize("unit", UNITS)
def test_the_frequency_is_inferred_whatever_the_order_and_in_spite_of_gaps(unit):
    times = later(np.datetime64("2019-12-31T00:00", "us"), np.arange(60), Frequency(unit))
    kept = np.delete(times, [5, 6, 20])
    mixed = np.random.default_rng(0).permutation(len(kept))
    assert infer_frequency(np.zeros(len(kept), dtype=np.int64), kept[mixed]) == Frequency(unit)


def test_quarter_hours_are_fifteen_minutes_and_chance_has_no_frequency():
    quarter = np.datetime64("2024-01-01", "us") + np.arange(20) * np.timedelta64(15, "m")
    assert infer_frequency(np.zeros(20, dtype=np.int64), quarter) == Frequency("minute", 15)
    chance = np.datetime64("2024-01-01", "us") + np.random.default_rng(1).integers(0, 10**13, 50)
    assert infer_frequency(np.zeros(50, dtype=np.int64), chance) is None
    assert infer_frequency(np.arange(3), days("2024-01-01", "2024-01-02", "2024-01-03")) is None


def test_frequencies_are_read_and_what_is_none_is_said():
    assert parse_frequency("15 minutes") == Frequency("minute", 15)
    assert str(parse_frequency("Months")) == "month"
    with pytest.raises(ValueError, match="'fortnight' is no frequency; write one of minute, hour"):
        parse_frequency("fortnight")
    with pytest.raises(ValueError, match="only minutes, hours and days may be several"):
        parse_frequency("2 months")


def test_the_last_day_of_a_month_stays_the_last_and_a_missing_day_becomes_it():
    ahead = later(days("2024-01-31", "2024-01-30"), np.array([1, 1]), Frequency("month"))
    assert ahead.astype("datetime64[D]").astype(str).tolist() == ["2024-02-29", "2024-02-29"]
    back = later(days("2023-02-28"), np.array([1]), Frequency("month"))
    assert back.astype("datetime64[D]").astype(str).tolist() == ["2023-03-31"]


def test_weeks_begin_at_the_weekday_that_most_rows_have():
    sundays = days("2024-01-10", "2024-01-07", "2024-01-14", "2024-01-21")
    begin = anchor(sundays, Frequency("week"))
    assert str(begin)[:10] == "2024-01-07"
    assert places(sundays, Frequency("week"), begin).tolist() == [0, 0, 1, 2]


def test_the_hour_that_comes_twice_is_two_hours_of_universal_time():
    wall = days("2024-10-27T01:00", "2024-10-27T02:00", "2024-10-27T02:00", "2024-10-27T03:00")
    instants = to_utc(wall, "Europe/Berlin", np.zeros(4, dtype=np.int64))
    assert np.diff(instants).astype("timedelta64[h]").astype(int).tolist() == [1, 1, 1]
    assert (to_wall(instants, "Europe/Berlin") == wall).all()


def test_the_hour_that_clocks_skip_is_none():
    wall = days("2024-03-31T01:00", "2024-03-31T03:00")
    instants = to_utc(wall, "Europe/Berlin", np.zeros(2, dtype=np.int64))
    assert (instants[1] - instants[0]) == np.timedelta64(1, "h")


def test_a_series_of_its_own_has_its_own_second_hour():
    wall = days("2024-10-27T02:00", "2024-10-27T02:00")
    instants = to_utc(wall, "Europe/Berlin", np.array([0, 1]))
    assert instants[0] == instants[1]


@given(st.lists(st.integers(0, 2_000_000_000), min_size=1, max_size=20), st.sampled_from(["Asia/Kathmandu", "UTC"]))
def test_wall_times_of_a_place_are_the_standard_librarys(seconds, zone):
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    found = to_wall(np.array(seconds, dtype="datetime64[s]"), zone)
    expected = [datetime.fromtimestamp(one, UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for one in seconds]
    assert found.astype("datetime64[us]").tolist() == expected
