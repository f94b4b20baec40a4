"""The tree against the schema of a run."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cli.config.errors import check
from cli.config.reading import Reading
from schemas.errors import Fault, did_you_mean
from schemas.run import Run

_BESIDES = ("action",)


def known_keys(reading: Reading) -> Reading:
    """Find each top key that nothing reads."""
    known = [*Run.model_fields, *_BESIDES]
    return reading.with_faults(
        Fault(key, f"is not a known key.{did_you_mean(key, known)}", f"keys here: {', '.join(sorted(known))}")
        for key in reading.tree
        if key not in known
    )


def run_blocks(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the tree is a run's."""
    return {key: value for key, value in tree.items() if key in Run.model_fields}


def fits_schema(reading: Reading) -> Reading:
    """Make the run, or find what does not fit where no other pass has found a fault."""
    run, wrong = check(Run, run_blocks(reading.tree))
    already = {fault.path for fault in reading.faults}
    new = [fault for fault in map(_flat_path, wrong) if fault.path not in already]
    return replace(reading.with_faults(new), run=run if isinstance(run, Run) else None)


def _flat_path(fault: Fault) -> Fault:
    path = fault.path
    for inner in ("data.source", "split.method"):
        path = path.replace(inner, inner.split(".")[0], 1) if path.startswith(inner) else path
    if path in ("data", "split", "trainer") and fault.message == "must be given":
        return Fault(
            path, "nothing is chosen", f"{path}=OPTION, or in the experiment's defaults: - override /{path}: OPTION"
        )
    if path == "name" and fault.message == "must be given":
        return Fault(path, "the experiment has no name", "name: …  of lower-case letters, digits, _ and -")
    return Fault(path, fault.message, fault.hint)
