import numpy as np
import pytest

from ml.checks.apart import rows_apart
from ml.checks.series import SeriesRows, check_series
from ml.forecasting.clock import to_wall
from ml.forecasting.panel import make_panel, place_rows
from schemas.frequency import Frequency
from schemas.table_checks import FutureCheck, TableChecks

MONTH = Frequency("month")
NOW = np.datetime64("2030-01-01", "us")


def checked(wall, values=None, series=None, *, frequency=MONTH, zone=None, bounds=None, now=NOW, names=None, **missing):
    times = np.array(wall, dtype="datetime64[us]")
    numbers = np.arange(float(len(times))) if values is None else np.array(values, dtype=np.float64)
    codes = np.zeros(len(times), dtype=np.int64) if series is None else np.array(series)
    placed, origin = place_rows(codes, times, numbers, frequency, zone)
    names = names or [f"shop {code}" for code in range(int(codes.max()) + 1)]
    panel = make_panel(names, placed, numbers, frequency, origin, zone)
    rows = SeriesRows(times, placed, panel, **missing)
    found = check_series(rows, bounds or TableChecks(), now)
    return {check.name: check for check in found}


def months(*numbers):
    return [np.datetime64("2024-01") + number for number in numbers]


def test_a_whole_series_passes_every_check():
    assert all(check.passed for check in checked(months(*range(12))).values())


def test_gaps_are_counted_and_the_worst_series_is_named():
    gaps = checked(months(0, 1, 2, 3, 0, 3), series=[0, 0, 0, 0, 1, 1])["gaps"]
    assert not gaps.passed
    assert gaps.severity == "warn"
    assert "2 of 8 points (25.0%) of 2 series were not measured; most in 'shop 1' 2 of 4" in gaps.message


def test_the_only_series_of_a_table_is_not_called_by_an_empty_name():
    found = checked(months(0, 1, 1, 9), [1, 2, 3, 4], names=[""], now=np.datetime64("2024-03-15", "us"))
    assert not any(check.passed for name, check in found.items() if name != "time_order")
    assert all("''" not in check.message for check in found.values())
    assert "the first at 2024-10-01" in found["future_rows"].message


def test_rows_without_a_time_and_without_a_series_are_told_apart():
    found = checked(months(0, 1, 2), missing_times=2, missing_names=1)
    assert found["time_missing"].message == "2 rows have no time that can be read; they were left out"
    assert found["series_missing"].message == "1 rows do not say which series they are of; they were left out"


def test_a_row_without_a_value_is_a_gap():
    assert checked(months(0, 1, 2), [1, np.nan, 3])["gaps"].value == pytest.approx(1 / 3)


def test_two_values_for_one_moment_refuse_the_rows_and_say_where():
    repeats = checked(months(0, 1, 1, 2), [1, 2, 3, 4])["repeated_times"]
    assert not repeats.passed
    assert repeats.severity == "fail"
    assert "1 of 4 rows are in the same month as another row of their series, 1 with another value" in repeats.message
    assert "the first in 'shop 0' at 2024-02-01" in repeats.message


def test_rows_out_of_order_are_sorted_and_it_is_said():
    order = checked(months(3, 0, 1, 2))["time_order"]
    assert order.passed
    assert "1 rows are earlier than the row before them in their series; they were sorted" in order.message


def test_a_row_in_the_future_refuses_the_rows():
    future = checked(months(0, 1, 2, 3), now=np.datetime64("2024-03-15", "us"))["future_rows"]
    assert not future.passed
    assert future.severity == "fail"
    assert "1 of 4 rows are later than 2024-03-15, the first in 'shop 0' at 2024-04-01" in future.message


def test_the_newest_time_may_be_declared_and_must_be_one():
    assert FutureCheck(now="2024-03-15").now == "2024-03-15"
    with pytest.raises(ValueError, match="'soon' is no time in ISO 8601"):
        FutureCheck(now="soon")


def test_days_of_23_and_25_hours_are_told_as_such():
    instants = np.datetime64("2024-03-01", "us") + np.arange(24 * 300) * np.timedelta64(1, "h")
    found = checked(to_wall(instants, "Europe/Berlin"), frequency=Frequency("hour"), zone="Europe/Berlin")
    assert found["gaps"].value == 0
    assert found["repeated_times"].passed
    assert "clocks in Europe/Berlin changed 2 times" in found["clock_changes"].message


def test_a_check_that_is_off_is_not_made():
    off = {name: {"severity": "off"} for name in ("gaps", "repeated_times", "future_rows")}
    assert checked(months(0, 0, 9), bounds=TableChecks.model_validate(off)).keys() == set()


@pytest.mark.parametrize("stray", ["9999-12-31T23:00", "1900-01-01"])
def test_a_row_that_lies_far_from_its_series_is_named_and_costs_no_memory(stray):
    minutes = [*(np.datetime64("2024-01-01", "m") + np.arange(100)), np.datetime64(stray, "m")]
    times = np.array(minutes, dtype="datetime64[us]")
    codes, values, minute = np.zeros(101, dtype=np.int64), np.arange(101.0), Frequency("minute")
    placed, origin = place_rows(codes, times, values, minute, "Europe/Berlin")
    panel = make_panel(["shop"], placed, values, minute, origin, "Europe/Berlin")
    assert panel.values.tolist() == list(range(100))
    said = rows_apart(SeriesRows(times, placed, panel))
    assert said is not None
    assert said.startswith("1 of 101 rows lie so far from the others of their series")
    assert f"hardly any was measured: {stray}" in said
