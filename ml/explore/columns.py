"""Everything that the page says of one column."""

import pandas as pd

from ml.explore.association import association
from ml.explore.bars import bars, span, summary
from ml.explore.levels import levels
from ml.explore.target import Target, groups
from ml.explore.typed_column import Reading
from ml.schema_inference.column_types import guess
from ml.schema_inference.infer import OF_GROUPS
from ml.values.display import plain_line
from schemas.data import Column
from schemas.errors import ContentError
from schemas.exploration import ColumnView

SHOWN, MEASURED = 10, 50
"""Labels with a group of their own: those shown, and those that the association is measured on."""


def view(values: pd.Series, reading: Reading, target: Target) -> ColumnView:
    """Describe one column of the training rows."""
    column, missing = reading.column, reading.missing
    view = ColumnView(
        name=column.name,
        type=column.type,
        declared=column.declared,
        why=reason(values, column),
        unit=column.unit,
        missing=int(missing.sum()),
        distinct=_distinct(reading),
    )
    if column.type == "drop":
        return view
    known = None if reading.numbers is None else reading.numbers[~missing]
    few = levels(reading, SHOWN)
    many = few if reading.codes is None else levels(reading, MEASURED)
    return view.model_copy(
        update={
            "numbers": summary(known) if known is not None and column.type == "number" else None,
            "span": span(known) if known is not None and column.type == "date" else None,
            "bars": bars(reading),
            "association": association(many, target),
            "groups": groups(few, target),
        }
    )


def reason(values: pd.Series, column: Column) -> str:
    """Return why a column has its type as the training rows show it; the run's own reason has seen all rows."""
    if column.declared:
        return "declared by the experiment"
    if column.why == OF_GROUPS:
        return OF_GROUPS
    try:
        found = guess(column.name, values)
    except ContentError:
        found = None
    if found is not None and found.type == column.type:
        return plain_line(found.why)
    return "read off all rows; the training rows alone would not show it"


def _distinct(reading: Reading) -> int:
    if reading.numbers is not None:
        return int(pd.Series(reading.numbers).nunique())
    assert reading.codes is not None
    return len(set(reading.codes[reading.codes >= 0].tolist())) if len(reading.codes) else 0
