"""Components chosen by name: does the name exist, and do the parameters fit the component's own model?"""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.config.errors import check
from schemas.choice import Choice
from schemas.errors import ConfigurationError, Fault, did_you_mean
from schemas.metrics import HIGHER_IS_BETTER
from schemas.run import GateSpec
from steps import registry


def choose(
    block: str, kind: str, flat: Mapping[str, Any], also: Sequence[str] = ()
) -> tuple[Choice | None, list[Fault]]:
    """Read `{name: x, parameter: value, …}` for a component kind.

    Args:
        block: The block's key path, for faults.
        kind: Where the component works.
        flat: The block, without keys that are not the component's.
        also: Keys that the block has beside the component's, for suggestions.

    Returns:
        The choice, or None with every fault.
    """
    name = flat.get("name")
    known = ", ".join(registry.names(kind))
    if not isinstance(name, str):
        problem = "must be given" if name is None else f"{name!r} is not a name"
        return None, [Fault(f"{block}.name", problem, f"registered: {known}")]
    try:
        component = registry.lookup(kind, name)
    except ConfigurationError as error:
        return None, [Fault(f"{block}.name", fault.message, fault.hint) for fault in error.faults]
    params = {key: value for key, value in flat.items() if key != "name"}
    try:
        with registry.blaming(kind, name, "cannot check its parameters", block):
            _, faults = check(component.Params, params, also)
            if faults:
                faults += component.faults_beside(params)
    except ConfigurationError as error:
        return None, error.faults
    if faults:
        return None, [Fault(f"{block}.{fault.path}".rstrip("."), fault.message, fault.hint) for fault in faults]
    return Choice(name=name, params=params), []


def columns_of(block: str, choice: Choice) -> dict[str, str]:
    """Return the raw columns that the parameters of a trainer name, by key path.

    Raises:
        ConfigurationError: If the trainer is a plug-in's, and raises.
    """
    if choice.name == "auto":
        return {}
    component = registry.lookup("train", choice.name)
    with registry.blaming("train", choice.name, "cannot name its columns", block):
        named: Mapping[str, str] = dict(component.columns(choice.params))
    return {f"{block}.{path}": column for path, column in named.items()}


def gate_checks(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Move registered checks, which stand by name under `gate`, into `checks`; name unknown metrics one by one."""
    registered = set(registry.names("gate")) - set(GateSpec.model_fields)
    kept = {key: value for key, value in block.items() if key not in registered}
    switch = kept.get("no_worse_than_production")
    if isinstance(switch, bool):
        kept["no_worse_than_production"] = {} if switch else None
    chosen: list[Any] = []
    thresholds, faults = _known_metrics(kept)
    kept |= thresholds
    if "checks" in kept:
        del kept["checks"]
        known = ", ".join(sorted(registered)) or "none"
        faults.append(
            Fault("gate.checks", "is not a known key: a check stands by its own name", f"registered: {known}")
        )
    for name in [name for name in block if name not in kept]:
        params = block[name]
        if params in (False, None):
            continue
        if params is not True and not isinstance(params, Mapping):
            faults.append(Fault(f"gate.{name}", f"{params!r} is neither true, false nor the check's parameters"))
            continue
        choice, wrong = choose(
            f"gate.{name}", "gate", {"name": name, **(params if isinstance(params, Mapping) else {})}
        )
        faults += wrong
        chosen += [choice.model_dump()] if choice is not None else []
    if chosen:
        kept["checks"] = chosen
    return kept, faults


def _known_metrics(block: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
    """Return `min` and `max` with thresholds of metrics only, and the other names one by one."""
    known = sorted(HIGHER_IS_BETTER)
    kept: dict[str, Any] = {}
    faults = []
    for side in ("min", "max"):
        thresholds = block.get(side)
        if not isinstance(thresholds, Mapping):
            continue
        kept[side] = {name: value for name, value in thresholds.items() if name in HIGHER_IS_BETTER}
        faults += [
            Fault(f"gate.{side}.{name}", f"is not a metric.{did_you_mean(name, known)}", f"metrics: {', '.join(known)}")
            for name in thresholds
            if name not in HIGHER_IS_BETTER
        ]
    return kept, faults
