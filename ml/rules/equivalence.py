"""Structural equivalence of conditions, as they are written: cheap however many parts they have, without a value."""

from dataclasses import dataclass

from schemas.rules import Condition

Demands = frozenset[str]
"""What must hold at once, each demand as text."""


@dataclass(frozen=True)
class Equivalence:
    """The ways in which a condition may hold, as far as its outermost `any` and `all` say."""

    ways: frozenset[Demands]

    def covers(self, other: "Equivalence") -> bool:
        """Whether every way of `other` demands all that some way of this one does, so that this holds with it."""
        return other.ways <= self.ways or all(any(mine <= way for mine in self.ways) for way in other.ways)

    @property
    def text(self) -> str:
        """Return the same text for conditions that differ in the order of their parts only."""
        return " or ".join(sorted(f"({' and '.join(sorted(way))})" for way in self.ways))


def equivalence(condition: Condition) -> Equivalence:
    """Return how a condition is written; parts in another order, or nested without need, make no difference."""
    if condition.any is not None:
        return Equivalence(frozenset(way for part in condition.any for way in equivalence(part).ways))
    if condition.all is not None:
        return Equivalence(frozenset([frozenset(one for part in condition.all for one in _demands(equivalence(part)))]))
    operators = {
        name: sorted(map(repr, one)) if isinstance(one, list) else one for name, one in _canonical_text(condition)
    }
    return Equivalence(frozenset([frozenset([repr((condition.column, operators))])]))


def _canonical_text(condition: Condition) -> list[tuple[str, object]]:
    return sorted(condition.operators().items())


def _demands(part: Equivalence) -> Demands:
    return next(iter(part.ways)) if len(part.ways) == 1 else frozenset([part.text])
