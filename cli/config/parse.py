"""From the composed tree's plain values to a frozen Run, or to every fault at once."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cli.config.batch import missing_batch, read_batch
from cli.config.compatibility import impossible
from cli.config.components import choose, gate_checks
from cli.config.defaults import borrow_rules, declared_place, resolve_defaults
from cli.config.errors import check, shown
from schemas.data import DataSpec, SplitSpec
from schemas.errors import Fault, did_you_mean
from schemas.run import Run

_BESIDES = ("action",)
_ORDER = (
    "name",
    "pipeline",
    "seed",
    "metric",
    "data",
    "split",
    "trainer",
    "baseline",
    "review",
    "gate",
    "deploy",
    "monitor",
    "batch",
    "stack",
)


def parse(tree: Mapping[str, Any]) -> tuple[Run | None, list[Fault]]:
    """Validate everything; nothing heavier than the chosen components' own modules is imported.

    Returns:
        The run, or None with the faults in the order of the configuration.
    """
    faults = list(_not_plain("", tree))
    if faults:
        return None, faults
    faults += _unknown_keys(tree) + missing_batch(tree)
    built: dict[str, Any] = {key: value for key, value in tree.items() if key in Run.model_fields}
    borrowed = borrow_rules(built)
    built |= borrowed or {}
    for key, read in _READERS.items():
        block = built.get(key)
        if isinstance(block, Mapping):
            built[key], wrong = read(block)
            faults += wrong
    run, wrong = check(Run, built)
    already = {fault.path for fault in faults}
    faults += [fault for fault in map(_flat_path, wrong) if fault.path not in already]
    faults += _combined(run if isinstance(run, Run) else None, built, faults)
    if borrowed is not None:
        faults = [declared_place(fault) for fault in faults]
    return (resolve_defaults(run) if isinstance(run, Run) and not faults else None), sorted(faults, key=_position)


def _combined(run: Run | None, built: dict[str, Any], faults: list[Fault]) -> list[Fault]:
    """Return what cannot work together, also of a configuration with faults: of its sound blocks."""
    if run is not None and not faults:
        return impossible(run)
    broken = {fault.path.split(".")[0].split("[")[0] for fault in faults}
    sound, _ = check(Run, {**_NEUTRAL, **{key: value for key, value in built.items() if key not in broken}})
    if not isinstance(sound, Run):
        return []
    return [fault for fault in impossible(sound, alone=False) if fault.path.split(".")[0] not in broken]


def _read_data(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    own = [key for key in DataSpec.model_fields if key != "source"]
    return _with_component("data", "load", "source", block, own)


def _read_split(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    own = [key for key in SplitSpec.model_fields if key != "method"]
    return _with_component("split", "split", "method", block, own)


def _with_component(
    block: str, kind: str, field: str, content: Mapping[str, Any], own: list[str]
) -> tuple[dict[str, Any], list[Fault]]:
    rest = {key: value for key, value in content.items() if key not in own}
    choice, faults = choose(block, kind, rest, own)
    built = {key: value for key, value in content.items() if key in own}
    return {**built, field: _or_stand_in(choice)}, faults


def _read_trainer(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    choice, faults = choose("trainer", "train", block)
    return _or_stand_in(choice), faults


def _read_baseline(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    if block == {"name": "auto"}:
        return {"name": "auto"}, []
    choice, faults = choose("baseline", "train", block)
    return _or_stand_in(choice), faults


def _or_stand_in(choice: Any) -> dict[str, Any]:
    # The rest of the run is checked even when a component is not: all faults come at once.
    return choice.model_dump() if choice is not None else {"name": "?"}


_READERS: dict[str, Callable[[Mapping[str, Any]], tuple[dict[str, Any], list[Fault]]]] = {
    "data": _read_data,
    "split": _read_split,
    "trainer": _read_trainer,
    "baseline": _read_baseline,
    "gate": gate_checks,
    "batch": read_batch,
}


# What stands for a block with faults while the others are compared.
_ANY = {"flavor": "any"}
_NEUTRAL: dict[str, Any] = {
    "name": "any",
    "pipeline": "training",
    "seed": 0,
    "metric": "auto",
    "data": {"source": {"name": "any"}, "target": "any"},
    "split": {"method": {"name": "random"}, "test": 0.2, "validation": 0.2},
    "trainer": {"name": "auto"},
    "baseline": {"name": "auto"},
    "gate": {},
    "deploy": {},
    "monitor": {},
    "stack": {"name": "any", **dict.fromkeys(("orchestrator", "artifact_store", "deployer", "data_validator"), _ANY)},
}


def _unknown_keys(tree: Mapping[str, Any]) -> list[Fault]:
    known = [*Run.model_fields, *_BESIDES]
    return [
        Fault(key, f"is not a known key.{did_you_mean(key, known)}", f"keys here: {', '.join(sorted(known))}")
        for key in tree
        if key not in known
    ]


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


def _not_plain(path: str, node: Any) -> Iterator[Fault]:
    """Find what JSON cannot carry: such values would be lost on their way to a step."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            here = f"{path}.{key}".lstrip(".")
            if not isinstance(key, str):
                yield Fault(here, f"the key {key!r} is not text", f"quote it: '{key}'")
            yield from _not_plain(here, value)
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _not_plain(f"{path}[{position}]", value)
    elif (message := _why_not_plain(node)) is not None:
        yield Fault(path, message)


def _why_not_plain(value: Any) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is not a finite number"
    if not isinstance(value, str | int | float | bool | None):
        kind = type(value).__name__
        return f"{shown(str(value))} ({kind}) is neither text, number, true, false, null, list nor mapping"
    if isinstance(value, str) and not _encodes(value):
        return f"{value!r} is not text that UTF-8 can hold"
    return None


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _position(fault: Fault) -> tuple[int, str]:
    top = fault.path.split(".")[0].split("[")[0]
    return (_ORDER.index(top) if top in _ORDER else -1, fault.path)
