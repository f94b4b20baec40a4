"""What a prediction's label may be: one of the classes of the version that predicted, or a finite number."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ml.predictions.codec import LABEL, Record, class_keys, is_value
from ml.validation.refusal import LARGEST_NUMBER, LONGEST_SHOWN, Refusal, kind_of, shown
from ml.values.canonical import canonical
from ml.values.labels import Labels, LostZeros
from ml.values.text import folded, normal, read_number
from schemas.base import Scalar
from schemas.errors import did_you_mean
from schemas.reading import POINT, TextReading

_LISTED = 20


def classes_of(record: Record, own: Sequence[Scalar] | None, others: Sequence[Scalar]) -> Sequence[Scalar] | None:
    """Return the classes that a prediction chose from, None when it was a number.

    Args:
        record: One prediction as the journal has it.
        own: Classes of the version that predicted, None when it is not loaded any more. The prediction then names them
            by its probabilities; of one without probabilities (rules) nothing better is known than `others`.
        others: Classes of the versions that are loaded.
    """
    if is_value(record):
        return None
    if own is not None:
        return own
    label, keys = record.get(LABEL), class_keys(record)
    if keys:
        return [_like(label, key) for key in keys]
    known = {canonical(name): name for name in [*others, *([] if label is None else [label])]}
    return list(known.values())


def accepted(
    label: Any, classes: Sequence[Scalar] | None, text: TextReading | None = None, *, merged: bool = False
) -> Scalar:
    """Return a label as it is kept: the class in its own form (1.0 for the class 1 is 1), or a float.

    Args:
        label: As it was sent.
        classes: What the prediction chose from, None when it was a number.
        text: How the rows of training write numbers as text, None where they do not.
        merged: Whether classes that differ in spelling only are one, so that a label may have any spelling.

    Raises:
        Refusal: If it is none of the classes, or, for a prediction that is a number, no finite one of at most 3.4e38.
    """
    if classes is None:
        return _number(label, text)
    if label is None or not isinstance(label, str | int | float):
        raise Refusal(f"the label must be one of the classes, not {kind_of(label)}; {_listed(classes)}")
    own = {canonical(name): name for name in classes}
    found = own.get(_meant(label, own, text))
    if found is None and merged:
        found = {folded(name): value for name, value in own.items()}.get(folded(canonical(label)))
    if found is None:
        near = did_you_mean(canonical(label)[:LONGEST_SHOWN], list(own))
        raise Refusal(f"the label {shown(label)} is none of the model's classes.{near} {_listed(classes)}")
    return found


def accepted_steps(label: Any, horizon: int) -> list[float | None]:
    """Return what came of a forecast: a number for each step from the first on, null where nothing was measured.

    Raises:
        Refusal: If it is no list of numbers, or has more of them than steps were forecast.
    """
    if label == []:
        raise Refusal("the label of a forecast must be a list of what came, step after step, and this one is empty")
    if not isinstance(label, list):
        raise Refusal(f"the label of a forecast must be a list of what came, step after step, not {kind_of(label)}")
    if len(label) > horizon:
        raise Refusal(f"the label has {len(label)} values, and {horizon} were forecast")
    return [None if one is None else _number(one, None) for one in label]


def _meant(label: Scalar, own: Mapping[str, Scalar], text: TextReading | None) -> str:
    numeric = all(type(name) in (int, float) for name in own.values())
    labels = Labels(own, POINT if text is None else text.marks, numeric=numeric)
    try:
        return labels.of_text(normal(label)) if isinstance(label, str) else labels.of_value(label)
    except LostZeros:  # refused with the classes listed
        return canonical(label)


def _number(label: Any, text: TextReading | None) -> float:
    if isinstance(label, str) and text is not None:
        read = read_number(normal(label), text.decimal, text.thousands)
        label = label if read is None else read
    if isinstance(label, bool) or not isinstance(label, int | float):
        raise Refusal(f"the label must be a number, not {kind_of(label)}")
    try:
        number = float(label)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refusal("the label must be a finite number")
    if abs(number) > LARGEST_NUMBER:
        raise Refusal("the label must be a number between -3.4e38 and 3.4e38, as inputs are")
    return number


def _like(label: Scalar | None, key: str) -> Scalar:
    """Return a class from its text in the form of another class of the same model."""
    try:
        if isinstance(label, bool):
            return key == str(True)
        return type(label)(key) if isinstance(label, int | float) else key
    except ValueError:
        return key


def _listed(classes: Sequence[Scalar]) -> str:
    more = f" and {len(classes) - _LISTED} more" if len(classes) > _LISTED else ""
    return f"Known: {', '.join(map(shown, classes[:_LISTED]))}{more}"
