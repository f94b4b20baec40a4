"""What an experiment may declare of one column, as far as its training rows support it."""

import math
import unicodedata
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.explore.typed_column import Reading
from ml.values.columns import as_cells, fits
from ml.values.display import SENTENCE, plain_line
from ml.values.text import ISO
from schemas.base import Scalar
from schemas.column_types import DatePart
from schemas.data import Column
from schemas.data_spec import ColumnSpec
from schemas.exploration import ColumnView

ENOUGH = 30
"""So many training rows at least say that a value is never missing, or that no other value exists."""
LISTED = 20
_LONGEST = 100
_DAYS_A_YEAR = 365.0


def as_declared(spec: ColumnSpec, *, lenient: bool) -> dict[str, Any]:
    """Return what the experiment declares itself; `lenient` lowers a check that does not hold to a warning."""
    declaration = spec.model_dump(mode="json", exclude_defaults=True)
    return {**declaration, "on_violation": "warn"} if lenient else declaration


def suggested(values: pd.Series, reading: Reading, view: ColumnView) -> tuple[dict[str, Any], str]:
    """Return the keys below `data.columns.<name>` and a comment that says why.

    Bounds lie outside of what was seen and a value beyond them warns: the other sets were not read.

    Args:
        values: The column's raw training rows.
        reading: The same as its type reads them.
        view: What the page shows of the column.
    """
    column = reading.column
    if column.type == "drop":
        return {"type": "drop"}, _comment(view.why)
    declaration: dict[str, Any] = {"type": column.type}
    if column.type == "date":
        declaration |= _date(reading, column)
    if not view.missing and len(values) >= ENOUGH:
        declaration["nullable"] = False
    if column.type == "number" and view.numbers is not None and view.distinct > 1:
        declaration |= _bounds(view.numbers.minimum, view.numbers.maximum)
    if column.type == "category" and (known := _complete(values, reading)):
        declaration["allowed"] = known
    asks = {"nullable", "min", "max", "allowed"} & declaration.keys()
    # A declared type is an expectation of its own; the rows that it was read off may break it in a few places.
    if (
        asks
        or not fits(values, column.type, column.dates, column.marks).all()
        or column.type in ("number", "date", "boolean")
    ):
        declaration["on_violation"] = "warn"
    return declaration, _comment(view.why)


def outward(low: float, high: float) -> tuple[float | int, float | int]:
    """Return bounds beyond `low` < `high`, rounded outward to a tenth of their distance; 0 stays a bound.

    >>> outward(31.7, 248.3)
    (0, 400)
    """
    if not (high - low > 1e-300 and max(-low, high) < 1e300):
        return low, high  # rounding would leave float64
    room = (high - low) / 2
    step = 10.0 ** math.floor(math.log10(high - low))
    below = 0.0 if 0 <= low <= room * 2 else math.floor((low - room) / step) * step
    above = 0.0 if 0 >= high >= -room * 2 else math.ceil((high + room) / step) * step
    return _tidy(below, step), _tidy(above, step)


def _bounds(low: float, high: float) -> dict[str, float | int]:
    lower, upper = outward(low, high)
    return {"min": lower, "max": upper} if lower <= low and upper >= high else {}


def _tidy(value: float, step: float) -> float | int:
    rounded = round(value, max(0, -math.floor(math.log10(step)))) if step < 1 else value
    return int(rounded) if float(rounded).is_integer() and abs(rounded) < 1e15 else rounded


def _date(reading: Reading, column: Column) -> dict[str, Any]:
    declaration: dict[str, Any] = {"format": column.format} if column.format not in (None, ISO) else {}
    assert reading.numbers is not None
    days = reading.numbers[~reading.missing]
    return {**declaration, "parts": _parts(days)} if len(days) else declaration


def _parts(days: NDArray[np.float64]) -> list[DatePart]:
    """Return the parts that vary: a year that never changes says nothing, and neither does midnight."""
    length = float(days.max() - days.min())
    months = np.unique(days.astype("datetime64[D]").astype("datetime64[M]"))
    parts: list[DatePart] = []
    if length >= _DAYS_A_YEAR:
        parts.append("year")
    if len(months) > 1:
        parts.append("month")
    if len(np.unique(np.floor(days) % 7)) > 1:
        parts.append("weekday")
    if (np.floor(days) != days).any():
        parts.append("hour")
    return [*parts, "days_since_start"]


def _complete(values: pd.Series, reading: Reading) -> list[Scalar] | None:
    """Return the values of a column that likely has no others; None where that is unknown.

    The chance that the next row brings a new value is about the share of values that occurred once. A column of
    which every value came at least twice, in enough rows, is taken to be complete.

    Source:
        I. J. Good, The population frequencies of species and the estimation of population parameters, Biometrika 40
        (1953).
    """
    assert reading.codes is not None
    counts = np.bincount(reading.codes[reading.codes >= 0], minlength=len(reading.labels))
    if not 2 <= len(counts) <= LISTED or counts.min() < 2 or counts.sum() < ENOUGH:
        return None
    known = values.dropna().drop_duplicates()
    cells = [cell for cell in as_cells(known, "category") if cell is not None]
    if not all(map(expressible, cells)):
        return None
    numbers = all(isinstance(cell, int | float) for cell in cells)
    return sorted(cells) if numbers else sorted(cells, key=str)


def expressible(value: Scalar) -> bool:
    """Whether a configuration can hold a value: not `???` (missing), no interpolation, nothing unreadable."""
    if not isinstance(value, str):
        return not isinstance(value, float) or math.isfinite(value)
    odd = any(unicodedata.category(character) in ("Cs", "Cc") for character in value)
    return len(value) <= _LONGEST and not odd and value != "???" and "${" not in value and "://" not in value


def _comment(why: str) -> str:
    """Return a reason on one line, cut between words."""
    line = plain_line(why, SENTENCE + 1)
    return line if len(line) <= SENTENCE else f"{line.rpartition(' ')[0]} …"
