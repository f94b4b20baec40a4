"""A row that was predicted and labelled, as the journal has it."""

from typing import Any, NamedTuple


class LabelledRow(NamedTuple):
    """One row; times are seconds since the epoch, `source` is who labelled, None where nobody said."""

    request_id: str
    row: int
    time: float
    version: str
    inputs: dict[str, Any]
    label: Any
    source: str | None
    label_time: float
