"""What the step `windows` refuses, and with which exit code."""

import pytest

from ml.schema_inference.infer import infer_schema
from schemas.choice import Choice
from schemas.data import SplitSpec
from schemas.errors import RefusedError
from steps.windows.rows import windows
from tests.ml.forecasting.long_table import shops, spec


def made(rows, **changes):
    data = spec(**changes)
    return windows.entrypoint(rows, infer_schema(rows, data), data, SplitSpec(method=Choice(name="origins")))


def test_a_value_that_no_model_computes_with_is_refused_by_its_row():
    rows = shops(2, 100)
    rows.loc[7, "sales"] = -1e39
    with pytest.raises(RefusedError, match=r"1 values of 'sales' lie beyond 3\.4e38: -1e\+39 in row 8;") as refused:
        made(rows)
    assert refused.value.exit_code == 3


def test_series_without_a_window_for_a_set_are_refused_with_the_reason():
    rows = shops(2, 100)
    rows.loc[rows["month"].between("2015-06-01", "2018-06-01"), "sales"] = None
    with pytest.raises(RefusedError, match="no window is left for validation: the newest origin is ") as refused:
        made(rows)
    assert refused.value.exit_code == 3


def test_the_report_says_what_is_found_of_the_backtest():
    frame, _, report, latest = made(shops(3, 100))
    names = [check.name for check in report.checks]
    assert names[-2:] == ["short_series", "untested"]
    assert len(latest) == 3
    assert len(frame) == 3 * (100 - 24 - 6 + 1 - 2 * 5 - 9 + 3)
