import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.forecasting.backtest import Origins, assign, cannot_carry
from ml.forecasting.conformal import fewest_residuals, half_widths
from schemas.frequency import Frequency
from tests.ml.forecasting.series import MONTH


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 12), st.integers(1, 12), st.integers(60, 200))
def test_no_point_of_one_sets_targets_is_in_another_sets(test, validation, stride, horizon, count):
    at = np.arange(count)
    sets = assign(at, horizon, Origins(test, validation, stride))
    points = {
        name: {int(one) + step for one in at[sets == name] for step in range(1, horizon + 1)}
        for name in ("train", "validation", "test")
    }
    assert not points["train"] & points["validation"]
    assert not points["validation"] & points["test"]
    assert not points["train"] & points["test"]
    if points["train"] and points["validation"]:
        assert max(points["train"]) < min(points["validation"]) < min(points["test"])


def test_every_stride_th_of_the_newest_origins_tests():
    at = np.arange(100)
    sets = assign(at, 12, Origins(4, 2, 6))
    assert at[sets == "test"].tolist() == [81, 87, 93, 99]
    assert at[sets == "validation"].tolist() == list(range(63, 70))
    assert at[sets == "train"].max() == 51


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 6), st.integers(1, 12), st.integers(1, 30))
def test_as_many_points_as_are_said_to_be_needed_give_exactly_one_training_window(
    test, validation, stride, horizon, history
):
    origins = Origins(test, validation, stride)
    points = origins.needed(history, horizon)
    at = np.arange(history - 1, points - horizon)
    sets = assign(at, horizon, origins)
    assert (sets == "train").sum() == 1
    assert (sets == "test").sum() == test
    assert cannot_carry(points, history, horizon, origins, MONTH) is None
    assert cannot_carry(points - 1, history, horizon, origins, MONTH)


def test_what_24_points_cannot_carry_is_said_with_the_arithmetic():
    text = cannot_carry(24, 24, 12, Origins(4, 4, 12), Frequency("month"))
    assert text is not None
    assert text.startswith("24 points a series cannot carry 4 backtest origins of 12 months: ")
    assert "4 test origins take 3 x 12 + 12 = 48 points" in text
    assert "24 (history) + 12 (horizon) = 36: 132 points in all" in text
    assert (
        "even one origin each needs 60; a data.horizon of at most 7 with a data.history of 3 could be tested once"
        in text
    )


@pytest.mark.parametrize("points", [6, 7, 24, 50])
def test_a_suggested_horizon_is_the_longest_that_can_be_carried(points):
    text = cannot_carry(points, points, points, Origins(1, 1, 1), MONTH)
    assert text is not None
    longest, history = (int(one) for one in re.findall(r"of at most (\d+) with a data.history of (\d+)", text)[0])
    assert cannot_carry(points, history, longest, Origins(1, 1, 1), MONTH) is None
    assert cannot_carry(points, 3, longest + 1, Origins(1, 1, 1), MONTH) is not None


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95])
def test_intervals_cover_new_errors_at_their_rate(level):
    draw = np.random.default_rng(4)
    covered = []
    for _ in range(200):
        found = half_widths(np.abs(draw.standard_t(4, (60, 3))), level)
        assert found is not None
        covered.append((np.abs(draw.standard_t(4, (200, 3))) <= found.widths).mean())
    assert level <= np.mean(covered) + 0.01
    assert np.mean(covered) <= level + 0.03


def test_the_half_width_is_the_finite_sample_quantile():
    found = half_widths(np.arange(1.0, 20.0)[:, None], 0.9)
    assert found is not None
    assert found.widths.tolist() == [18]  # the ceil(20 * 0.9)-th of 19 errors


def test_too_few_errors_of_a_step_are_taken_together_and_too_few_of_all_give_no_interval():
    assert fewest_residuals(0.9) == 9
    pooled = half_widths(np.abs(np.random.default_rng(0).normal(size=(4, 12))), 0.9)
    assert pooled is not None
    assert pooled.pooled
    assert len(set(pooled.widths.tolist())) == 1
    assert half_widths(np.ones((4, 2)), 0.9) is None


def test_points_that_were_not_measured_are_no_errors():
    errors = np.abs(np.random.default_rng(0).normal(size=(30, 2)))
    errors[:10, 1] = np.nan
    found = half_widths(errors, 0.9)
    assert found is not None
    assert found.residuals == 20
