"""Where time is cut into training, validation and test, and which rows the gaps before the cuts take out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.split.guards import empty_sets
from ml.split.time_params import Cut, TimeSplitParams
from ml.split.timestamps import Timestamps, written
from ml.values.canonical import parse_date
from schemas.errors import ContentError


def draw_by_time(
    timestamps: Timestamps, params: TimeSplitParams, by: str, test: float, validation: float
) -> NDArray[np.str_]:
    """Return "train", "validation", "test" or "" (in a gap before a cut) for every timestamp, (rows,).

    Raises:
        ContentError: If gap or cuts are of another kind than the column, or a set comes out empty.
    """
    gap = _gap(timestamps, params, by)
    given = {name: _given(timestamps, getattr(params, name), name, by) for name in ("test_from", "validation_from")}
    test_from = given["test_from"]
    if test_from is None:
        test_from = _by_share(timestamps, test, 2, by)
    rest = timestamps[timestamps < test_from]
    validation_from = given["validation_from"]
    if validation_from is None:
        validation_from = _by_share(rest, validation / (1 - test), 1, by)
    # A row belongs to what it precedes by more than the gap; without a gap this is every older row.
    sets = np.full(len(timestamps), "", dtype="<U10")
    sets[timestamps >= test_from] = "test"
    sets[(timestamps >= validation_from) & (timestamps < test_from - gap)] = "validation"
    sets[(timestamps < validation_from - gap) & (timestamps < test_from - gap)] = "train"
    if empty := empty_sets(sets):
        raise ContentError(
            f"the {' and the '.join(empty)} set came out empty: column {by!r} goes from {written(timestamps.min())} to "
            f"{written(timestamps.max())}, validation begins at {written(validation_from)}, "
            f"test at {written(test_from)}, "
            f"and the gap before both is {params.gap}. Choose other cuts, other shares or a smaller gap"
        )
    return sets


def _by_share(timestamps: Timestamps, share: float, least: int, by: str) -> Any:
    """Return the timestamp from which on the newest `share` lies, as nearly as equal timestamps allow.

    Rows that are newer than all others move it forward only: what counts is how many rows come before a timestamp,
    which stays, while the number wanted grows.

    Args:
        timestamps: When the rows were, (rows,).
        share: How much of them should lie at or after the cut.
        least: How many different timestamps must be left before it.
        by: The column, for the error.
    """
    distinct, counts = np.unique(timestamps, return_counts=True)
    if len(distinct) <= least:
        held = " and ".join(map(written, distinct)) if len(distinct) else "none"
        raise ContentError(
            f"column {by!r} holds too few different timestamps to split by time ({held}): training, validation and "
            "test need at least one each, and equal timestamps stay together. Choose another split.by or another split"
        )
    before = np.cumsum(counts)[:-1]
    wanted = len(timestamps) * (1 - share)
    return distinct[least + int(np.argmin(np.abs(before[least - 1 :] - wanted)))]


def _given(timestamps: Timestamps, cut: Cut | None, name: str, by: str) -> Any:
    if cut is None:
        return None
    is_date = timestamps.dtype.kind == "M"
    if is_date != isinstance(cut, str):
        kind, example = ("dates", "2024-06-01") if is_date else ("numbers", written(timestamps.max()))
        raise ContentError(f"split.{name} is {cut!r}, but column {by!r} holds {kind}; for example {name}: {example}")
    if not isinstance(cut, str):
        return timestamps.dtype.type(cut) if cut == int(cut) else np.float64(cut)
    return np.datetime64(parse_date(cut), "us")


def _gap(timestamps: Timestamps, params: TimeSplitParams, by: str) -> Any:
    if timestamps.dtype.kind == "M":
        if params.seconds is None:
            raise ContentError(
                f"split.gap is {params.gap}, but column {by!r} holds dates; give the unit: {params.gap:g}d"
            )
        return np.timedelta64(params.seconds, "s")
    if params.seconds:
        raise ContentError(f"split.gap is {params.gap!r}, but column {by!r} holds numbers; give it in their unit")
    return 0 if params.seconds == 0 else params.gap
