"""What the step `windows` refuses, and with which exit code."""

from collections.abc import Callable
from typing import Any

import pytest
from zenml.utils import source_utils

from ml.schema_inference.infer import infer_schema
from schemas.choice import Choice
from schemas.errors import RefusedError
from schemas.home import ROOT
from schemas.split_spec import SplitSpec
from tests.ml.forecasting.long_table import shops, spec


@pytest.fixture(scope="module")
def made() -> Callable[..., Any]:
    """What the step makes of rows; a worker of pytest has no main module by which ZenML would find our source."""
    source_utils.set_custom_source_root(str(ROOT))
    from steps.windows.rows import windows

    def of(rows: Any, **changes: Any) -> Any:
        data = spec(**changes)
        return windows.entrypoint(rows, infer_schema(rows, data), data, SplitSpec(method=Choice(name="origins")))

    return of


def test_a_value_that_no_model_computes_with_is_refused_by_its_row(made):
    rows = shops(2, 100)
    rows.loc[7, "sales"] = -1e39
    with pytest.raises(RefusedError, match=r"1 values of 'sales' lie beyond 3\.4e38: -1e\+39 in row 8;") as refused:
        made(rows)
    assert refused.value.exit_code == 3


def test_series_without_a_window_for_a_set_are_refused_with_the_reason(made):
    rows = shops(2, 100)
    rows.loc[rows["month"].between("2015-06-01", "2018-06-01"), "sales"] = None
    with pytest.raises(RefusedError, match="no window is left for validation: the newest origin is ") as refused:
        made(rows)
    assert refused.value.exit_code == 3


def test_the_report_says_what_is_found_of_the_backtest(made):
    frame, _, report, latest = made(shops(3, 100))
    names = [check.name for check in report.checks]
    assert names[-2:] == ["short_series", "untested"]
    assert len(latest) == 3
    assert len(frame) == 3 * (100 - 24 - 6 + 1 - 2 * 5 - 9 + 3)
