"""Raw cells to the float matrix that a model's graph takes, as the signature declares it.

Training and serving both go through here. The service imports this module: NumPy and the schemas, nothing heavier.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.features.stacking import shapes, stacked
from ml.features.window_rows import WindowReader
from ml.forecasting.features import WindowFeatures
from ml.predictions.predictor import FEATURES, Outlook
from ml.text.tfidf import Tfidf
from ml.text.tokens import Tokens
from ml.values.canonical import canonical, parse_date
from ml.values.number_table import NumberTable
from ml.values.numbers import Numbers, as_table
from ml.values.sparse_rows import SparseRows
from schemas.base import Scalar
from schemas.column_types import DatePart
from schemas.signature import (
    BooleanDerivation,
    CategoryDerivation,
    DateDerivation,
    Derivation,
    FeatureDerivation,
    IdentifierDerivation,
    NumberDerivation,
    Signature,
    TensorDerivation,
    TextDerivation,
    TokensDerivation,
    WindowDerivation,
)

Cell = Scalar | None
Columns = list[Sequence[Cell] | NDArray[np.float64]]
_FLOAT32_MAX = float(np.finfo(np.float32).max)
_BOOLEANS = {"true": 1.0, "1": 1.0, "false": 0.0, "0": 0.0}


class Deriver:
    """A signature compiled once, for many calls of `matrix` or `arrays`."""

    def __init__(self, signature: Signature) -> None:
        self._rules = [
            (one.column, _compile(one)) for one in signature.derivations if isinstance(one, FeatureDerivation)
        ]
        numeric = all(isinstance(one, NumberDerivation) for one in signature.derivations)
        self._numbers = [one.column for one in signature.derivations] if numeric else []
        windows = [WindowReader(one) for one in signature.derivations if isinstance(one, WindowDerivation)]
        self._window = windows[0] if windows else None
        self._arrays = [one for one in signature.derivations if isinstance(one, TensorDerivation)]
        self.texts = {one.column: _text(one) for one in signature.words}
        """What reads the words of each text."""
        self._first = signature.inputs[0].name if signature.inputs else None

    def arrays(self, cells: Mapping[str, Sequence[Any]]) -> dict[str, NDArray[Any] | SparseRows]:
        """Return `matrix` under the name `features`, and every input that is an array or a text under its own.

        An input of a free axis is as long there as the longest of the rows, with zeros behind the shorter ones;
        `NAME.shape`, int32 (rows, axes), says how long each is.

        Args:
            cells: As `matrix` takes them; cells of arrays are `Tensor`s of the shape and type that the signature says.
        """
        found: dict[str, NDArray[Any] | SparseRows] = {FEATURES: self.matrix(cells)}
        found.update({column: made(cells[column]) for column, made in self.texts.items()})
        for one in self._arrays:
            column = cells[one.column]
            found[one.column] = stacked(column, one.shape, one.dtype)
            if None in one.shape:
                found[shape_name(one.column)] = shapes(column, len(one.shape))
        return found

    def outlook(self, cells: Mapping[str, Sequence[Any]]) -> Outlook | None:
        """Return what is known of the targets of forecasts beforehand, None of all else."""
        return None if self._window is None else self._window.outlook(cells)

    def matrix(self, cells: Mapping[str, Sequence[Any]]) -> NDArray[np.float32]:
        """Return the features, (rows, features) in the order of `signature.features`.

        Args:
            cells: For every input column its values, all of one length; None is a missing value, dates are ISO 8601.

        Raises:
            KeyError: If an input column is not in `cells`.
            ValueError: If a value does not have its column's type (the service checks that before).
        """
        if self._window is not None:
            return self._window.matrix(cells)
        shared = self._shared(cells)
        if shared is not None:
            return _bounded(np.maximum(shared, -_FLOAT32_MAX))
        columns: Columns = []
        if self._numbers:
            columns = [_numbers(cells[column]) for column in self._numbers]
        else:
            for column, rule in self._rules:
                columns += rule(cells[column])
        if not columns:
            return np.empty((0 if self._first is None else len(cells[self._first]), 0), dtype=np.float32)
        try:
            table = np.array(columns, dtype=np.float64)
        except OverflowError:  # an integer beyond float64
            table = np.array([[number(value) for value in column] for column in columns], dtype=np.float64)
        return _bounded(np.maximum(table, -_FLOAT32_MAX, out=table))

    def _shared(self, cells: Mapping[str, Sequence[Cell]]) -> NDArray[np.float64] | None:
        """Return the numbers as a table that others have too, (columns, rows); None where there is none."""
        if type(cells) is NumberTable and cells.names == self._numbers:
            return cells.table
        return as_table([cells[column] for column in self._numbers])


def derive(signature: Signature, cells: Mapping[str, Sequence[Cell]]) -> NDArray[np.float32]:
    """Return `Deriver(signature).matrix(cells)`."""
    return Deriver(signature).matrix(cells)


def array_names(signature: Signature) -> list[str]:
    """Return the names that `Deriver.arrays` gives."""
    names = [FEATURES]
    for one in signature.derivations:
        if isinstance(one, TensorDerivation):
            names += [one.column, shape_name(one.column)] if None in one.shape else [one.column]
        elif isinstance(one, TextDerivation):
            names.append(one.column)
    return names


def shape_name(column: str) -> str:
    """Return under which name it stands how long the axes of an input's rows are."""
    return f"{column}.shape"


