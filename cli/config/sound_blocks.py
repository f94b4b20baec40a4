"""What cannot work together, also in a configuration with faults: the blocks without any are compared."""

from typing import Any

from cli.config.compatibility import impossible
from cli.config.errors import check
from cli.config.order import top_key
from cli.config.reading import Reading
from cli.config.schema import run_blocks
from schemas.pipelines import SWEPT
from schemas.run import Run
from schemas.stack import COMPONENT_TYPES

# What stands for a block with faults while the others are compared.
_ANY = {"flavor": "any"}
_NEUTRAL: dict[str, Any] = {
    "name": "any",
    "pipeline": SWEPT,
    "seed": 0,
    "metric": "auto",
    "data": {"source": {"name": "any"}, "target": "any"},
    "split": {"method": {"name": "random"}, "test": 0.2, "validation": 0.2},
    "trainer": {"name": "auto"},
    "baseline": {"name": "auto"},
    "gate": {},
    "deploy": {},
    "monitor": {},
    "stack": {"name": "any", **dict.fromkeys(COMPONENT_TYPES, _ANY)},
}


def compatible(reading: Reading) -> Reading:
    """Find what cannot work together."""
    if reading.run is not None and not reading.faults:
        return reading.with_faults(impossible(reading.run))
    broken = {top_key(fault) for fault in reading.faults}
    kept = {key: value for key, value in run_blocks(reading.tree).items() if key not in broken}
    sound, _ = check(Run, {**_NEUTRAL, **kept})
    if not isinstance(sound, Run):
        return reading
    found = impossible(sound, alone=False)
    return reading.with_faults(fault for fault in found if fault.path.split(".")[0] not in broken)
