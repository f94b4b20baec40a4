import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.forecasting.anchor import anchor, month_day
from ml.forecasting.apart import lie_apart
from ml.forecasting.clock import to_utc, to_wall
from ml.forecasting.grid import later, places
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
    begin = anchor(sundays, Frequency("week")).origin
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


@pytest.mark.parametrize("day", [28, 29, 30, 31])
def test_months_keep_the_day_of_their_grid(day):
    months = later(np.datetime64(f"2023-01-{day}", "us"), np.arange(14), Frequency("month"))
    assert month_day(months, Frequency("month")) == day
    for start, origin in enumerate(months[:-1]):
        ahead = later(origin, np.array([1]), Frequency("month"), day)
        assert ahead[0] == months[start + 1]


def test_hours_that_are_not_measured_on_the_second_belong_to_the_nearest():
    hour = Frequency("hour")
    whole = later(np.datetime64("2024-01-01", "us"), np.arange(720), hour)
    jitter = np.random.default_rng(1).integers(-40_000_000, 40_000_000, 720).astype("timedelta64[us]")
    origin, early = anchor(whole + jitter, hour)
    assert str(origin)[14:] == "00:00.000000"
    assert np.diff(places(whole + jitter, hour, origin, early)).tolist() == [1] * 719


def test_what_is_measured_once_a_day_at_any_hour_belongs_to_its_day():
    midnights = days("2024-05-01", "2024-05-02", "2024-05-03", "2024-05-04")
    late = midnights + np.array([0, 20, 5, 13]) * np.timedelta64(1, "h")
    for times in (late, np.concatenate([midnights, late])):
        origin, early = anchor(times, Frequency("day"))
        assert places(late, Frequency("day"), origin, early).tolist() == [0, 1, 2, 3]


def test_rows_that_no_grid_holds_together_with_their_series_lie_apart():
    at = np.array([0, 1, 2, 3, 5_000_000_000, -60_000_000, 7, 8, 9, 400_000])
    series = np.array([0] * 6 + [1] * 4)
    order = np.lexsort((at, series))
    apart = np.zeros(len(at), dtype=bool)
    apart[order] = lie_apart(series[order], at[order])
    assert np.flatnonzero(apart).tolist() == [4, 5]
    assert not lie_apart(np.zeros(2, dtype=np.int64), np.array([0, 1_999_998])).any()


@pytest.mark.parametrize("every", [28, 30, 91])
def test_so_many_days_are_no_months(every):
    frequency = Frequency("day", every)
    times = later(np.datetime64("2020-01-01", "us"), np.arange(26), frequency)
    assert infer_frequency(np.zeros(26, dtype=np.int64), times) == frequency


@pytest.mark.parametrize("ends", ["2024-07-31", "2024-07-30", "2024-07-01"])
def test_three_months_of_31_days_are_months(ends):
    times = later(np.datetime64(ends, "us"), np.arange(3), Frequency("month"))
    assert infer_frequency(np.zeros(3, dtype=np.int64), times) == Frequency("month")


def test_months_of_working_days_are_months():
    firsts = np.busday_offset(
        np.arange("2020-01", "2024-01", dtype="datetime64[M]").astype("datetime64[D]"), 0, "forward"
    )
    assert infer_frequency(np.zeros(48, dtype=np.int64), firsts) == Frequency("month")


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("60 minutes", "hour"),
        ("24 hours", "day"),
        ("1440 minutes", "day"),
        ("7 days", "week"),
        ("168 hours", "week"),
        ("120 minutes", "2 hours"),
        ("14 days", "14 days"),
    ],
)
def test_one_distance_is_one_frequency_whatever_the_words(words, same):
    assert str(parse_frequency(words)) == same
    assert parse_frequency(words).season == parse_frequency(same).season


@pytest.mark.parametrize(
    ("words", "season"), [("30 minutes", 48), ("15 minutes", 96), ("5 minutes", 288), ("minute", 60)]
)
def test_the_season_below_an_hour_is_the_day_where_it_has_few_points(words, season):
    assert parse_frequency(words).season == season
    assert parse_frequency(words).history >= 2 * season
