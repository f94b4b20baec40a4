"""What a window is said to rule out, against what windows of known changes show."""

import numpy as np
import pytest

from ml.monitoring.expected import Expected
from ml.monitoring.hypothesis_tests.kolmogorov_smirnov import KolmogorovSmirnov, smallest_shift
from ml.monitoring.hypothesis_tests.missing_share import MissingShare
from ml.monitoring.hypothesis_tests.out_of_range_share import OutOfRangeShare
from ml.monitoring.hypothesis_tests.total_variation import TotalVariation
from ml.monitoring.hypothesis_tests.unseen_share import UnseenShare
from ml.monitoring.power import (
    POWER,
    detectable_distance,
    detectable_share,
    detectable_variation,
    kolmogorov_alarm,
)
from ml.monitoring.statistics import kolmogorov_p_value
from schemas.run import MonitorSpec
from tests.ml.monitoring.hypothesis_tests.columns import ANYTHING, SPEC, column_of

pytestmark = [pytest.mark.untraced, pytest.mark.slow]

LEVEL = SPEC.significance / 30
STRICT = MonitorSpec(threshold=0.01, missing=0.0, unseen=0.0, out_of_range=0.0)
SPECS = {"strict": STRICT, "default": SPEC}
TRAINED, ROWS, WINDOWS = 500, 300, 200
ABOUT = (0.72, 0.88)
SHAPES = {
    "normal": lambda rng, rows: rng.normal(10, 2, rows),
    "skewed": lambda rng, rows: rng.exponential(3, rows),
    "two humps": lambda rng, rows: rng.normal(0, 1, rows) + 6 * rng.integers(0, 2, rows),
}


def found(test, reference, window, expected, spec):
    result = test.run(reference, window, expected, spec)
    return result.value > result.tolerance and result.p_value < LEVEL


def shares_found(test, draw, changed, kind="number", expected=ANYTHING, spec=STRICT):
    """How often the change that is stated is found, and half of it; `changed` makes a window with a change."""
    rng = np.random.default_rng(0)
    whole, half = 0, 0
    for _ in range(WINDOWS):
        reference = column_of(draw(rng, TRAINED), kind)
        stated = test.detectable(reference, column_of(draw(rng, ROWS), kind), expected, spec, LEVEL)
        whole += found(test, reference, column_of(changed(rng, stated), kind), expected, spec)
        half += found(test, reference, column_of(changed(rng, stated, 0.5), kind), expected, spec)
    return whole / WINDOWS, half / WINDOWS


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shift_of_the_size_stated_is_found_and_half_of_it_is_not(shape):
    draw = SHAPES[shape]

    def changed(rng, stated, part=1.0):
        return draw(rng, ROWS) + part * stated.shift

    whole, half = shares_found(KolmogorovSmirnov(), draw, changed)
    assert whole >= POWER
    assert half <= 0.2


def test_the_tolerance_decides_where_the_window_is_large():
    def draw(rng, rows):
        return rng.normal(size=rows)

    rng = np.random.default_rng(0)
    sizes = 5_000, 4_000
    reference, same = (column_of(draw(rng, rows)) for rows in sizes)
    stated = KolmogorovSmirnov().detectable(reference, same, ANYTHING, SPEC, LEVEL)
    assert stated is not None and stated.shift is not None
    assert SPEC.threshold < stated.value < SPEC.threshold + 0.01
    assert stated.shift == pytest.approx(0.39, abs=0.03)  # 2 * ndtri((1 + 0.158) / 2)
    half, whole = (
        [
            found(KolmogorovSmirnov(), reference, column_of(draw(rng, sizes[1]) + shift), ANYTHING, SPEC)
            for _ in range(40)
        ]
        for shift in (0.5 * stated.shift, stated.shift)
    )
    assert np.mean(whole) >= POWER
    assert not any(half)


