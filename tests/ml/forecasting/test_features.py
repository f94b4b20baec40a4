import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivetrain.testing import check_features
from ml.forecasting.features import WindowFeatures
from ml.forecasting.lookahead import looks_ahead
from ml.forecasting.stacked import Stacked, measurable
from ml.forecasting.windows import make_windows, newest_windows
from schemas.frequency import Frequency
from tests.ml.forecasting.series import MONTH, panel, seasonal

FEATURES = WindowFeatures(24, 6, MONTH)


def ours(values, origin):
    """Return the features of the window that ends at an origin, made from the whole series."""
    whole = panel([values])
    if origin == len(values) - 1:
        windows, own = newest_windows(whole, 24), slice(None)
    else:
        windows = make_windows(whole, 24, 0)
        own = windows.at == origin
    return FEATURES.matrix(windows.history[own], whole.times(windows.at[own]), windows.series[own])


def test_our_features_see_nothing_of_the_future():
    assert check_features(ours) == []


@settings(max_examples=30, deadline=None)
@given(
    origin=st.integers(30, 100),
    changed=st.lists(st.floats(allow_infinity=False, width=32), min_size=1, max_size=20),
    data=st.data(),
)
def test_no_change_of_any_later_value_changes_a_feature(origin, changed, data):
    values = seasonal(121)
    other = values.copy()
    for value in changed:
        other[data.draw(st.integers(origin + 1, 120))] = value
    other[-1] = values[-1]  # so that the series ends where it did
    assert np.array_equal(ours(values, origin), ours(other, origin))


def planted_leaks():
    yield "centred rolling mean", lambda values, origin: values[origin - 2 : origin + 3].mean()
    yield "scaled by the whole series", lambda values, origin: (values[origin] - np.nanmean(values)) / np.nanstd(values)
    yield "the next value", lambda values, origin: values[origin + 1]
    yield "whether the series goes on", lambda values, origin: float(origin + 1 < len(values))


@pytest.mark.parametrize("leak", planted_leaks(), ids=lambda one: one[0] if isinstance(one, tuple) else "")
def test_a_planted_leak_is_found(leak):
    name, featurise = leak
    found = check_features(featurise, name=name)
    assert found
    assert found[0].subject == f"features {name}"


def test_a_leak_among_our_features_is_found():
    def leaking(values, origin):
        return np.append(ours(values, origin), values[min(origin + 1, len(values) - 1)])

    assert "with the future replaced by noise (1), 1 of" in check_features(leaking)[0].message


def test_every_column_has_a_name_and_lags_and_statistics_are_of_the_window_without_level_and_scale():
    history = seasonal(24)[None, :]
    matrix = FEATURES.matrix(history, np.array(["2024-12-01"], dtype="datetime64[us]"), np.array([5]))
    row = dict(zip(FEATURES.names, matrix[0].tolist(), strict=True))
    assert row["series"] == 5
    assert row["level"] == pytest.approx(history[0, -12:].mean(), rel=1e-6)
    assert row["scale"] == pytest.approx(history.std(), rel=1e-6)
    scaled = (history[0] - row["level"]) / row["scale"]
    assert row["lag.1"] == pytest.approx(scaled[-1], rel=1e-5)
    assert row["lag.12"] == pytest.approx(scaled[-12], rel=1e-5)
    assert row["max.3"] == pytest.approx(scaled[-3:].max(), rel=1e-5)
    assert row["season.1.h1"] == pytest.approx(scaled[-12], rel=1e-5)
    assert row["season.2.h6"] == pytest.approx(scaled[-19], rel=1e-5)
    assert row["month.cosine.h1"] == pytest.approx(1)  # January
    assert row["position.h6"] == 5
    assert [row[f"step.h{step}"] for step in range(1, 7)] == [1, 2, 3, 4, 5, 6]


def test_hours_and_weekdays_are_those_of_the_place():
    features = WindowFeatures(48, 1, Frequency("hour"), "America/New_York")
    # 04:00 in Universal Time on a Monday in winter is 23:00 on Sunday in New York, and the target an hour later 0:00.
    matrix = features.matrix(np.zeros((1, 48)), np.array(["2024-01-08T04:00"], dtype="datetime64[us]"), np.array([1]))
    row = dict(zip(features.names, matrix[0].tolist(), strict=True))
    assert (row["hour.sine.h1"], row["hour.cosine.h1"]) == pytest.approx((0, 1), abs=1e-6)
    assert (row["weekday.sine.h1"], row["weekday.cosine.h1"]) == pytest.approx((0, 1), abs=1e-6)


