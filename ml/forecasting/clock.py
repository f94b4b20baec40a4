"""Wall times of a place and Universal Time, vectorised: where clocks are put back an hour comes twice.

Light: NumPy and the standard library, since the service asks for the hours of the targets.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.grid import Timestamps


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
    marks, where = np.unique(micros.astype("datetime64[m]").astype(np.int64) // 15, return_inverse=True)
    offsets = np.array([_wall_offsets(int(mark) * 900, zone) for mark in marks], dtype=np.int64).reshape(-1, 2)
    return np.asarray(micros - offsets[where, repeated.astype(np.int64)].astype("timedelta64[s]"))


def to_wall(instants: Timestamps, zone: str | None) -> Timestamps:
    """Return Universal Time as wall time of a zone, datetime64[us], in the same shape; None: as it is."""
    micros = instants.astype("datetime64[us]")
    if zone in (None, "UTC"):
        return micros
    marks, where = np.unique(micros.astype("datetime64[m]").astype(np.int64) // 15, return_inverse=True)
    place = ZoneInfo(str(zone))
    found = [datetime.fromtimestamp(int(mark) * 900, UTC).astimezone(place).utcoffset() for mark in marks]
    offsets = np.array([0 if one is None else int(one.total_seconds()) for one in found], dtype=np.int64)
    return np.asarray(micros + offsets[where].reshape(micros.shape).astype("timedelta64[s]"))


def _wall_offsets(seconds: int, zone: str) -> list[int]:
    """Return the offset of a wall time in seconds, when it comes first and when it comes again."""
    wall = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=ZoneInfo(zone))
    found = (wall.replace(fold=fold).utcoffset() for fold in (0, 1))
    return [0 if offset is None else int(offset.total_seconds()) for offset in found]
