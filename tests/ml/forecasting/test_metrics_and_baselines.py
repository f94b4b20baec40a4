import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

from ml.forecasting.baselines import climatology, fit_climatology, persistence, seasonal_naive
from ml.forecasting.features import WindowFeatures
from ml.forecasting.metrics import (
    covered,
    naive_error,
    pinball_losses,
    scaled_errors,
    symmetric_percentage_errors,
)
from ml.forecasting.windows import make_windows
from schemas.frequency import Frequency
from tests.ml.forecasting.series import MONTH, panel, seasonal


def made(values, history=24, horizon=12, frequency=MONTH, start="2010-01"):
    whole = panel(values, frequency, start)
    windows = make_windows(whole, history, horizon)
    features = WindowFeatures(history, horizon, frequency)
    return features, features.matrix(windows.history, whole.times(windows.at), windows.series + 1), windows


def test_mase_divides_by_the_seasonal_naive_error_within_the_history():
    history = np.array([[1.0, 2, 3, 5, 4, 7]])
    assert naive_error(history, 3).tolist() == [pytest.approx((4 + 2 + 4) / 3)]
    errors = scaled_errors(np.array([[8.0, 9]]), np.array([[6.0, 10]]), naive_error(history, 3))
    assert errors.tolist() == [[pytest.approx(0.6), pytest.approx(0.3)]]


def test_a_history_that_stands_still_gives_no_scale_and_one_without_a_season_compares_neighbours():
    assert np.isnan(naive_error(np.ones((1, 5)), 2)).all()
    assert naive_error(np.array([[1.0, 3]]), 12).tolist() == [2]


def test_smape_is_at_most_2_and_0_for_two_zeros():
    found = symmetric_percentage_errors(np.array([[0.0, 0, 10]]), np.array([[0.0, 5, 5]]))
    assert found.tolist() == [[0, 2, pytest.approx(2 / 3)]]


@pytest.mark.parametrize("share", [0.05, 0.5, 0.95])
def test_pinball_loss_is_scikit_learns(share):
    draw = np.random.default_rng(0)
    target, quantile = draw.normal(size=(2, 50, 3))
    expected = mean_pinball_loss(target.ravel(), quantile.ravel(), alpha=share)
    assert pinball_losses(target, quantile, share).mean() == pytest.approx(expected)


def test_coverage_counts_what_was_measured():
    target = np.array([[1.0, 5, np.nan]])
    lower, upper = np.zeros((1, 3)), np.full((1, 3), 2.0)
    assert np.nanmean(covered(target, lower, upper)) == 0.5


def test_persistence_says_the_last_value():
    features, matrix, windows = made([seasonal(60)])
    assert np.allclose(persistence(matrix, features), windows.history[:, -1:], rtol=1e-5)


def test_seasonal_naive_says_the_same_month_of_the_last_known_year():
    features, matrix, windows = made([seasonal(90)], horizon=14)
    expected = windows.history[:, [*range(12, 24), 12, 13]]
    assert np.allclose(seasonal_naive(matrix, features), expected, rtol=1e-5)


def test_without_a_season_seasonal_naive_is_persistence():
    features, matrix, _ = made([seasonal(60)], history=6)
    assert np.array_equal(seasonal_naive(matrix, features), persistence(matrix, features))


def test_climatology_is_the_mean_of_the_series_in_that_month_and_of_all_where_it_is_unknown():
    year = np.arange(12.0)
    features, matrix, windows = made([np.tile(year, 6), np.tile(year + 100, 6)])
    table = fit_climatology(matrix, windows.target, features, 2)
    assert table.shape == (3, 12)
    assert np.allclose(climatology(matrix, features, table), windows.target)
    unseen = matrix.copy()
    unseen[:, 2] = 0
    assert np.allclose(climatology(unseen, features, table)[0], windows.target[0] + 50)


def test_a_day_of_the_year_is_the_mean_of_the_days_about_it():
    features, matrix, windows = made(
        [seasonal(3 * 365, 365) - 0.3 * np.arange(3 * 365)], 28, 1, Frequency("day"), "2012-01-01"
    )
    table = fit_climatology(matrix, windows.target, features, 1)
    assert np.abs(np.diff(table[1])).max() < 1
    assert np.isfinite(table).all()
