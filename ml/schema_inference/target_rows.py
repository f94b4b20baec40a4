"""The target before anything is inferred from it: rows that have none, and classes that differ in spelling only."""

from collections.abc import Iterable, Sequence

import pandas as pd

from ml.values.canonical import canonical
from ml.values.columns import as_cells, is_text
from ml.values.text import folded
from schemas.base import Scalar
from schemas.data_spec import TargetReading


def labelled_rows(frame: pd.DataFrame, target: TargetReading) -> tuple[pd.DataFrame, int]:
    """Return the rows whose target is known, and how many others there were; all rows where those are refused later."""
    if target.missing == "refuse" or target.name not in frame.columns:
        return frame, 0
    known = frame[target.name].notna()
    return frame[known].reset_index(drop=True), int((~known).sum())


def merged_spellings(frame: pd.DataFrame, target: TargetReading) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return the rows with one spelling for each class, its most frequent, and the others by it."""
    if target.spellings == "keep" or target.name not in frame.columns or not is_text(frame[target.name]):
        return frame, {}
    column = frame[target.name]
    cells = pd.Series(as_cells(column, "category"), index=column.index, dtype="object")
    counts = cells.value_counts()
    ranked = sorted(counts.index, key=lambda label: (-counts[label], str(label)))
    groups = {kept: others for kept, *others in alike(ranked)}
    instead = {other: kept for kept, others in groups.items() for other in others}
    read = cells.map(lambda label: instead.get(label, label)).astype(column.dtype)
    return frame.assign(**{target.name: read}), groups


def alike(labels: Iterable[Scalar]) -> list[list[str]]:
    """Return the labels that differ in case, blanks or the form of their letters only, in the order given."""
    groups: dict[str, list[str]] = {}
    for label in labels:
        groups.setdefault(folded(canonical(label)), []).append(canonical(label))
    return [group for group in groups.values() if len(group) > 1]


def said(groups: Sequence[Sequence[str]]) -> str:
    """Return groups of spellings for a message."""
    shown = "; ".join(", ".join(map(repr, group)) for group in groups[:3])
    return shown + (f"; and {len(groups) - 3} more" if len(groups) > 3 else "")
