"""Whether every class is in every set, and how many rows are in none."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ml.features.matrix import encode
from schemas.data import Problem
from schemas.evaluation import DataCheck


def check_classes(sets: Mapping[str, pd.DataFrame], problem: Problem) -> list[DataCheck]:
    """Return a warning for each set that lacks a class; nothing for regression.

    A class that the training set lacks cannot be learnt; one that another set lacks is not measured there.
    """
    if problem.classes is None:
        return []
    found = []
    for name, rows in sets.items():
        present = set(np.unique(encode(rows, problem)).tolist())
        absent = [repr(label) for code, label in enumerate(problem.classes) if code not in present]
        if absent:
            effect = "it cannot be learnt" if name == "train" else "it is not measured there"
            shown = ", ".join(absent[:5]) + (f" and {len(absent) - 5} more" if len(absent) > 5 else "")
            message = f"the {name} set ({len(rows):,} rows) has no row of class {shown}: {effect}"
            found.append(
                DataCheck(
                    name="classes",
                    column=problem.target,
                    severity="warn",
                    passed=False,
                    value=len(absent),
                    message=message,
                )
            )
    if found:
        return found
    message = f"each of the {len(problem.classes)} classes is in every set"
    return [DataCheck(name="classes", column=problem.target, severity="warn", passed=True, value=0, message=message)]


def check_left_out(rows: int, sets: Mapping[str, pd.DataFrame]) -> list[DataCheck]:
    """Return how many of all `rows` are in no set, as after a gap in time; nothing where each is in one."""
    left_out = rows - sum(map(len, sets.values()))
    if not left_out:
        return []
    message = f"{left_out:,} of {rows:,} rows are in no set, as the split declares"
    return [DataCheck(name="left_out", severity="warn", passed=True, value=left_out, message=message)]
