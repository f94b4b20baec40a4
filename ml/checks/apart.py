"""What is said of rows that lie too far from their series to be on one grid with it."""

import numpy as np

from ml.checks.series import SeriesRows
from ml.forecasting.apart import room

_NAMED = 3


def rows_apart(rows: SeriesRows) -> str | None:
    """Return which rows lie apart, and what to do about them; None where none does."""
    apart = np.flatnonzero(rows.placed.apart)
    if not len(apart):
        return None
    codes, wall = rows.placed.series[apart], rows.wall[apart]
    times = np.datetime_as_string(wall[:_NAMED], unit="s").tolist()
    whose = [f"{rows.panel.names[code]!r} at " if len(rows.panel) > 1 else "" for code in codes[:_NAMED].tolist()]
    named = [name + time for name, time in zip(whose, times, strict=True)]
    count, most = len(rows.placed.at), room(len(rows.placed.at))
    return (
        f"{len(apart):,} of {count:,} rows lie so far from the others of their series that a point for each "
        f"{rows.panel.frequency} between them would be more than {most:,} points, of which hardly any was measured: "
        f"{', '.join(named)}{', …' if len(apart) > _NAMED else ''}. Mend or remove those rows, or declare a longer "
        "data.frequency"
    )