def feature_names(derivation: Derivation) -> list[str]:
    """Return the names of the features that a derivation gives, in order."""
    if isinstance(derivation, TensorDerivation | TextDerivation):
        return []
    if isinstance(derivation, WindowDerivation):
        return WindowFeatures.of(derivation.forecast).names
    if isinstance(derivation, DateDerivation):
        return [f"{derivation.column}.{part}" for part in derivation.parts]
    return [derivation.column]


def _bounded(table: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return features, (rows, features), none above the largest float32; the table is changed."""
    return np.ascontiguousarray(np.minimum(table, _FLOAT32_MAX, out=table).T, dtype=np.float32)


def _numbers(cells: Sequence[Cell]) -> Sequence[Cell] | NDArray[np.float64]:
    return cells.array if type(cells) is Numbers else cells


def _text(derivation: TextDerivation) -> Tfidf | Tokens:
    if isinstance(derivation, TokensDerivation):
        return Tokens(derivation.words, derivation.length)
    return Tfidf(derivation.words, derivation.idf, ngrams=derivation.ngrams, sublinear=derivation.sublinear)


def _compile(derivation: FeatureDerivation) -> Callable[[Sequence[Cell]], Columns]:
    match derivation:
        case NumberDerivation():
            return lambda cells: [_numbers(cells)]
        case BooleanDerivation():
            return lambda cells: [[boolean(value) for value in cells]]
        case CategoryDerivation(categories=categories, impute=impute):
            return _lookup({name: float(code) for code, name in enumerate(categories)}, impute, unknown=-1.0)
        case IdentifierDerivation(values=values):
            return _lookup({name: float(code) for code, name in enumerate(values, start=1)}, None, unknown=0.0)
        case DateDerivation():
            return _dates(derivation)


def _lookup(codes: dict[str, float], impute: str | None, unknown: float) -> Callable[[Sequence[Cell]], Columns]:
    missing = unknown if impute is None else codes.get(impute, unknown)

    def code(value: Cell) -> float:
        if value is None or value != value:
            return missing
        return codes.get(value if isinstance(value, str) else canonical(value), unknown)

    return lambda cells: [[code(value) for value in cells]]


def boolean(value: Cell) -> float:
    """Return 1 for true, 0 for false, NaN for a missing value and for what is neither."""
    if value is True:
        return 1.0
    if value is False:
        return 0.0
    return math.nan if value is None else _BOOLEANS.get(canonical(value).lower(), math.nan)


def number(value: Cell) -> float:
    """Return a number, infinity for an integer beyond float64, NaN for a missing value. Raises ValueError."""
    try:
        return math.nan if value is None else float(value)
    except OverflowError:
        return math.copysign(math.inf, 1 if value > 0 else -1)  # type: ignore[operator]


_PARTS: dict[DatePart, Callable[[datetime, datetime], float]] = {
    "year": lambda timestamp, _: float(timestamp.year),
    "month": lambda timestamp, _: float(timestamp.month),
    "weekday": lambda timestamp, _: float(timestamp.weekday()),
    "day": lambda timestamp, _: float(timestamp.day),
    "hour": lambda timestamp, _: float(timestamp.hour),
    "days_since_start": lambda timestamp, start: (timestamp - start).total_seconds() / 86400,
}


def _dates(derivation: DateDerivation) -> Callable[[Sequence[Cell]], Columns]:
    start = parse_date(derivation.start)
    parts = [_PARTS[part] for part in derivation.parts]

    def read(cells: Sequence[Cell]) -> Columns:
        timestamps = [None if value is None else parse_date(str(value)) for value in cells]
        return [
            [math.nan if timestamp is None else part(timestamp, start) for timestamp in timestamps] for part in parts
        ]

    return read
