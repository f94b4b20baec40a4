"""What would have to change in ZenML for a stack to exist as declared; a pure difference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from schemas.plan import PlannedChange
from stacks.declared import Part, Settings
from stacks.shown import shown


@dataclass(frozen=True)
class Component:
    """A component of ours that ZenML has; `used` says whether any stack holds it, of ours or of a person's."""

    flavor: str
    settings: Settings
    connector: str | None = None
    connector_resource: str | None = None
    used: bool = True


@dataclass(frozen=True)
class Existing:
    """What ZenML has of ours.

    Flavor name → (source, schema digest); component by kind and name; stack → names of its components by kind.
    """

    flavors: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    components: Mapping[tuple[str, str], Component] = field(default_factory=dict)
    stacks: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)


def changes(
    name: str, parts: Sequence[Part], flavors: Mapping[str, tuple[str, str]], existing: Existing
) -> list[PlannedChange]:
    """Compare a declared stack with what exists.

    Args:
        name: The stack's name in ZenML.
        parts: Its declared parts.
        flavors: Our flavors that the stack uses, name → (source, digest of the settings' schema).
        existing: What ZenML has.

    Returns:
        Every flavor, component and stack in the order in which they must be made, also what stays as it is; then what
        is left of ours that no stack uses.
    """
    chosen = {part.kind: chosen_name(part, name, existing) for part in parts}
    return [
        *_flavor_changes(flavors, existing),
        *(_component_change(part, chosen[part.kind], existing) for part in parts),
        _stack_change(name, chosen, existing),
        *_orphans(chosen, existing),
    ]


def chosen_name(part: Part, stack: str, existing: Existing) -> str:
    """Return the name of the component that is, or will be, the declared part.

    An equal one that the stack holds already stays, whatever it is called: what was made under it (artifacts,
    deployments) belongs to it.
    """
    held = existing.stacks.get(stack, {}).get(part.kind, ())
    of_kind = {name: found for (kind, name), found in existing.components.items() if kind == part.kind}
    equal = sorted(name for name, found in of_kind.items() if not differences(part, found))
    kept = [name for name in equal if name in held]
    if kept:
        return kept[0]
    # ZenML cannot change a component's flavor: one of that name and another flavor is another component.
    taken = part.name in of_kind and of_kind[part.name].flavor != part.flavor
    if part.name in of_kind and not taken:
        return part.name
    if equal:
        return equal[0]
    return f"{part.name}-{part.flavor}" if taken else part.name


def differences(part: Part, found: Component) -> dict[str, str]:
    """Return what of a component is not as declared, each as `found → declared`."""
    stored = {key: value for key, value in found.settings.items() if value is not None}
    pairs: dict[str, tuple[JsonValue, JsonValue]] = {
        "flavor": (found.flavor, part.flavor),
        "connector": (found.connector, part.connector),
        "connector_resource": (found.connector_resource, part.connector_resource),
        **{key: (stored.get(key), part.settings.get(key)) for key in sorted({*stored, *part.settings})},
    }
    return {key: f"{_shown(key, was)} → {_shown(key, wanted)}" for key, (was, wanted) in pairs.items() if was != wanted}


def _shown(name: str, value: JsonValue) -> str:
    return "nothing" if value is None else shown(name, value)


def _flavor_changes(flavors: Mapping[str, tuple[str, str]], existing: Existing) -> Iterator[PlannedChange]:
    for flavor, identity in flavors.items():
        if flavor not in existing.flavors:
            yield PlannedChange(action="create", kind="flavor", name=flavor)
        else:
            same = existing.flavors[flavor] == identity
            yield PlannedChange(action="unchanged" if same else "update", kind="flavor", name=flavor)


def _component_change(part: Part, name: str, existing: Existing) -> PlannedChange:
    found = existing.components.get((part.kind, name))
    if found is None:
        return PlannedChange(action="create", kind=part.kind, name=name, details=part.details)
    changed = differences(part, found)
    if not changed:
        return PlannedChange(action="unchanged", kind=part.kind, name=name)
    return PlannedChange(action="restore", kind=part.kind, name=name, details=changed)


def _stack_change(name: str, chosen: Mapping[str, str], existing: Existing) -> PlannedChange:
    if name not in existing.stacks:
        return PlannedChange(action="create", kind="stack", name=name)
    held = existing.stacks[name]
    wanted = {kind: (component,) for kind, component in chosen.items()}
    if {kind: names for kind, names in held.items() if names} == wanted:
        return PlannedChange(action="unchanged", kind="stack", name=name)
    details = {
        kind: f"{', '.join(held.get(kind, ())) or 'nothing'} → {chosen.get(kind, 'nothing')}"
        for kind in sorted({*held, *chosen})
        if held.get(kind, ()) != wanted.get(kind, ())
    }
    return PlannedChange(action="update", kind="stack", name=name, details=details)


def _orphans(chosen: Mapping[str, str], existing: Existing) -> Iterator[PlannedChange]:
    for (kind, name), found in sorted(existing.components.items()):
        if not found.used and chosen.get(kind) != name:
            yield PlannedChange(action="orphan", kind=kind, name=name)
