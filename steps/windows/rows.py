"""Step `windows`: a table of series becomes rows that are an origin each: the last points, and the next ones."""

from typing import Annotated

import numpy as np
import pandas as pd
from zenml import step

from ml.checks.apart import rows_apart
from ml.checks.backtest import check_backtest, why_empty
from ml.checks.series import SeriesRows
from ml.checks.windows import check_series_rows
from ml.features.windows import (
    Measured,
    Roles,
    SeriesTable,
    forecast_of,
    measured_by,
    newest_rows,
    read_series,
    too_large,
    window_rows,
    window_schema,
)
from ml.forecasting.backtest import Origins, cannot_carry
from ml.forecasting.clock import wall_now
from ml.forecasting.windows import Windows, make_windows
from ml.split.origin_places import origins_of
from ml.split.origins_params import OriginsParams
from schemas.data import TableSchema
from schemas.data_spec import DataSpec
from schemas.errors import RefusedError
from schemas.evaluation import SeriesReport
from schemas.forecast import Forecast
from schemas.frequency import parse_frequency
from schemas.split_spec import ORIGINS, SplitSpec
from steps.materializers.frame import FrameMaterializer
from steps.materializers.schema import SchemaMaterializer

_NAMED = 3


@step(
    output_materializers={
        "windows": FrameMaterializer,
        "window_schema": SchemaMaterializer,
        "series_report": SchemaMaterializer,
        "latest": FrameMaterializer,
    }
)
def windows(
    rows: pd.DataFrame, schema: TableSchema, data: DataSpec, plan: SplitSpec
) -> tuple[
    Annotated[pd.DataFrame, "windows"],
    Annotated[TableSchema, "window_schema"],
    Annotated[SeriesReport, "series_report"],
    Annotated[pd.DataFrame, "latest"],
]:
    """Check the series and cut them into windows; refuse series that the declared backtest cannot be made with."""
    roles = Roles.of(data)
    read = measured_by(rows, schema, roles)
    _require_numbers(read, roles)
    forecast = forecast_of(read, schema, data)
    table = read_series(read, forecast)
    untimed = np.isnat(read.wall)
    unnamed = int((~read.placeable & ~untimed).sum())
    found = SeriesRows(table.wall, table.placed, table.panel, int(untimed.sum()), unnamed)
    now = wall_now(forecast.zone)
    report = check_series_rows(rows, schema, data, found, now)
    origins = _origins(plan, forecast)
    _refuse(rows_apart(found), report)
    _require_enough(table, forecast, origins, report)
    made = make_windows(table.panel, forecast.history, forecast.horizon, origins, data.windows)
    _require_all(table, made, forecast, origins, report)
    checks = [*report.checks, *check_backtest(table.panel, made, origins, forecast, data.checks)]
    report = report.model_copy(update={"checks": checks})
    frame = window_rows(table.panel, made, roles)
    return frame, window_schema(schema, forecast, roles), report, newest_rows(table, forecast, roles)


def _origins(plan: SplitSpec, forecast: Forecast) -> Origins | None:
    """Return the origins that are declared, None with the split of a plug-in."""
    if plan.method.name != ORIGINS:
        return None
    return origins_of(OriginsParams.model_validate(plan.method.params), forecast.horizon)


def _require_numbers(read: Measured, roles: Roles) -> None:
    """Raise RefusedError for values that no model can compute with."""
    wrong = too_large(read)
    if len(wrong):
        first = ", ".join(f"{read.values[row]:g} in row {row + 1:,}" for row in wrong[:_NAMED])
        text = (
            f"{len(wrong):,} values of {roles.target!r} lie beyond 3.4e38: {first}; correct them or remove their rows"
        )
        raise RefusedError([text], heading="The series hold numbers that no model computes with")


def _require_enough(table: SeriesTable, forecast: Forecast, origins: Origins | None, report: SeriesReport) -> None:
    """Raise RefusedError where no series is long enough, with what else is wrong: it may be the reason."""
    if origins is None:
        return
    longest = int(table.panel.lengths.max())
    why = cannot_carry(longest, forecast.history, forecast.horizon, origins, parse_frequency(forecast.frequency))
    _refuse(why, report)


def _require_all(
    table: SeriesTable, made: Windows, forecast: Forecast, origins: Origins | None, report: SeriesReport
) -> None:
    """Raise RefusedError where a set has no window."""
    if origins is not None:
        _refuse(why_empty(table.panel, made, origins, forecast), report)


def _refuse(why: str | None, report: SeriesReport) -> None:
    if why is not None:
        failed = [check.message for check in report.checks if check.severity == "fail" and not check.passed]
        raise RefusedError([why, *failed], heading="The series cannot carry the forecast that is asked for")
