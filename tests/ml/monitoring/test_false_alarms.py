"""How often the monitor errs: windows of 200 rows and 30 columns, the size of the demonstration."""

import numpy as np
import pandas as pd
import pytest

from ml.features.cells import cells
from ml.monitoring.drift import Window, detect
from ml.monitoring.profiles import reference_profile
from ml.predictions.predictor import Predictions
from schemas.run import MonitorSpec
from schemas.signature import Input, Output, Signature

pytestmark = [pytest.mark.untraced, pytest.mark.slow]

NAMES = [f"c{number}" for number in range(30)]
SIGNATURE = Signature(
    inputs=[Input(name=name, type="number") for name in NAMES],
    derivations=[],
    features=[],
    output=Output(task="regression", target="t"),
)
SEEDS = 100


def rows(rng, count):
    """A mix of shapes: normal, skewed, discrete and correlated columns, a third of them with gaps, 2 to 50 %."""
    table = rng.normal(size=(count, 30))
    table[:, 10:20] = np.exp(table[:, 10:20])
    table[:, 20:25] = rng.poisson(2, (count, 5))
    table[:, 25:] = table[:, :5] + 0.1 * table[:, 25:]
    gaps = table[:, ::3]
    gaps[rng.random(gaps.shape) < np.linspace(0.02, 0.5, gaps.shape[1])] = np.nan
    return table


def verdict(reference, table, answers):
    columns = {name: table[:, position] for position, name in enumerate(NAMES)}
    window = Window(len(table), columns, {"value": answers})
    return detect(reference, window, SIGNATURE, MonitorSpec(), model="m", version="1")


def reference_of(rng):
    table = rows(rng, 350)
    return reference_profile(
        cells(pd.DataFrame(table, columns=NAMES), SIGNATURE), SIGNATURE, Predictions(values=rng.normal(size=350))
    )


@pytest.fixture(scope="module")
def references():
    return [reference_of(np.random.default_rng(seed)) for seed in range(4)]


def test_windows_of_the_same_distribution_alarm_in_at_most_two_of_a_hundred(references):
    alarms = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng(1000 + seed)
        report = verdict(references[seed % 4], rows(rng, 200), rng.normal(size=200))
        alarms += report.verdict != "ok"
    assert alarms <= 2


def test_a_shift_of_one_standard_deviation_in_one_column_is_always_caught(references):
    for seed in range(SEEDS // 2):
        rng = np.random.default_rng(5000 + seed)
        table = rows(rng, 200)
        table[:, 7] += 1.0
        report = verdict(references[seed % 4], table, rng.normal(size=200))
        assert report.verdict == "drift"
        assert report.columns[7].verdict == "drift"


def test_a_tenth_of_the_values_newly_missing_in_one_column_is_nearly_always_caught(references):
    caught = 0
    for seed in range(SEEDS // 2):
        rng = np.random.default_rng(9000 + seed)
        table = rows(rng, 300)
        table[rng.random(300) < 0.1, 7] = np.nan
        report = verdict(references[seed % 4], table, rng.normal(size=300))
        caught += report.columns[7].verdict == "drift"
        assert "none was in training" in report.columns[7].why
    assert caught >= 49
