import numpy as np
import pytest

from ml.forecasting.backtest import Origins
from ml.forecasting.grid import later
from ml.forecasting.panel import make_panel, place_rows
from ml.forecasting.windows import fill_gaps, make_windows, newest_windows
from schemas.frequency import Frequency
from tests.ml.forecasting.series import MONTH, panel, seasonal

NAN = np.nan


def test_a_window_is_the_past_up_to_its_origin_and_the_steps_after_it():
    windows = make_windows(panel([[1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60]]), history=2, horizon=3)
    assert windows.history.tolist() == [[1, 2], [2, 3], [10, 20], [20, 30]]
    assert windows.target.tolist() == [[3, 4, 5], [4, 5, 6], [30, 40, 50], [40, 50, 60]]
    assert windows.at.tolist() == [1, 2, 1, 2]
    assert windows.series.tolist() == [0, 0, 1, 1]


def test_a_series_that_is_too_short_has_no_window():
    series = np.array([0, 0, 0, 0, 1, 1])
    wall = np.array(["2024-01", "2024-02", "2024-03", "2024-04", "2024-01", "2024-02"], dtype="datetime64[us]")
    placed, origin = place_rows(series, wall, np.arange(6.0), MONTH, None)
    found = make_panel(["long", "short"], placed, np.arange(6.0), MONTH, origin)
    assert make_windows(found, 2, 1).series.tolist() == [0, 0]
    assert newest_windows(found, 3).history.tolist() == [[1, 2, 3]]


def test_the_newest_window_ends_with_the_last_point_of_each_series():
    windows = newest_windows(panel([[1, 2, 3], [4, 5, 6]]), 2)
    assert windows.history.tolist() == [[2, 3], [5, 6]]
    assert windows.target.shape == (2, 0)


def test_rows_in_any_order_make_the_same_series_and_are_counted():
    draw = np.random.default_rng(1)
    mixed = draw.permutation(24)
    wall = (np.datetime64("2010-01") + np.arange(24)).astype("datetime64[us]")
    values = np.arange(24.0)
    placed, origin = place_rows(np.zeros(24, dtype=np.int64), wall[mixed], values[mixed], MONTH, None)
    assert make_panel(["s"], placed, values[mixed], MONTH, origin).values.tolist() == values.tolist()
    assert placed.unsorted > 0
    assert not placed.repeated.any()


def test_of_two_values_for_one_moment_the_last_counts_and_both_are_seen():
    wall = np.array(["2024-01", "2024-02", "2024-02", "2024-03", "2024-03"], dtype="datetime64[us]")
    values = np.array([1.0, 2.0, 9.0, 3.0, 3.0])
    placed, origin = place_rows(np.zeros(5, dtype=np.int64), wall, values, MONTH, None)
    assert placed.repeated.tolist() == [False, False, True, False, True]
    assert placed.conflicting.tolist() == [False, False, True, False, False]
    assert make_panel(["s"], placed, values, MONTH, origin).values.tolist() == [1, 9, 3]


@pytest.mark.parametrize("day", ["2024-10-27", "2024-03-31"])
def test_a_day_of_25_or_23_hours_is_neither_a_gap_nor_a_repeat(day):
    from ml.forecasting.clock import to_wall

    instants = later(np.datetime64(day, "us"), np.arange(-12, 36), Frequency("hour"))
    wall = to_wall(instants, "Europe/Berlin")
    hour = Frequency("hour")
    placed, origin = place_rows(np.zeros(48, dtype=np.int64), wall, np.arange(48.0), hour, "Europe/Berlin")
    found = make_panel(["s"], placed, np.arange(48.0), hour, origin, "Europe/Berlin")
    assert not placed.repeated.any()
    assert found.values.tolist() == list(range(48))
    assert (found.wall(np.arange(48)) == wall).all()


def test_gaps_are_filled_from_the_past_the_oldest_from_the_first_value():
    assert fill_gaps(np.array([[NAN, 1, NAN, 3], [NAN, NAN, NAN, NAN]])).tolist() == [[1, 1, 1, 3], [0, 0, 0, 0]]


