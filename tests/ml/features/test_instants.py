"""Hours of Berlin, whose clocks are put back on 27 October 2024: 02:00 comes twice."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from ml.features.cells import rows as request_rows
from ml.features.derive import Deriver
from ml.features.latest import with_latest
from ml.features.windows import Roles, measured_by, newest_rows, read_series
from ml.forecasting.backtest import Origins, assign
from ml.forecasting.clock import to_wall
from ml.forecasting.grid import later
from ml.predictions.codec import written
from ml.schema_inference.infer import infer_schema
from ml.split.origin_places import places_of
from ml.validation.rows import Validator
from schemas.frequency import Frequency
from tests.ml.forecasting.long_table import made, spec

ZONE = "Europe/Berlin"
EARLIER, LATER = "2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00"
HOURLY = {"time": "at", "target": "load", "series": None, "horizon": 3, "history": 48, "frequency": "hour"}


def hours(last="2024-10-29T00:00", points=400, *, offsets=False) -> pd.DataFrame:
    """Return hours by Berlin's clocks up to an instant, which is Universal Time."""
    instants = later(np.datetime64(last, "us"), np.arange(1 - points, 1), Frequency("hour"))
    zoned = pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(ZONE)
    texts = [one.isoformat() if offsets else one.isoformat()[:19] for one in zoned]
    return pd.DataFrame({"at": texts, "load": 50 + 10 * np.sin(np.arange(points) / 24 * 2 * np.pi)})


def berlin(**changes):
    return spec(**{**HOURLY, "columns": {"at": {"timezone": ZONE}}, **changes})


@cache
def learnt(last="2024-10-29T00:00"):
    return made(hours(last), berlin(), Origins(4, 4, 3))


def outlook(signature, *times):
    """Return the outlook of rows as the service reads them."""
    checked = Validator(signature).check([{"at": time, "history": [1.0] * 48} for time in times])
    assert not checked.errors, checked.errors
    return Deriver(signature).outlook(checked.cells)


def test_times_are_those_of_the_zone_with_their_offset():
    found = written(outlook(learnt().signature, "2024-06-01T12:00:00", "2024-06-01T10:00:00Z"))
    assert found == [[f"2024-06-01T1{hour}:00:00+02:00" for hour in (3, 4, 5)]] * 2


@pytest.mark.parametrize(
    ("origin", "first"),
    [
        (EARLIER, LATER),
        (LATER, "2024-10-27T03:00:00+01:00"),
        ("2024-10-27T01:00:00", EARLIER),
        ("2024-10-27T02:00:00", LATER),
    ],
)
def test_an_hour_that_comes_twice_is_two_origins(origin, first):
    assert written(outlook(learnt().signature, origin))[0][0] == first


def test_windows_of_the_hour_that_comes_twice_are_told_apart_up_to_the_request():
    found = learnt()
    own = found.rows[found.rows["at"].astype("str").str.startswith("2024-10-27 02:00")]
    assert [row["at"] for row in request_rows(own, found.signature)] == [EARLIER, LATER]
    checked = Validator(found.signature).check(request_rows(found.sets["test"], found.signature))
    assert np.array_equal(Deriver(found.signature).matrix(checked.cells), found.matrix("test").features)


def test_the_last_points_are_kept_with_their_instant():
    found = learnt("2024-10-27T01:00")
    latest = newest_rows(found.table, found.schema.forecast, Roles("load", "at", None))
    signature = with_latest(found.signature, latest)
    assert signature.window is not None
    (kept,) = signature.window.latest
    assert kept.time == LATER
    assert written(outlook(signature, kept.time))[0][0] == "2024-10-27T03:00:00+01:00"


def test_offsets_in_the_rows_are_read_whatever_the_order():
    rows, data = hours(offsets=True).iloc[::-1].reset_index(drop=True), berlin()
    schema = infer_schema(rows, data)
    table = read_series(measured_by(rows, schema, Roles.of(data)), learnt().schema.forecast)
    assert not table.placed.repeated.any()
    assert table.panel.values.tolist() == rows["load"].tolist()[::-1]


def test_calendar_features_stand_still_at_the_newest_time_by_the_clocks():
    newest = learnt().sets["train"]["at"].max()
    assert learnt().signature.window.forecast.until == newest.isoformat()[:19]


@pytest.mark.parametrize("last", ["2024-03-31T20:00", "2024-10-27T20:00"])
def test_no_point_is_in_two_sets_where_clocks_change(last):
    found, origins = learnt(last), Origins(4, 4, 3)
    at = places_of(found.rows, "at", "hour")
    assert (at - at[0]).tolist() == ((found.rows["at"] - found.rows["at"][0]) // pd.Timedelta(hours=1)).tolist()
    sets = assign(at, 3, origins)
    assert (sets == "test").sum() == 4
    ends = {name: at[sets == name] for name in ("train", "validation", "test")}
    assert ends["train"].max() + 3 < ends["validation"].min() + 1
    assert ends["validation"].max() + 3 < ends["test"].min() + 1


@pytest.mark.parametrize(
    "time", ["9999-12-31T23:00:00", "0001-01-01T00:00:00", "9998-12-31T23:00:00", "0001-01-01T00:00:00+02:00"]
)
def test_a_time_at_the_ends_of_the_calendar_is_an_error_of_its_row(time):
    good = {"at": "2024-06-01T12:00:00", "history": [1.0] * 48}
    checked = Validator(learnt().signature).check([{**good, "at": time}, good])
    assert checked.positions == [1]
    assert "times must be of the year 2 or later, and forecasts end before 9999" in checked.errors[0]["message"]


def test_clocks_at_the_ends_of_the_calendar_are_those_of_a_year_away():
    ends = np.array(["0001-01-01", "9999-12-31T23:59:59", "12000-01-01"], dtype="datetime64[us]")
    assert (np.abs(to_wall(ends, ZONE) - ends) < np.timedelta64(2, "h")).all()
