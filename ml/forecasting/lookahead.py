"""Whether features look into the future: every change of what comes after an origin must leave them as they are."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Featurise = Callable[[NDArray[np.float64], int], NDArray[np.float64]]
"""From the values of a series, (points,), and the position of the origin in them, to features of any shape."""
_ROUNDS = 3


def looks_ahead(featurise: Featurise, values: NDArray[np.float64], origins: list[int], seed: int = 0) -> list[str]:
    """Return a sentence for every change of the future that changed a feature; none: nothing of it was looked at.

    The points after an origin are replaced by noise, by other magnitudes, by their mirror image, by zeros and by gaps,
    and cut off. A feature function that fails without a future has looked at it too.

    Args:
        featurise: Is given the whole series and the position of the last known point.
        values: A series, (points,), that changes.
        origins: Positions to try, each at least one point before the end.
        seed: Of the noise.

    Raises:
        ValueError: If no origin is given, or one has no point after it: nothing would be tried.
    """
    if not origins or not all(0 <= origin < len(values) - 1 for origin in origins):
        raise ValueError(
            f"origins {origins}: each must lie before the last of the {len(values)} points, and there must be one; "
            "without points after it nothing could be looked at"
        )
    draw = np.random.default_rng(seed)
    found: list[str] = []
    for origin in origins:
        before = np.asarray(featurise(values.copy(), origin))
        for name, changed in _futures(values, origin, draw):
            try:
                after = np.asarray(featurise(changed, origin))
            except Exception as error:
                found.append(f"origin {origin}: with the future {name} it raised {type(error).__name__}: {error}")
                continue
            moved = _moved(before, after)
            if moved:
                found.append(f"origin {origin}: with the future {name}, {moved}")
    return found


def _futures(
    values: NDArray[np.float64], origin: int, draw: np.random.Generator
) -> list[tuple[str, NDArray[np.float64]]]:
    past, future = values[: origin + 1], values[origin + 1 :]
    spread = float(np.nanstd(values)) or 1.0
    others = [
        (f"replaced by noise ({turn})", draw.normal(0, 5 * spread, len(future))) for turn in range(1, _ROUNDS + 1)
    ]
    others += [
        ("a thousandfold", future * 1000 + spread),
        ("reversed", future[::-1] + spread),
        ("all zeros", np.zeros(len(future))),
        ("all gaps", np.full(len(future), np.nan)),
        ("cut off", future[:0]),
    ]
    return [(name, np.concatenate([past, other])) for name, other in others]


def _moved(before: NDArray[np.float64], after: NDArray[np.float64]) -> str:
    if before.shape != after.shape:
        return f"the features have the shape {after.shape} instead of {before.shape}"
    if np.array_equal(before, after, equal_nan=True):
        return ""
    differ = np.flatnonzero(~((before == after) | (np.isnan(before) & np.isnan(after))).ravel())
    return f"{len(differ)} of {before.size} features changed, the first at position {differ[0]}"
