"""What every splitter refuses: a set without rows, a `by` that the method does not know, a `by` that is not there."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.values.columns import is_text
from schemas.errors import ContentError, did_you_mean


def refuse_by(by: str | None, method: str) -> None:
    """Raise ContentError when `by` is given to a method that draws row by row."""
    if by is not None:
        raise ContentError(f"split.by={by!r} means nothing to the split {method!r}, which draws every row by itself")


def column_by(rows: pd.DataFrame, by: str | None, method: str) -> pd.Series:
    """Return the column that decides, (rows,), with a value in every row. Raises ContentError."""
    if by is None:
        raise ContentError(f"the split {method!r} needs split.by, the column that decides which set a row is in")
    if by not in rows.columns:
        names = [str(name) for name in rows.columns]
        raise ContentError(f"split.by: there is no column {by!r}.{did_you_mean(by, names)}")
    column = rows[by]
    missing = column.isna().to_numpy(dtype=bool)
    if is_text(column):
        missing = missing | (column.astype("str").str.strip() == "").to_numpy(dtype=bool, na_value=True)
    if missing.any():
        raise ContentError(
            f"column {by!r}, which the split {method!r} goes by, is missing in {missing.sum():,} of {len(rows):,} rows "
            f"({places(missing)}): in which set they belong is unknown. Fill it in or remove those rows"
        )
    return column


def places(wanted: NDArray[np.bool_]) -> str:
    """Return `rows 3, 8, …`, counted from 1."""
    found = np.flatnonzero(wanted)
    return "rows " + ", ".join(str(place + 1) for place in found[:5].tolist()) + (", …" if len(found) > 5 else "")


def empty_sets(sets: NDArray[np.str_]) -> list[str]:
    """Return which of train, validation and test no row fell into."""
    return [name for name in ("train", "validation", "test") if not (sets == name).any()]


def nonempty(sets: NDArray[np.str_], shares: dict[str, float]) -> NDArray[np.str_]:
    """Return `sets`, (rows,), or raise ContentError naming the sets that no row fell into."""
    shares = {"train": 1 - sum(shares.values()), **shares}
    if empty := empty_sets(sets):
        names = " and ".join(f"the {name} set ({shares[name]:.0%})" for name in empty)
        raise ContentError(
            f"{len(sets)} rows are too few, or too alike, to split: {names} came out empty. Equal rows share a set. "
            "Give more rows, larger split shares, or another split.salt"
        )
    return sets