@pytest.mark.parametrize("categories", [2, 6])
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_so_many_values_in_another_category_are_found_and_half_of_them_are_not(categories, spec):
    even = np.full(categories, 1 / categories)

    def draw(rng, rows, shares=even):
        return [f"c{code}" for code in rng.choice(categories, rows, p=shares)]

    def changed(rng, stated, part=1.0):
        moved = np.where(np.arange(categories) < categories / 2, 1, -1) * part * stated.value * 2 / categories
        return draw(rng, ROWS, even + moved)

    whole, half = shares_found(TotalVariation(), draw, changed, "category", spec=spec)
    assert ABOUT[0] <= whole <= ABOUT[1]
    assert half <= 0.2


@pytest.mark.parametrize("before", [0.0, 0.2])
@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_so_many_missing_values_are_found_and_half_of_them_are_not(before, spec):
    def draw(rng, rows, share=before):
        return np.where(rng.random(rows) < share, np.nan, 1.0)

    def changed(rng, stated, part=1.0):
        return draw(rng, ROWS, before + part * (stated.value - before))

    whole, half = shares_found(MissingShare(), draw, changed, spec=spec)
    assert ABOUT[0] <= whole <= ABOUT[1]
    assert half <= 0.2


def test_so_many_new_values_are_found_and_half_of_them_are_not():
    def draw(rng, rows, share=0.0):
        return np.where(rng.random(rows) < share, "new", "old").tolist()

    def changed(rng, stated, part=1.0):
        return draw(rng, ROWS, part * stated.value)

    whole, half = shares_found(UnseenShare(), draw, changed, "category", Expected(known=["old"]))
    assert ABOUT[0] <= whole <= ABOUT[1]
    assert half <= 0.2


def test_so_many_values_out_of_range_are_found_and_half_of_them_are_not():
    def changed(rng, stated, part=1.0):
        return np.where(rng.random(ROWS) < part * stated.value, 99.0, rng.uniform(0.1, 0.9, ROWS))

    whole, half = shares_found(OutOfRangeShare(), lambda rng, rows: rng.random(rows), changed)
    assert ABOUT[0] <= whole <= ABOUT[1]
    assert half <= 0.2


@pytest.mark.parametrize("level", [1e-6, 3e-4, 0.01])
def test_the_distance_that_alarms_is_as_improbable_as_the_level(level):
    assert kolmogorov_p_value(kolmogorov_alarm(level, 500, 200), 500, 200) == pytest.approx(level)


def test_larger_windows_find_smaller_changes():
    for find in (
        lambda rows: detectable_distance(kolmogorov_alarm(LEVEL, rows, rows), rows, rows),
        lambda rows: detectable_variation(LEVEL, 4, rows, rows),
        lambda rows: detectable_share(rows, 0.0, LEVEL, 1, rows + 1),
    ):
        sizes = [find(rows) or 1.0 for rows in (50, 200, 1000, 20_000)]
        assert sizes == sorted(sizes, reverse=True)
        assert 0 < sizes[-1] < 0.03


def test_what_no_window_could_show_is_not_stated():
    assert detectable_distance(1.2, 20, 20) is None
    assert detectable_variation(LEVEL, 1, 500, 500) is None
    assert detectable_variation(1e-12, 40, 12, 12) is None
    assert detectable_share(3, 0.05, 1e-9, 1, 2) is None
    assert detectable_share(100, 1.0, LEVEL, 1, 100) is None


def test_a_shift_is_the_shortest_interval_that_holds_the_share():
    even = column_of(np.arange(1000.0)).numbers
    assert smallest_shift(even, 0.25) == pytest.approx(250, abs=2)
    assert smallest_shift(column_of([1.0] * 50 + [2.0] * 50).numbers, 0.3) is None
    assert smallest_shift(column_of([-1e308, 1e308] * 50).numbers, 0.6) is None


def test_a_number_of_few_values_says_the_share_that_has_others():
    dice = column_of(np.tile([1.0, 2.0, 3.0], 100))
    stated = KolmogorovSmirnov().detectable(dice, dice, ANYTHING, SPEC, LEVEL)
    assert stated is not None
    assert (stated.shift, stated.deviations) == (None, None)
    assert stated.why == f"other values in {100 * stated.value:.1f} % of the rows that have one"
