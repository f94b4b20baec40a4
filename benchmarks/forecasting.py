"""What features of series cost: 1,000 daily series of 1,000 points, vectorised, against pandas series by series.

    python -m benchmarks.forecasting

prints JSON. Both make the same numbers for one step ahead of every origin: level and scale taken out, lags, rolling
statistics, the seasons before, the calendar of the target. They are compared before the times are, and each
is made three times in turns: memory that comes from the system for the first time takes as long as the work.
"""

import json
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.forecasting.features import WindowFeatures
from ml.forecasting.panel import Panel, make_panel, place_rows
from ml.forecasting.windows import make_windows
from schemas.frequency import Frequency

SERIES, POINTS = 1_000, 1_000
ROUNDS = 3
DAY = Frequency("day")


def table(series: int, points: int) -> pd.DataFrame:
    """Return drawn series as a long table: name, day, value."""
    draw = np.random.default_rng(5)
    days = pd.date_range("2020-01-01", periods=points, freq="D")
    wave = 10 * np.sin(2 * np.pi * np.arange(points) / 7)
    values = 100 + wave + draw.normal(0, 3, (series, points)).cumsum(axis=1)
    return pd.DataFrame(
        {
            "name": np.repeat([f"s{one:04}" for one in range(series)], points),
            "day": np.tile(days.to_numpy(), series),
            "value": values.ravel(),
        }
    )


def vectorised(rows: pd.DataFrame, features: WindowFeatures) -> NDArray[np.float32]:
    """Return the features of every origin as the framework makes them, from the table on."""
    codes, names = pd.factorize(rows["name"])
    values = rows["value"].to_numpy()
    placed, origin = place_rows(codes.astype(np.int64), rows["day"].to_numpy(), values, features.frequency, None)
    panel: Panel = make_panel(list(names), placed, values, features.frequency, origin)
    windows = make_windows(panel, features.history, features.horizon)
    return features.matrix(windows.history, panel.times(windows.at), windows.series)


def with_pandas(rows: pd.DataFrame, features: WindowFeatures) -> NDArray[np.float32]:
    """Return the same with shift and rolling, series by series."""
    parts = []
    for code, (_, series) in enumerate(rows.groupby("name", sort=False)):
        values = series.set_index("day")["value"]
        level = values.rolling(features.season).mean()
        scale = values.rolling(features.history).std(ddof=0)
        found = {"level": level, "scale": scale, "series": pd.Series(float(code), index=values.index)}
        for lag in features.lags:
            found[f"lag.{lag}"] = (values.shift(lag - 1) - level) / scale
        for span in features.spans:
            rolling = values.rolling(span)
            found[f"mean.{span}"] = (rolling.mean() - level) / scale  # of a season it is 0, and left out below
            found[f"std.{span}"] = rolling.std(ddof=0) / scale
            found[f"min.{span}"] = (rolling.min() - level) / scale
            found[f"max.{span}"] = (rolling.max() - level) / scale
        for back in range(1, features.seasons_back + 1):
            found[f"season.{back}.h1"] = (values.shift(back * features.season - 1) - level) / scale
        target = pd.DatetimeIndex(values.index) + pd.Timedelta(days=1)
        year: Any = (target.day_of_year - 1) / np.where(target.is_leap_year, 366, 365)
        for name, share in (("weekday", target.day_of_week / 7), ("day_of_year", year)):
            found[f"{name}.sine.h1"] = pd.Series(np.sin(2 * np.pi * share), index=values.index)
            found[f"{name}.cosine.h1"] = pd.Series(np.cos(2 * np.pi * share), index=values.index)
        found["position.h1"] = pd.Series(np.minimum(np.floor(year * 365 + 1e-9), 364), index=values.index)
        found["step.h1"] = pd.Series(1.0, index=values.index)
        whole = pd.DataFrame(found)[features.names]
        parts.append(whole.iloc[features.history - 1 : len(whole) - features.horizon])
    return pd.concat(parts).to_numpy(dtype=np.float32)


def timed(
    make: Callable[[pd.DataFrame, WindowFeatures], NDArray[np.float32]], rows: pd.DataFrame, features: WindowFeatures
) -> tuple[NDArray[np.float32], float]:
    """Return the features and the seconds they took."""
    begin = time.perf_counter()
    made = make(rows, features)
    return made, time.perf_counter() - begin


def main(series: int = SERIES, points: int = POINTS) -> None:
    """Compare the numbers, then print the seconds of both, in turns, and the ratio of the medians."""
    rows, features = table(series, points), WindowFeatures(28, 1, DAY)
    ours, theirs = [], []
    for _ in range(ROUNDS):
        found, spent = timed(vectorised, rows, features)
        expected, also = timed(with_pandas, rows, features)
        ours.append(spent)
        theirs.append(also)
    difference = float(np.abs(found - expected).max())
    if difference > 1e-3:
        raise SystemExit(f"the two differ by {difference}: they are not the same features")
    print(
        json.dumps(
            {
                "benchmark": "forecasting",
                "series": series,
                "points": points,
                "features": len(features.names),
                "largest_difference": difference,
                "vectorised_seconds": [round(one, 2) for one in ours],
                "pandas_seconds": [round(one, 2) for one in theirs],
                "times_as_fast": round(median(theirs) / median(ours), 1),
            }
        )
    )


if __name__ == "__main__":
    main()
