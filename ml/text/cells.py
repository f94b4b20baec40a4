"""A column of free text as plain texts; what has no word is missing, in training as in a request."""

import pandas as pd

from ml.text.tokenize import has_word
from ml.values.columns import as_cells
from schemas.column_types import TEXT


def text_cells(column: pd.Series) -> list[str | None]:
    """Return the texts of a column as they were written, None for a missing one and for one without a word."""
    return [str(cell) if cell is not None and has_word(str(cell)) else None for cell in as_cells(column, TEXT)]
