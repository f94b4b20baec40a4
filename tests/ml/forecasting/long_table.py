"""Long tables of series, and what the pipeline makes of them, for tests."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.components.matrix import Matrix
from ml.features.matrix import make_matrix
from ml.features.signature import fit_signature
from ml.features.windows import Roles, SeriesTable, forecast_of, measured_by, read_series, window_rows, window_schema
from ml.forecasting.backtest import Origins, assign
from ml.forecasting.windows import make_windows
from ml.schema_inference.infer import infer_schema
from ml.split.origin_places import places_of
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.data_spec import DataSpec
from schemas.signature import Signature
from tests.ml.forecasting.series import seasonal

SPEC = {"source": {"name": "csv"}, "target": "sales", "time": "month", "series": "shop", "horizon": 6}


def shops(count=5, points=120, **columns) -> pd.DataFrame:
    """Return monthly sales of shops, each larger than the one before."""
    months = pd.date_range("2012-01-01", periods=points, freq="MS")
    return pd.DataFrame(
        {
            "shop": np.repeat([f"shop {one}" for one in range(count)], points),
            "month": np.tile(months.strftime("%Y-%m-%d"), count),
            "sales": np.concatenate([(one + 1) * seasonal(points, seed=one) for one in range(count)]),
            **columns,
        }
    )


def spec(**changes) -> DataSpec:
    """Return what an experiment declares of such a table."""
    return DataSpec.model_validate({**SPEC, "source": Choice(name="csv"), **changes})


@dataclass(frozen=True)
class Made:
    """What the steps from `infer_schema` to `fit_features` make."""

    table: SeriesTable
    schema: TableSchema
    rows: pd.DataFrame
    sets: dict[str, pd.DataFrame]
    signature: Signature

    def matrix(self, name: str) -> Matrix:
        return make_matrix(self.sets[name], self.signature, self.schema.problem)


def made(rows: pd.DataFrame, data: DataSpec, origins: Origins | None = None) -> Made:
    """Return what the pipeline makes of a table."""
    schema, roles = infer_schema(rows, data), Roles.of(data)
    read = measured_by(rows, schema, roles)
    forecast = forecast_of(read, schema, data)
    table = read_series(read, forecast)
    origins = origins or Origins(4, 4, 3)
    drawn = make_windows(table.panel, forecast.history, forecast.horizon, origins, data.windows)
    windows = window_rows(table.panel, drawn, roles)
    schema = window_schema(schema, forecast, roles)
    sets_of = assign(places_of(windows, roles.time, forecast.frequency), forecast.horizon, origins)
    sets = {name: windows[sets_of == name].reset_index(drop=True) for name in ("train", "validation", "test")}
    return Made(table, schema, windows, sets, fit_signature(sets["train"], schema))
