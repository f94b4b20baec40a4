"""New labelled rows beside those of training: which set each is in, which repeat, and how many of each are taken."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.components.splitter import Splitter
from ml.split.hashing import fractions
from schemas.retraining import RetrainSpec

SETS = ("train", "validation", "test")


@dataclass(frozen=True)
class Plan:
    """How rows are drawn: what `ml.components.splitter.Splitter.assign` takes."""

    splitter: Splitter
    test: float
    validation: float
    by: str | None
    salt: str


def last_of_each(keys: Sequence[Hashable]) -> NDArray[np.bool_]:
    """Return which rows are the last with their key, (rows,)."""
    last = {key: place for place, key in enumerate(keys)}
    kept = np.zeros(len(keys), dtype=bool)
    kept[list(last.values())] = True
    return kept


def sets_of(
    new: pd.DataFrame,
    keys: Sequence[Hashable],
    original: pd.DataFrame,
    known: dict[Hashable, str],
    target: str,
    plan: Plan,
) -> NDArray[np.str_]:
    """Return the set of every new row, (rows,), "" for none.

    It is drawn as the rows of training were, by the same plan and salt; a row whose inputs training had is in the set
    that it has there, so that no test row comes to be trained on with another label.

    Args:
        new: The new rows.
        keys: Of the new rows, `ml.retraining.frames.keys_of`.
        original: All rows of training: sets are drawn among them, some methods refuse to draw few rows.
        known: The set of each of these keys that training has.
        target: The target's column.
        plan: How rows are drawn.
    """
    both = pd.concat([original, new], ignore_index=True)
    drawn = plan.splitter.assign(both, target, test=plan.test, validation=plan.validation, by=plan.by, salt=plan.salt)[
        len(original) :
    ]
    return np.array([known.get(key, one) for key, one in zip(keys, drawn.tolist(), strict=True)], dtype=np.str_)


def joined(original: pd.DataFrame, new: pd.DataFrame, spec: RetrainSpec, target: str) -> tuple[pd.DataFrame, int, int]:
    """Return the rows of one set, the original ones first, and how many of each are in it.

    Args:
        original: The set's rows of training.
        new: Its new rows, the oldest first.
        spec: `append` takes all original rows and the newest of the new ones, up to `share`; `thin` all of the new ones
            and so many of the original that the new are `share`, chosen by their content.
        target: The target's column, which does not count for that choice.
    """
    if spec.join == "append":
        most = len(new) if spec.share == 1 else int(len(original) * spec.share / (1 - spec.share))
        new = new.iloc[max(0, len(new) - most) :]
    else:
        most = round(len(new) * (1 - spec.share) / spec.share)
        if most < len(original) and len(new):
            inputs = [str(name) for name in original.columns if name != target]
            order = np.argsort(fractions(original, inputs, "retraining"), kind="stable")[:most]
            original = original.iloc[np.sort(order)]
    both = pd.concat([original, new], ignore_index=True) if len(new) else original.reset_index(drop=True)
    return both, len(original), len(new)
