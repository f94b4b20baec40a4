"""What is learnt: task and classes, read off the target column, with every fault that keeps it from being learnt.

The rule for `task: auto`: text, true and false, and whole numbers with at most 10 different values are classes; other
numbers are a quantity to predict (regression).
"""

import numpy as np
import pandas as pd

from ml.validation.examples import examples
from ml.values.canonical import canonical
from ml.values.columns import as_cells, as_numbers, is_text, is_timestamp, with_infinities
from ml.values.units import quantity_note
from schemas.base import Scalar, Task
from schemas.data import Problem
from schemas.data_spec import DataSpec
from schemas.reading import POINT, Marks

MAX_WHOLE_CLASSES = 10
MAX_FEW = 30
"""A quantity of at most so many values, each in `_EACH` rows on average, may be labels."""
_EACH = 5
_FEW_LINES = 5


def infer_problem(column: pd.Series, spec: DataSpec, marks: Marks = POINT) -> tuple[Problem | None, str, list[str]]:
    """Return the problem, why it is that one, and the faults; the problem is None when there are faults."""
    faults = _missing(column, spec)
    known = column.dropna()
    if known.empty:
        return None, "", faults
    if spec.forecasts:
        why = f"forecast: the next {spec.horizon} points of {spec.target!r} are asked for"
        faults = _number_faults(known, spec.target, marks)  # a row without a value is a gap, which the checks count
        return (None if faults else Problem(target=spec.target, task="forecast", unit=spec.unit)), why, faults
    if _is_regression(known, spec, marks):
        why = (
            f"regression: {spec.target!r} holds numbers, {known.nunique():,} distinct values{_or_classes(known, spec)}"
        )
        problem = Problem(target=spec.target, task="regression", unit=spec.unit)
        faults += _number_faults(known, spec.target, marks)
        return (None if faults else problem), why, faults
    classes = _classes(known)
    task: Task = "binary" if len(classes) == 2 else "multiclass"
    faults += _class_faults(classes, known, spec)
    named = ", ".join(map(repr, classes[:6])) + (", …" if len(classes) > 6 else "")
    problem = Problem(target=spec.target, task=task, classes=classes, unit=spec.unit)
    why = f"{task}: {spec.target!r} holds {len(classes)} classes, {named}{_or_quantity(classes, spec)}"
    return (None if faults else problem), why, faults


def _or_quantity(classes: list[Scalar], spec: DataSpec) -> str:
    """Return the key for classes that are whole numbers, whose order the model would not know."""
    numbers = all(isinstance(label, int | float) and not isinstance(label, bool) for label in classes)
    if not _is_inferred(spec) or not numbers or len(classes) < 3:
        return ""
    return "; the model does not know their order: if it counts, as with stars or grades, declare data.task=regression"


def _or_classes(known: pd.Series, spec: DataSpec) -> str:
    """Return the key for a quantity of so few values that they may be labels."""
    distinct = known.nunique()
    if not _is_inferred(spec) or distinct > MAX_FEW or len(known) < _EACH * distinct:
        return ""
    return "; if they are labels and their distances mean nothing, declare data.task=classification"


def _is_inferred(spec: DataSpec) -> bool:
    return spec.task == "auto" and _declared_type(spec) is None


def _declared_type(spec: DataSpec) -> str | None:
    return spec.columns[spec.target].type if spec.target in spec.columns else None


def _is_regression(known: pd.Series, spec: DataSpec, marks: Marks) -> bool:
    if spec.task != "auto":
        return spec.task == "regression"
    declared = _declared_type(spec)
    if declared is not None:
        return declared == "number"
    if is_timestamp(known) or pd.api.types.is_bool_dtype(known.dtype):
        return False
    numbers = as_numbers(known, marks)
    if is_text(known):
        return bool(np.mean(~np.isnan(numbers)) >= 0.8 and known.nunique() > 2 * MAX_WHOLE_CLASSES)
    whole = np.array_equal(numbers, np.floor(numbers))
    return not whole or len(np.unique(numbers)) > MAX_WHOLE_CLASSES


def _missing(column: pd.Series, spec: DataSpec) -> list[str]:
    target = spec.target
    empty = np.flatnonzero(column.isna().to_numpy(dtype=bool))
    if not len(empty):
        return []
    if len(empty) == len(column):
        return [f"the target {target!r} has no value in any of the {len(column):,} rows"]
    return [
        f"the target {target!r} is missing in {len(empty):,} of {len(column):,} rows (rows {_places(empty)}); "
        f"fill it in, or declare data.target_missing: drop to leave those rows out{_total(empty, len(column), spec)}"
    ]


def _total(empty: np.ndarray, rows: int, spec: DataSpec) -> str:
    """Return how to leave out what stands below the rows of a text file, where the last ones alone have no target."""
    if spec.source.name != "csv" or len(empty) > _FEW_LINES or empty.min() != rows - len(empty):
        return ""
    return f"; if they are totals below the table, declare data.skip_end: {len(empty)}"


def _number_faults(known: pd.Series, target: str, marks: Marks) -> list[str]:
    raw = with_infinities(known, marks)
    faults = []
    if (words := known[np.isnan(raw)]).size:
        note = quantity_note(words)
        remedy = note or "clean them, or declare data.task: classification"
        faults.append(
            f"the target {target!r} holds {len(words):,} values that are no numbers ({examples(words)}), but the task "
            f"is regression; {remedy}"
        )
    if infinite := int(np.isinf(raw).sum()):
        faults.append(
            f"the target {target!r} is infinite in {infinite:,} rows (rows {_places(np.flatnonzero(np.isinf(raw)))})"
        )
    finite = raw[np.isfinite(raw)]
    if not faults and len(np.unique(finite)) < 2:
        faults.append(f"the target {target!r} is {finite[0]:g} in every row; there is nothing to learn")
    return faults


def _class_faults(classes: list[Scalar], known: pd.Series, spec: DataSpec) -> list[str]:
    rows = len(known)
    if len(classes) == 1:
        return [f"the target {spec.target!r} has one class only, {classes[0]!r}; there is nothing to tell apart"]
    note = quantity_note(known) if is_text(known) and len(classes) > 2 * MAX_WHOLE_CLASSES else ""
    if note and spec.task == "auto":
        return [
            f"the target {spec.target!r} has {len(classes):,} distinct texts in {rows:,} rows: {note}. Declare "
            "data.task: classification if they are classes"
        ]
    if len(classes) > max(2, rows // 2):
        return [
            f"the target {spec.target!r} has {len(classes):,} classes in {rows:,} rows; that is a text or an id, not "
            "classes. Choose another data.target, or "
            + (note or "declare data.task: regression if it is a quantity in plain numbers")
        ]
    if spec.task == "binary" and len(classes) != 2:
        return [f"data.task is binary, but the target {spec.target!r} has {len(classes)} classes; declare multiclass"]
    if spec.task == "multiclass" and len(classes) == 2:
        return [f"data.task is multiclass, but the target {spec.target!r} has 2 classes; declare binary"]
    return []


def _classes(known: pd.Series) -> list[Scalar]:
    labels = {canonical(label): label for label in as_cells(known.drop_duplicates(), "category") if label is not None}
    if all(isinstance(label, int | float) for label in labels.values()):
        return sorted(labels.values())
    return [labels[name] for name in sorted(labels)]


def _places(positions: np.ndarray) -> str:
    return ", ".join(str(place + 1) for place in positions[:5].tolist()) + (", …" if len(positions) > 5 else "")
