"""What each column of a signature takes, compiled once."""

import math
from collections.abc import Collection
from dataclasses import dataclass

from ml.validation.actions import bounds, refusing
from ml.validation.cell_reading import CellReading
from ml.validation.origins import origins
from ml.validation.values import Check, check_of
from ml.values.labels import exact_labels
from schemas.reading import TextReading
from schemas.signature import Input, Signature

_ANY = (-math.inf, math.inf)


@dataclass(frozen=True)
class Rule:
    """What one column takes, and which values are plainly right without being checked one by one.

    Attributes:
        is_number: Whether every number is taken as it is, or every whole one.
        whole: Whether only whole numbers are.
        is_boolean: Whether true and false mean themselves.
        labels: Texts that mean themselves.
        bounds: Of the numbers that are taken.
    """

    name: str
    nullable: bool
    check: Check
    is_number: bool
    whole: bool
    is_boolean: bool
    labels: frozenset[str]
    bounds: tuple[float, float]


def rules_of(signature: Signature, text: TextReading | None) -> list[Rule]:
    """Return the rules of a signature's inputs, in order.

    Args:
        signature: What the package says of them.
        text: How text is written where it is not as the package says.
    """
    known = signature.known_values()
    return [_rule(column, signature, text, known.get(column.name, ())) for column in signature.inputs]


def _rule(column: Input, signature: Signature, text: TextReading | None, known: Collection[str]) -> Rule:
    reading = CellReading.of(column, signature.text, text, known)
    check, window = refusing(check_of(column, reading, known), column, known), signature.window
    if window is not None and column.name == window.time:
        check = origins(check, column, window.forecast)
    is_single = column.shape is None
    return Rule(
        name=column.name,
        nullable=column.nullable,
        check=check,
        is_number=is_single and column.type == "number" and not reading.gaps,
        whole=column.integer,
        is_boolean=is_single and column.type == "boolean",
        labels=exact_labels(known, numeric=column.numeric)
        if column.type in ("category", "identifier")
        else frozenset(),
        bounds=bounds(column) if column.actions is not None and column.actions.out_of_range == "reject" else _ANY,
    )
