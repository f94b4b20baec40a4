"""Where the origins of windows lie on the grid of their series."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.forecasting.anchor import anchor
from ml.forecasting.backtest import Origins
from ml.forecasting.grid import later, places
from ml.forecasting.infer_frequency import infer_frequency
from ml.split.guards import column_by
from ml.split.origins_params import OriginsParams
from ml.split.timestamps import written
from ml.values.columns import as_timestamps
from schemas.errors import ContentError
from schemas.forecast import Forecast
from schemas.frequency import parse_frequency


def origins_of(params: OriginsParams, horizon: int) -> Origins:
    """Return the origins that are declared, for a horizon."""
    stride = params.stride or max(1, horizon // 2)
    return Origins(params.origins, params.validation_origins or params.origins, stride)


def places_of(rows: pd.DataFrame, by: str | None, frequency: str | None) -> NDArray[np.int64]:
    """Return the place of every row's time, (rows,). Raises ContentError."""
    times = as_timestamps(column_by(rows, by, "origins")).to_numpy()
    if np.isnat(times).any() or not len(times):
        raise ContentError(f"column {by!r} does not hold a time in every row, and the split goes by it")
    found = parse_frequency(frequency) if frequency else infer_frequency(np.zeros(len(times), dtype=np.int64), times)
    if found is None:
        raise ContentError(f"the times in {by!r} have no frequency that can be seen: declare data.frequency")
    origin, early = anchor(times, found)
    return places(times, found, origin, early)


def newest_seen(rows: pd.DataFrame, by: str, forecast: Forecast) -> str:
    """Return the time before the last point that a target of the windows holds, as text.

    Only windows that end after it have targets of which none of these knew a point.
    """
    last = as_timestamps(rows[by]).to_numpy().max()
    found = later(np.array([last]), np.array([forecast.horizon - 1]), parse_frequency(forecast.frequency), forecast.day)
    return written(found[0])


def require_all(sets: NDArray[np.str_]) -> None:
    """Raise ContentError where a set has no row."""
    empty = [name for name in ("train", "validation", "test") if not (sets == name).any()]
    if empty:
        raise ContentError(
            f"the split leaves no window for {' and '.join(empty)}: declare fewer origins or a smaller stride "
            "(split.origins, split.stride), or a shorter data.history"
        )
