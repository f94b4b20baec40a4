"""The target, and how it differs between groups of rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.explore.bars import label_bars, number_bars, ranked, summary
from ml.explore.levels import Levels
from ml.explore.typed_column import label_codes
from ml.values.columns import as_numbers
from ml.values.display import readable
from schemas.data import Problem
from schemas.exploration import Bars, Group, Numbers

LISTED = 6
"""Classes with a colour of their own; the others are one."""


@dataclass(frozen=True)
class Target:
    """The target of the training rows: `codes`, int64 (rows,), by frequency, or `numbers`, float64 (rows,).

    `classes` are those with a colour of their own, `labels` all of them, by their codes.
    """

    codes: NDArray[np.int64] | None
    numbers: NDArray[np.float64] | None
    classes: list[str]
    bars: Bars
    summary: Numbers | None
    labels: Sequence[str] = ()


def read_target(train: pd.DataFrame, problem: Problem) -> Target:
    """Read the target column; only classes that the training rows hold are known here."""
    column = train[problem.target]
    if problem.classes is None:
        numbers = as_numbers(column)
        known = numbers[~np.isnan(numbers)]
        return Target(None, numbers, [], number_bars(known), summary(known))
    codes, labels = label_codes(column)
    order = ranked(np.bincount(codes[codes >= 0], minlength=len(labels)), labels)
    place = np.empty(len(labels), dtype=np.int64)
    place[order] = np.arange(len(order))
    listed = order if len(order) <= LISTED + 1 else order[:LISTED]
    bars = label_bars(codes[codes >= 0], labels, most=max(len(listed), 12))
    names = [readable(labels[code]) for code in order]
    return Target(place[codes], None, names[: len(listed)], bars, None, names)


def groups(found: Levels, target: Target) -> list[Group]:
    """Return for each level the target of its rows: shares of the classes, or mean and quartiles."""
    made = []
    for place, name in enumerate(found.names):
        rows = found.codes == place
        if not rows.any():
            continue
        gap = found.gaps and place == len(found.names) - 1
        made.append(_group(name, rows, gap, target))
    return made


def _group(name: str, rows: NDArray[np.bool_], gap: bool, target: Target) -> Group:
    count = int(rows.sum())
    if target.codes is not None:
        last = len(target.classes)
        counts = np.bincount(np.minimum(target.codes[rows], last), minlength=last + 1)
        return Group(label=name, rows=count, missing=gap, shares=[round(float(n), 4) for n in counts / count])
    assert target.numbers is not None
    numbers = target.numbers[rows]
    low, high = np.quantile(numbers, [0.25, 0.75]).tolist()
    return Group(label=name, rows=count, missing=gap, mean=float(numbers.mean()), low=low, high=high)
