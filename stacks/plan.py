"""What would have to change in ZenML for a stack to exist as declared; a pure difference."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from schemas.plan import PlannedChange
from schemas.stack import ComponentSpec, StackSpec


@dataclass(frozen=True)
class Existing:
    """What ZenML knows already.

    Flavor name → (source, schema digest); component's kind and name → (flavor, settings); stack → component by kind.
    """

    flavors: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    components: Mapping[tuple[str, str], tuple[str, Mapping[str, JsonValue]]] = field(default_factory=dict)
    stacks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def stack_name(spec: StackSpec) -> str:
    """Return the name under which ZenML has the stack; ours never collides with one that a person made."""
    return f"drivetrain-{spec.name}"


def component_name(spec: StackSpec, part: ComponentSpec) -> str:
    """Return a component's name; it holds the flavor because ZenML can't change a component's flavor."""
    return f"{stack_name(spec)}-{part.flavor.removeprefix('drivetrain_')}"


def changes(spec: StackSpec, flavors: Mapping[str, tuple[str, str]], existing: Existing) -> list[PlannedChange]:
    """Compare a declared stack with what exists.

    Args:
        spec: The declared stack.
        flavors: Our flavors that the stack uses, name → (source, digest of the settings' schema).
        existing: What ZenML has.

    Returns:
        The changes in the order in which they must be made; none when everything is as declared.
    """
    planned: list[PlannedChange] = []
    for flavor, identity in flavors.items():
        if flavor not in existing.flavors:
            planned.append(PlannedChange(action="create", kind="flavor", name=flavor))
        elif existing.flavors[flavor] != identity:
            planned.append(PlannedChange(action="update", kind="flavor", name=flavor))
    name = stack_name(spec)
    for kind, part in spec.components.items():
        planned += _component_change(kind, component_name(spec, part), part, existing)
    parts = {kind: component_name(spec, part) for kind, part in spec.components.items()}
    if name not in existing.stacks:
        planned.append(PlannedChange(action="create", kind="stack", name=name))
    elif dict(existing.stacks[name]) != parts:
        planned.append(PlannedChange(action="update", kind="stack", name=name))
    return planned


def _component_change(kind: str, name: str, part: ComponentSpec, existing: Existing) -> list[PlannedChange]:
    details = {"flavor": part.flavor, **{key: str(value) for key, value in part.settings.items()}}
    if (kind, name) not in existing.components:
        return [PlannedChange(action="create", kind=kind, name=name, details=details)]
    _, settings = existing.components[kind, name]
    same = {key: value for key, value in settings.items() if value is not None} == part.settings
    return [] if same else [PlannedChange(action="update", kind=kind, name=name, details=details)]
