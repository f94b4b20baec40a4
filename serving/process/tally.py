"""What workers have counted, as plain numbers that can be added up. Light: the operators' command reads it, too."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

Labels = tuple[tuple[str, str], ...]
GAUGE = "gauge"


@dataclass
class Family:
    """One metric family: its name, type and text, and a number for each sample's name and labels.

    `is_added`: whether the numbers of several workers are added up; of other gauges the largest is told.
    """

    name: str
    kind: str
    text: str
    is_added: bool
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)

    def add(self, other: "Family") -> None:
        """Take in what another worker says of the same family."""
        for key, value in other.samples.items():
            mine = self.samples.get(key)
            self.samples[key] = value if mine is None else mine + value if self.is_added else max(mine, value)

    def plain(self) -> list[Any]:
        """Return it as JSON can hold it."""
        samples = [[name, labels, value] for (name, labels), value in self.samples.items()]
        return [self.name, self.kind, self.text, self.is_added, samples]

    @classmethod
    def of(cls, plain: list[Any]) -> Self:
        """Return what `plain` gave."""
        name, kind, text, is_added, samples = plain
        found = {(of, tuple((key, str(one)) for key, one in labels)): value for of, labels, value in samples}
        return cls(name, kind, text, is_added, found)


def added(tallies: Iterable[Iterable[Family]]) -> list[Family]:
    """Return the families of several workers as those of one; which the first has come first."""
    found: dict[str, Family] = {}
    for tally in tallies:
        for family in tally:
            if family.name in found:
                found[family.name].add(family)
            else:
                found[family.name] = Family(
                    family.name, family.kind, family.text, family.is_added, dict(family.samples)
                )
    return list(found.values())


def without_gauges(families: Iterable[Family]) -> list[Family]:
    """Return what stays true of a worker that is gone: what it has counted, not what it was at."""
    return [one for one in families if one.kind != GAUGE]


def gauge(name: str, text: str, value: float, labels: Mapping[str, str]) -> Family:
    """Return a gauge of one number."""
    return Family(name, GAUGE, text, False, {(name, tuple(labels.items())): value})
