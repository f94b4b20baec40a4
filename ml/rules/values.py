"""Sets of the values that one column may have, exactly: intersection, complement, emptiness.

They decide which rules can never be reached. A missing value is a value of its own: it belongs to a set or does not.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Union

Cut = tuple[float, int]
"""A place between the points of a line: (x, 0) is just before x, (x, 1) just behind it."""
_START: Cut = (-math.inf, 0)
_END: Cut = (math.inf, 1)


@dataclass(frozen=True)
class Line:
    """Points of a line (numbers, or microseconds of dates): those between each pair of `cuts`, which ascend."""

    cuts: tuple[Cut, ...]
    missing: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing belongs to it."""
        return not self.cuts and not self.missing

    def complement(self) -> "Line":
        """Return everything else."""
        inner = self.cuts[1:] if self.cuts[:1] == (_START,) else (_START, *self.cuts)
        return Line(inner[:-1] if inner[-1:] == (_END,) else (*inner, _END), not self.missing)

    def intersect(self, other: "Values") -> "Line":
        """Return what belongs to both."""
        assert isinstance(other, Line), "a column has one kind of set"
        mine, theirs = self.cuts, other.cuts
        cuts: list[Cut] = []
        left = right = 0
        while left < len(mine) and right < len(theirs):
            start, end = max(mine[left], theirs[right]), min(mine[left + 1], theirs[right + 1])
            if start < end:
                cuts += (start, end)
            if mine[left + 1] <= end:
                left += 2
            if theirs[right + 1] <= end:
                right += 2
        return Line(tuple(cuts), self.missing and other.missing)


@dataclass(frozen=True)
class Labels:
    """These labels, or with `others` all but these."""

    names: frozenset[str]
    others: bool = False
    missing: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing belongs to it."""
        return not self.names and not self.others and not self.missing

    def complement(self) -> "Labels":
        """Return everything else."""
        return Labels(self.names, not self.others, not self.missing)

    def intersect(self, other: "Values") -> "Labels":
        """Return what belongs to both."""
        assert isinstance(other, Labels), "a column has one kind of set"
        missing = self.missing and other.missing
        if self.others and other.others:
            return Labels(self.names | other.names, True, missing)
        if self.others or other.others:
            listed, left_out = (other, self) if self.others else (self, other)
            return Labels(listed.names - left_out.names, False, missing)
        return Labels(self.names & other.names, False, missing)


@dataclass(frozen=True)
class Truth:
    """Whether a condition that is not looked into (a regular expression) may hold, may fail, or either."""

    yes: bool
    no: bool

    @property
    def is_empty(self) -> bool:
        """Whether no outcome is left."""
        return not self.yes and not self.no

    def complement(self) -> "Truth":
        """Return the other outcomes."""
        return Truth(not self.yes, not self.no)

    def intersect(self, other: "Values") -> "Truth":
        """Return the outcomes that belong to both."""
        assert isinstance(other, Truth), "a condition has one kind of set"
        return Truth(self.yes and other.yes, self.no and other.no)


Values = Union[Line, Labels, Truth]  # noqa: UP007  the classes above name it before it is there


def line(operator: str, operand: Any) -> Line:
    """Return the points that a comparison with points of the same line leaves."""
    match operator:
        case "above":
            return Line(((operand, 1), _END))
        case "at_least":
            return Line(((operand, 0), _END))
        case "below":
            return Line((_START, (operand, 0)))
        case "at_most":
            return Line((_START, (operand, 1)))
        case "equals" | "in":
            points = sorted(set(operand if isinstance(operand, list) else [operand]))
            return Line(tuple(cut for point in points for cut in ((point, 0), (point, 1))))
        case "not_equals" | "not_in":
            return _without_missing(line("in", operand).complement())
        case _:
            return Line((), True) if operand else Line((_START, _END))


def labels(operator: str, operand: Any) -> Labels:
    """Return the labels that a comparison leaves."""
    match operator:
        case "missing":
            return Labels(frozenset(), others=not operand, missing=operand)
        case _:
            names: Iterable[str] = operand if isinstance(operand, list) else [operand]
            return Labels(frozenset(names), others=operator in ("not_equals", "not_in"))


def _without_missing(found: Line) -> Line:
    return Line(found.cuts, False)
