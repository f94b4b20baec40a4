import numpy as np

from ml.checks.backtest import check_backtest, why_empty
from ml.forecasting.backtest import Origins
from ml.forecasting.windows import make_windows
from schemas.forecast import Forecast
from schemas.table_checks import TableChecks
from tests.ml.forecasting.series import panel, seasonal

NAN = np.nan
FORECAST = Forecast(history=24, horizon=6, frequency="month")
ORIGINS = Origins(2, 2, 3)


def checked(values, origins=ORIGINS, most=None, bounds=None):
    whole = panel(values)
    windows = make_windows(whole, 24, 6, origins, most)
    found = check_backtest(whole, windows, origins, FORECAST, bounds or TableChecks())
    return {check.name: check for check in found}


def empty(values, origins=ORIGINS):
    whole = panel(values)
    return why_empty(whole, make_windows(whole, 24, 6, origins), origins, FORECAST)


def test_series_that_all_teach_and_were_measured_pass():
    found = checked([seasonal(100)] * 3)
    assert found.keys() == {"short_series", "untested"}
    assert all(check.passed for check in found.values())
    assert found["untested"].value == 0


def test_a_late_series_is_named_as_one_that_nothing_is_learnt_of():
    short = checked([seasonal(120), [*[NAN] * 95, *seasonal(25)]])["short_series"]
    assert short.value == 0.5
    assert "1 of 2 series have not 24 points and the 6 after them before the origins that validate" in short.message
    assert "'s1' 120 from 2010-01-01" in short.message


def test_a_test_set_of_one_series_warns():
    others = [[*seasonal(100), *[NAN] * 20]] * 9
    untested = checked([*others, seasonal(120)])["untested"]
    assert not untested.passed
    assert untested.severity == "warn"
    assert "12 of 120 points (10.0%) that 10 series have after 2 test origins were measured" in untested.message
    assert "fewest at the origin 2019-06-01, with 1 of 10 series" in untested.message


def test_thinned_windows_are_told():
    assert "thinned evenly to 100 of 1," in checked([seasonal(400)] * 4, most=100)["thinned"].message


def test_checks_of_windows_may_be_off_and_a_split_of_a_plug_in_has_no_origins():
    off = TableChecks.model_validate({"short_series": {"severity": "off"}, "untested": {"severity": "off"}})
    assert checked([seasonal(100)], bounds=off) == {}
    assert checked([seasonal(100)], origins=None).keys() == {"short_series"}


def test_a_set_without_a_window_is_told_with_the_origins_that_it_would_have():
    assert empty([seasonal(100)]) is None
    early = [*seasonal(30), *[NAN] * 45, *seasonal(18)]
    assert "no window is left for validation: the newest origin is 2017-03-01, so validation has the origins" in str(
        empty([early])
    )
    hardly = np.full(100, NAN)
    hardly[[0, 99]] = 1
    assert "more than half were not measured" in str(empty([hardly]))
