"""The checks of a table of series, and what is reported of the windows that were made of it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ml.checks.expectations import check_expectations
from ml.checks.series import SeriesRows, check_series
from ml.checks.sets import check_left_out
from ml.checks.table import check_rows
from ml.checks.types import check_types
from schemas.data import TableSchema
from schemas.data_spec import DataSpec
from schemas.evaluation import DataCheck, DataReport, SeriesReport


def check_series_rows(
    rows: pd.DataFrame, schema: TableSchema, spec: DataSpec, found: SeriesRows, now: np.datetime64
) -> SeriesReport:
    """Run the checks of a table of series, before windows are made of it.

    Args:
        rows: The table.
        schema: Its columns.
        spec: What is declared.
        found: Its rows as series.
        now: The newest time that a row may have, where none is declared, by the clocks of the rows.
    """
    declared = spec.checks.future_rows.now
    checks = [
        *check_expectations(rows, schema, spec),
        *check_types(rows, schema, spec),
        *check_rows(rows, spec.checks.rows),
        *check_series(found, spec.checks, np.datetime64(declared, "us") if declared else now),
    ]
    return SeriesReport(rows=len(rows), series=len(found.panel), checks=checks)


def report_windows(
    rows: pd.DataFrame, sets: Mapping[str, pd.DataFrame], schema: TableSchema, series: SeriesReport
) -> DataReport:
    """Return what was found of series as the report on the windows that were made of them.

    Args:
        rows: All windows.
        sets: Those of train, validation and test.
        schema: Of the windows.
        series: What was found of the series.
    """
    made = DataCheck(
        name="windows",
        severity="warn",
        passed=True,
        value=len(rows),
        message=f"{series.rows:,} rows of {series.series:,} series give {len(rows):,} windows",
    )
    checks = [*series.checks, made, *check_left_out(len(rows), sets)]
    return DataReport(
        passed=all(check.passed or check.severity != "fail" for check in checks),
        rows=len(rows),
        sets={name: len(one) for name, one in sets.items()},  # type: ignore[misc]
        columns=schema.columns,
        checks=checks,
    )
