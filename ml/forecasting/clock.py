"""Wall times of a place and Universal Time, vectorised: where clocks are put back an hour comes twice.

Light: NumPy and the standard library, since the service asks for the hours of the targets.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.grid import Timestamps

_QUARTER = 900
"""Seconds that have one offset: no clock changes within a quarter of an hour."""
_FIRST, _LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) // _QUARTER for year in (2, 9999))
"""Near the calendar's ends no other zone can be told: the offset is that of a year before."""


def to_utc(wall: Timestamps, zone: str, series: NDArray[np.int64]) -> Timestamps:
    """Return wall times of a zone as Universal Time, datetime64[us], (n,).

    A wall time that comes twice, since the clocks were put back, is the earlier one in the first row of a series that
    has it and the later one in the second. One that the clocks skipped is as far after the change as it claims.

    Args:
        wall: datetime64, (n,).
        zone: Name in the IANA database.
        series: Which series each row belongs to, (n,).
    """
    micros = wall.astype("datetime64[us]")
    keys = np.stack([series, micros.astype(np.int64)])
    order = np.lexsort(keys[::-1])
    repeated = np.zeros(len(wall), dtype=np.bool_)
    repeated[order[1:]] = (keys[:, order[1:]] == keys[:, order[:-1]]).all(axis=0)
    marks, where = _quarters(micros)
    ahead = np.array([_wall_offsets(mark, zone) for mark in marks], dtype=np.int64).reshape(-1, 2)
    return np.asarray(micros - ahead[where, repeated.astype(np.int64)].astype("timedelta64[s]"))


def to_wall(instants: Timestamps, zone: str | None) -> Timestamps:
    """Return Universal Time as wall time of a zone, datetime64[us], in the same shape; None: as it is."""
    micros = instants.astype("datetime64[us]")
    if zone in (None, "UTC"):
        return micros
    return np.asarray(micros + offsets(micros, str(zone)).astype("timedelta64[s]"))


def wall_now(zone: str | None) -> np.datetime64:
    """Return what the clocks of a zone show now, those of Universal Time where it is None; datetime64[us]."""
    found: np.datetime64 = to_wall(np.array([datetime.now(UTC).replace(tzinfo=None)], dtype="datetime64[us]"), zone)[0]
    return found


def offsets(instants: Timestamps, zone: str) -> NDArray[np.int64]:
    """Return how many seconds the clocks of a zone are ahead of Universal Time at instants of it, in the same shape."""
    marks, where = _quarters(instants)
    place = ZoneInfo(zone)
    found = [datetime.fromtimestamp(mark, UTC).astimezone(place).utcoffset() for mark in marks]
    seconds = np.array([0 if one is None else int(one.total_seconds()) for one in found], dtype=np.int64)
    return seconds[where].reshape(instants.shape)


def _quarters(micros: Timestamps) -> tuple[list[int], NDArray[np.int64]]:
    """Return the distinct quarters of an hour in seconds since 1970, and for each time, flat, which is its."""
    marks = np.clip(micros.astype("datetime64[s]").astype(np.int64) // _QUARTER, _FIRST, _LAST)
    distinct, where = np.unique(marks, return_inverse=True)
    return (distinct * _QUARTER).tolist(), where.ravel()


def _wall_offsets(seconds: int, zone: str) -> list[int]:
    """Return the offset of a wall time in seconds, when it comes first and when it comes again."""
    wall = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=ZoneInfo(zone))
    found = (wall.replace(fold=fold).utcoffset() for fold in (0, 1))
    return [0 if offset is None else int(offset.total_seconds()) for offset in found]
