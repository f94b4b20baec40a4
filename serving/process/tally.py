"""What workers have counted, as plain numbers that can be added up. Light: the operators' command reads it, too."""

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

Labels = tuple[tuple[str, str], ...]
Together = Literal["sum", "largest", "smallest"]
"""What is told of the numbers of several workers."""
GAUGE = "gauge"
_TOGETHER: dict[str, Callable[[float, float], float]] = {"sum": operator.add, "largest": max, "smallest": min}


@dataclass
class Family:
    """One metric family: its name, type and text, and a number for each sample's name and labels.

    `together`: what is told of the numbers of several workers.
    """

    name: str
    kind: str
    text: str
    together: Together
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)

    def add(self, other: "Family") -> None:
        """Take in what another worker says of the same family."""
        put_together = _TOGETHER[self.together]
        for key, value in other.samples.items():
            self.samples[key] = put_together(self.samples[key], value) if key in self.samples else value

    def plain(self) -> list[Any]:
        """Return it as JSON can hold it."""
        samples = [[name, labels, value] for (name, labels), value in self.samples.items()]
        return [self.name, self.kind, self.text, self.together, samples]

    @classmethod
    def of(cls, plain: list[Any]) -> Self:
        """Return what `plain` gave. Raises ValueError if it is nothing of the kind."""
        name, kind, text, together, samples = plain
        if together not in _TOGETHER:
            raise ValueError(f"{together!r} is no way to put numbers together")
        found = {(of, tuple((key, str(one)) for key, one in labels)): value for of, labels, value in samples}
        return cls(name, kind, text, together, found)


def added(tallies: Iterable[Iterable[Family]]) -> list[Family]:
    """Return the families of several workers as those of one; which the first has come first."""
    found: dict[str, Family] = {}
    for tally in tallies:
        for family in tally:
            if family.name in found:
                found[family.name].add(family)
            else:
                found[family.name] = Family(
                    family.name, family.kind, family.text, family.together, dict(family.samples)
                )
    return list(found.values())


def without_gauges(families: Iterable[Family]) -> list[Family]:
    """Return what stays true of a worker that is gone: what it has counted, not what it was at."""
    return [one for one in families if one.kind != GAUGE]


def gauge(name: str, text: str, value: float, labels: Mapping[str, str]) -> Family:
    """Return a gauge of one number."""
    return Family(name, GAUGE, text, "largest", {(name, tuple(labels.items())): value})
