"""Whether features of series look into the future, for anybody's feature functions."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from drivetrain.testing.violation import Violation
from ml.forecasting.lookahead import looks_ahead

_POINTS = 120


def check_features(
    featurise: Callable[[Any, int], Any],
    values: Sequence[float] | None = None,
    origins: Sequence[int] | None = None,
    *,
    name: str = "",
) -> list[Violation]:
    """Return a violation for every change of a series' future that changed a feature.

    Args:
        featurise: Is given the values of a whole series, float64 (points,), and the position of the last known point;
            returns features as an array of any shape.
        values: The series to try it with; a drawn one with a season of 12 and a trend where there is none.
        origins: Positions to try; the middle and three quarters where none are named.
        name: For the violations.
    """
    series = _drawn() if values is None else np.asarray(values, dtype=np.float64)
    places = list(origins) if origins is not None else [len(series) // 2, 3 * len(series) // 4]
    subject = f"features {name or getattr(featurise, '__name__', featurise)}"
    return [Violation(subject, "future", message) for message in looks_ahead(featurise, series, places)]


def _drawn() -> Any:
    draw = np.random.default_rng(11)
    at = np.arange(_POINTS)
    return 50 + 0.2 * at + 8 * np.sin(2 * np.pi * at / 12) + draw.normal(0, 2, _POINTS)
