"""Cells of windows to the features of every step ahead. Light: the service imports it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.forecasting.clock import offsets
from ml.forecasting.features import WindowFeatures
from ml.forecasting.grid import Timestamps
from ml.forecasting.metrics import naive_error
from ml.predictions.predictor import Outlook
from ml.values.canonical import canonical, parse_date
from ml.values.instants import to_instant
from ml.values.tensor import Tensor
from schemas.signature import WindowDerivation

_ONE = 1
"""The code of the only series."""


class WindowReader:
    """A derivation compiled once, for many calls."""

    def __init__(self, derivation: WindowDerivation) -> None:
        self.features = WindowFeatures.of(derivation.forecast)
        self._derivation = derivation
        # Of a series that is not known, and in a package that does not say them, no scale is usual.
        self._usual = np.array([0.0, *derivation.scales]) if derivation.scales else None
        forecast = derivation.forecast
        self._zone = forecast.zone if forecast.by_instant else None
        self._codes = {name: code for code, name in enumerate(derivation.values, start=1)}

    def matrix(self, cells: Mapping[str, Sequence[Any]]) -> NDArray[np.float32]:
        """Return the features of windows, (rows, features) as `WindowFeatures.names` has them.

        Args:
            cells: The points of each row as a `Tensor`, the newest last, at least as many as are looked at; its time in
                ISO 8601, with an offset or by the clocks of the zone; the name of its series, which has the code 0
                where it is not known.
        """
        series = self._series(cells)
        usual = None if self._usual is None else self._usual[series]
        return self.features.matrix(self._history(cells), self._origins(cells), series, usual)

    def outlook(self, cells: Mapping[str, Sequence[Any]]) -> Outlook:
        """Return when the targets of the rows are, of which series, and how wrong the naive forecast was before."""
        name = self._derivation.series
        times = self.features.target_times(self._origins(cells))
        return Outlook(
            times=times,
            naive=naive_error(self._history(cells), self.features.season),
            series=None if name is None else [canonical(one) for one in cells[name]],
            offsets=None if self._zone is None else offsets(times, self._zone),
        )

    def _history(self, cells: Mapping[str, Sequence[Any]]) -> NDArray[np.float64]:
        length = self.features.history
        column: Sequence[Tensor] = cells[self._derivation.column]
        if not len(column):
            return np.empty((0, length))
        return np.stack([cell.array[-length:] for cell in column]).astype(np.float64)

    def _origins(self, cells: Mapping[str, Sequence[Any]]) -> Timestamps:
        texts, zone = map(str, cells[self._derivation.time]), self._zone
        if zone is None:
            return np.array([parse_date(text) for text in texts], dtype="datetime64[us]")
        return np.array([to_instant(datetime.fromisoformat(text), zone) for text in texts], dtype="datetime64[us]")

    def _series(self, cells: Mapping[str, Sequence[Any]]) -> NDArray[np.int64]:
        name = self._derivation.series
        if name is None:
            return np.full(len(cells[self._derivation.column]), _ONE, dtype=np.int64)
        return np.array([self._codes.get(canonical(one), 0) for one in cells[name]], dtype=np.int64)
