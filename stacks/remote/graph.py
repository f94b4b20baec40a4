"""Which steps may begin: those whose upstream steps are done. Pure; the driver of a run asks it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class StepGraph:
    """The steps of a run, each with those that must be done before it; names that are not in it were reused."""

    upstream: Mapping[str, Sequence[str]]
    begun: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)

    def ready(self) -> list[str]:
        """Return the steps that may begin now, and count them as begun."""
        found = [
            step
            for step, before in self.upstream.items()
            if step not in self.begun and all(one in self.done or one not in self.upstream for one in before)
        ]
        self.begun |= set(found)
        return found

    @property
    def is_over(self) -> bool:
        """Whether every step is done."""
        return self.done == set(self.upstream)