@given(st.lists(st.floats(-1e6, 1e6), min_size=24, max_size=24))
def test_what_is_taken_out_of_a_window_is_put_back(values):
    history = np.array([values])
    matrix = FEATURES.matrix(history, np.array(["2024-01-01"], dtype="datetime64[us]"), np.array([1]))
    assert np.isfinite(matrix).all()
    target = np.array([values[:6]])
    stacked = Stacked.of(FEATURES)
    back = stacked.values(matrix, stacked.target(matrix, target))
    assert np.allclose(back, target, rtol=1e-9, atol=1e-6)


def test_stacked_rows_have_the_window_beside_every_step():
    windows = make_windows(panel([seasonal(40)]), 24, 6)
    matrix = FEATURES.matrix(windows.history, windows.at.astype("datetime64[M]"), windows.series)
    rows = Stacked.of(FEATURES).rows(matrix)
    assert rows.shape == (len(windows) * 6, 1 + len(FEATURES.window_names) + len(FEATURES.step_names))
    assert rows[7, -1] == 2  # the second step of the second window
    assert (rows[6:12, 1] == matrix[1, 3]).all()


@pytest.mark.parametrize("unit", ["minute", "hour", "day", "week", "month", "quarter", "year"])
@pytest.mark.parametrize("history", [3, 4, 12, 24, 200])
def test_no_feature_is_the_rounding_of_a_constant(unit, history):
    features = WindowFeatures(history, 1, Frequency(unit))
    windows = np.random.default_rng(0).normal(1e4, 300, size=(50, history))
    matrix = features.matrix(windows, np.arange(50).astype("datetime64[D]"), np.ones(50, int)).astype(np.float64)
    spread = matrix.std(axis=0)
    assert not ((spread > 0) & (spread < 1e-5)).any()


@pytest.mark.parametrize("unit", ["minute", "hour", "day", "week", "month", "quarter", "year"])
@pytest.mark.parametrize("history", [1, 2, 5, 200])
def test_every_frequency_and_length_of_history_gives_finite_features(unit, history):
    features = WindowFeatures(history, 3, Frequency(unit))
    draw = np.random.default_rng(0)
    matrix = features.matrix(draw.normal(size=(4, history)), np.arange(4).astype("datetime64[D]"), np.ones(4, int))
    assert matrix.shape == (4, len(features.names))
    assert np.isfinite(matrix).all()


def test_the_service_can_make_features_without_pandas():
    script = (
        "import sys; import ml.forecasting.features, ml.forecasting.stacked, ml.forecasting.baselines, "
        "ml.forecasting.conformal; print({'pandas', 'scipy', 'sklearn', 'pyarrow'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


@pytest.mark.parametrize("origins", [[], [29], [10, 30], [-1]])
def test_an_origin_without_a_point_after_it_would_be_looked_at_in_vain(origins):
    with pytest.raises(ValueError, match="must lie before the last of the 30 points"):
        looks_ahead(lambda values, origin: values[:origin], np.arange(30.0), origins)


def test_a_window_that_stood_still_has_the_usual_scale_of_its_series_and_a_constant_one_hardly_any():
    history = np.stack([np.zeros(24), np.full(24, 5000.0), np.tile([9.0, 9.001], 12), np.arange(24.0)])
    origins, series = np.full(4, "2024-01-01", dtype="datetime64[us]"), np.ones(4, dtype=int)
    usual = FEATURES.matrix(history, origins, series, np.array([700.0, 0, 7, 7]))
    assert usual[:, 1].tolist() == pytest.approx([700, 0.005, 7, np.arange(24).std()])
    unknown = FEATURES.matrix(history, origins, series)
    assert unknown[:, 1].tolist() == pytest.approx([1, 5000, 0.0005, np.arange(24).std()])


def test_a_target_that_no_scale_measures_teaches_nothing():
    draw = np.random.default_rng(0).normal(size=(100, 6))
    draw[7, 3], draw[8] = 5000, np.nan
    assert np.flatnonzero(~measurable(draw)).tolist() == [7]
    assert measurable(np.zeros((3, 2))).all()
    assert measurable(np.empty((0, 1))).shape == (0,)
