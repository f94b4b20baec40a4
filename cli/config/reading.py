"""A configuration while it is read: what one pass after another knows of it, and the loop that runs them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from cli.config.compose import Composition
from schemas.errors import Fault
from schemas.run import Run


@dataclass(frozen=True)
class Reading:
    """A configuration as far as it has been read; a pass returns another one and changes nothing in this.

    Attributes:
        composition: Where the values come from; the tree that Hydra composed is in it.
        tree: Plain values by top key.
        left_out: What is wrong with that which is not in the tree; the tree is read as if nobody had asked for it.
        broken: Top keys of which something was left out, so that other faults in them may only follow from that.
        faults: What is wrong with what is in the tree.
        moved: Beginnings of key paths whose content was declared elsewhere, and where.
        run: The declaration, as soon as the tree fits the schema.
        notes: What a person is to know of a configuration that works.
    """

    composition: Composition
    tree: Mapping[str, Any] = field(default_factory=dict)
    left_out: tuple[Fault, ...] = ()
    broken: frozenset[str] = frozenset()
    faults: tuple[Fault, ...] = ()
    moved: Mapping[str, str] = field(default_factory=dict)
    run: Run | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, composition: Composition) -> Self:
        """Return what is known before the first pass: no value yet, and what composing left out."""
        left_out, broken = tuple(composition.faults), frozenset(composition.overrides.broken_groups)
        return cls(composition, left_out=left_out, broken=broken)

    def with_blocks(self, blocks: Mapping[str, Any]) -> Self:
        """Return a reading with these top keys' content in place of what was there."""
        return replace(self, tree={**self.tree, **blocks})

    def with_faults(self, faults: Iterable[Fault]) -> Self:
        """Return a reading with more faults."""
        return replace(self, faults=(*self.faults, *faults))


@dataclass(frozen=True)
class Pass:
    """One look at the configuration.

    Attributes:
        name: What it does, for tests and people.
        function: Takes what is known and returns what is known then. It rewrites nothing that it was given.
        stops: Whether the passes after it make sense only where no fault has been found in the tree so far.
    """

    name: str
    function: Callable[[Reading], Reading]
    stops: bool = False


def read(reading: Reading, passes: Sequence[Pass]) -> Reading:
    """Run the passes in order, up to the first that stops with faults."""
    for step in passes:
        reading = step.function(reading)
        if step.stops and reading.faults:
            break
    return reading
