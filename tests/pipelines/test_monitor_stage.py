"""What the monitoring stage hands to `summary.json`: every reason for a verdict that is not `ok`."""

from collections.abc import Callable
from typing import Any

import pytest

from schemas.home import ROOT
from schemas.monitoring import ColumnDrift, MonitoringReport, Performance

SIZE = ColumnDrift(column="size", verdict="ok", why="no change found")
WORSE = Performance(
    version="1",
    labelled=40,
    predictions=40,
    metric="accuracy",
    value=0.5,
    expected_interval=(0.8, 0.9),
    verdict="drift",
    why="worse",
)


def report(verdict):
    predictions = ColumnDrift(column="prediction", verdict=verdict, why="moved")
    return MonitoringReport(
        model="m", version="1", verdict=verdict, why="", rows=9, columns=[SIZE], predictions=predictions
    )


@pytest.fixture(scope="module")
def behind() -> Callable[..., Any]:
    """The function; importing it makes pipelines, and a worker of pytest does not say where their source is."""
    from zenml.utils import source_utils

    source_utils.set_custom_source_root(str(ROOT))
    from pipelines.stages.monitor import behind

    return behind


@pytest.mark.parametrize(("verdict", "names"), [("ok", []), ("no_verdict", []), ("drift", ["prediction"])])
def test_predictions_that_alarm_are_an_entry_beside_the_columns(behind, verdict, names):
    assert [one.column for one in behind(report(verdict), None, "price")] == ["size", *names]


def test_predictions_that_became_worse_come_last_under_the_targets_name(behind):
    found = behind(report("drift"), WORSE, "price")
    assert [one.column for one in found] == ["size", "prediction", "price"]
    assert (found[-1].statistic, found[-1].threshold) == ("accuracy", 0.8)
