"""Columns that nobody asked to be read: typed where that loses nothing, else the text that stands in the file."""

from collections.abc import Collection

import pandas as pd


def typed_or_text(values: pd.DataFrame, cells: pd.DataFrame, known: Collection[str]) -> pd.DataFrame:
    """Return the typed columns; but one that is not `known` is text if its values do not print as their cells stand.

    Args:
        values: The columns as they were read.
        cells: The text of the same cells, none missing.
        known: Columns whose typed reading is meant.

    An empty cell is missing. So is a word for missing, such as NA, among numbers or booleans; in a text it may be a
    name, and stays.
    """

    def column(name: str) -> pd.Series:
        if name in known or _prints_back(values[name], cells[name]):
            return values[name]
        return cells[name].where(cells[name] != "")

    return pd.DataFrame({name: column(name) for name in values.columns})


def _prints_back(values: pd.Series, cells: pd.Series) -> bool:
    there = values.notna()
    if pd.api.types.is_string_dtype(values.dtype) or not there.any():
        return bool((values.astype("str").fillna("") == cells).all())
    return bool((values[there].astype("object").map(_printed) == cells[there]).all())


def _printed(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