def test_windows_of_gaps_are_left_out():
    windows = make_windows(panel([[1, NAN, NAN, NAN, 5, 6, 7, NAN]]), history=3, horizon=1)
    assert windows.at.tolist() == [5]


@pytest.mark.parametrize(
    ("unit", "season", "most"), [("month", 12, 100), ("day", 7, 2000), ("hour", 24, 300), ("hour", 168, 500)]
)
def test_thinning_comes_near_its_bound_and_keeps_every_series_and_every_place_of_the_season(unit, season, most):
    whole = panel(np.stack([seasonal(1500)] * 3), Frequency(unit))
    windows = make_windows(whole, 24, 12, most=most)
    assert len(windows) == most
    assert windows.thinned_from == {"train": 3 * (1500 - 24 - 12 + 1)}
    assert windows.at.max() == make_windows(whole, 24, 12).at.max()
    assert np.bincount(windows.at % season, minlength=season).min() > 0
    assert np.bincount(windows.series).min() > most / 5


def test_only_windows_that_teach_and_validate_are_thinned_and_each_series_still_teaches():
    whole = panel(np.stack([seasonal(110)] * 200))
    windows = make_windows(whole, 24, 12, Origins(4, 4, 6), most=300)
    assert windows.sets is not None
    counts = {name: int((windows.sets == name).sum()) for name in ("train", "validation", "test", "")}
    assert counts["test"] == 4 * 200
    assert counts[""] == 0
    assert counts["validation"] == 300
    assert len(set(windows.series[windows.sets == "train"].tolist())) == 200


def test_an_hourly_series_of_three_years_validates_by_default():
    origins = Origins(4, 4, 1)
    windows = make_windows(panel([seasonal(3 * 8766, 24)], Frequency("hour")), 168, 3, origins, most=20_000)
    assert windows.sets is not None
    assert (windows.sets == "validation").sum() == 4


def test_points_that_were_not_measured_at_the_end_lose_no_test_origin():
    values = np.stack([[*seasonal(400), *[NAN] * 40]] * 3)
    windows = make_windows(panel(values), 24, 12, Origins(4, 4, 6), most=100)
    assert windows.sets is not None
    newest = windows.at.max()
    assert newest == 398
    assert all((windows.at[windows.sets == "test"] == newest - back).sum() == 3 for back in (0, 6, 12, 18))


def test_a_series_without_a_window_that_teaches_is_not_tested_and_does_not_say_which_origin_is_the_newest():
    late = [*[NAN] * 105, *seasonal(35)]
    windows = make_windows(panel([[*seasonal(120), *[NAN] * 20], late]), 24, 6, Origins(2, 2, 3))
    assert set(windows.series.tolist()) == {0}
    assert windows.at.max() == 118


def test_the_newest_window_of_a_series_that_was_hardly_measured_is_left_out():
    assert newest_windows(panel([[1, 2, 3, 4], [1, NAN, NAN, NAN]]), 4).series.tolist() == [0]


def test_histories_are_those_of_the_series_whether_windows_follow_each_other_or_not():
    draw = np.random.default_rng(0)
    values = [draw.normal(size=length) for length in (90, 7, 40)]
    table = np.concatenate(values)
    days = np.concatenate([np.arange(len(one)) for one in values]).astype("datetime64[D]").astype("datetime64[us]")
    codes = np.repeat(np.arange(3), [len(one) for one in values])
    placed, origin = place_rows(codes, days, table, Frequency("day"), None)
    panel = make_panel(["a", "b", "c"], placed, table, Frequency("day"), origin)
    for most in (None, 12):
        windows = make_windows(panel, 5, 2, most=most)
        assert len(windows) > 5
        for series, at, history, target in zip(
            windows.series, windows.at, windows.history, windows.target, strict=True
        ):
            assert history.tolist() == values[series][at - 4 : at + 1].tolist()
            assert target.tolist() == values[series][at + 1 : at + 3].tolist()
