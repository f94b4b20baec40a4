"""Batches of series in a zone: the times that are written, rows far from all others, series that nobody knows."""

from pathlib import Path
from typing import Any, cast

import pandas as pd
import pytest

from ml.batch.series import forecast_series
from ml.package.model import PackagedModel
from ml.runtimes.forecast import RuleModel, SeriesRule
from tests.ml.features.test_instants import berlin, hours
from tests.ml.forecasting.long_table import made


def persistence(found):
    rule = RuleModel(SeriesRule(rule="persistence"), found.schema.forecast)
    return PackagedModel(Path(), cast(Any, None), found.signature, rule)


def test_times_are_written_as_the_service_answers_them():
    model = persistence(made(hours(), berlin()))
    newest = hours("2024-10-27T00:00")
    text, wrong = forecast_series(newest, model, "1", as_text=True)
    assert not wrong
    assert text["at"].tolist() == [f"2024-10-27T0{hour}:00:00+01:00" for hour in (2, 3, 4)]
    zoned, _ = forecast_series(newest, model, "1")
    assert [one.isoformat() for one in zoned["at"]] == text["at"].tolist()


@pytest.mark.parametrize(
    ("stray", "message"),
    [
        ("9999-12-31T23:00:00", "forecasts end before 9999"),
        ("0001-01-01T00:00:00", "times must be of the year 2 or later"),
        ("9990-01-01T00:00:00", "is later than now"),
    ],
)
def test_a_row_far_from_its_series_is_an_error_of_its_own(stray, message):
    model = persistence(made(hours(), berlin()))
    rows = pd.concat([hours(), pd.DataFrame({"at": [stray], "load": [1.0]})], ignore_index=True)
    found, wrong = forecast_series(rows, model, "1", as_text=True)
    assert [(one.row, one.column) for one in wrong] == [(400, "at")]
    assert message in wrong[0].message
    assert found["at"][0] == "2024-10-29T02:00:00+01:00"
