"""Blocks whose components stand flat, from what a person writes to what the schema knows."""

from collections.abc import Callable, Mapping
from typing import Any

from cli.config.components import choose
from cli.config.reading import Reading
from schemas.choice import Choice
from schemas.data_spec import DataSpec
from schemas.errors import Fault
from schemas.split_spec import SplitSpec

Block = Mapping[str, Any]
Read = tuple[dict[str, Any], list[Fault]]


def of_block(key: str, read: Callable[[Block], Read]) -> Callable[[Reading], Reading]:
    """Return a pass that reads the block at `key`; what is no mapping is left to the schema."""

    def block_pass(reading: Reading) -> Reading:
        block = reading.tree.get(key)
        if not isinstance(block, Mapping):
            return reading
        built, faults = read(block)
        return reading.with_blocks({key: built}).with_faults(faults)

    return block_pass


def read_data(block: Block) -> Read:
    """Return the block with the source's keys gathered under `source`."""
    return _with_component("data", "load", "source", block, [key for key in DataSpec.model_fields if key != "source"])


def read_split(block: Block) -> Read:
    """Return the block with the method's keys gathered under `method`."""
    return _with_component(
        "split", "split", "method", block, [key for key in SplitSpec.model_fields if key != "method"]
    )


def read_trainer(block: Block) -> Read:
    """Return the trainer chosen."""
    choice, faults = choose("trainer", "train", block)
    return _or_stand_in(choice), faults


def read_baseline(block: Block) -> Read:
    """Return the trainer chosen as baseline; `auto` is none of them, and has no parameters."""
    if block == {"name": "auto"}:
        return {"name": "auto"}, []
    choice, faults = choose("baseline", "train", block)
    return _or_stand_in(choice), faults


def _with_component(block: str, kind: str, field: str, content: Block, own: list[str]) -> Read:
    rest = {key: value for key, value in content.items() if key not in own}
    choice, faults = choose(block, kind, rest, own)
    built = {key: value for key, value in content.items() if key in own}
    return {**built, field: _or_stand_in(choice)}, faults


def _or_stand_in(choice: Choice | None) -> dict[str, Any]:
    # The rest of the run is checked even when a component is not: all faults come at once.
    return choice.model_dump() if choice is not None else {"name": "?"}
