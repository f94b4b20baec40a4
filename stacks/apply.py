"""The only writer to ZenML's stacks: makes what `stacks.plan` found missing, and nothing else."""

from collections.abc import Callable
from typing import Any

from schemas.errors import ConfigurationError, Fault
from schemas.plan import PlannedChange
from schemas.stack import StackSpec
from stacks.plan import Existing, changes, component_name, stack_name
from stacks.plugins import flavor_sources, load_flavor, schema_digest


def observe(client: Any, spec: StackSpec) -> Existing:
    """Read what ZenML has of the declared stack, its components and the flavors they use."""
    from zenml.enums import StackComponentType

    name = stack_name(spec)
    flavors = {
        flavor.name: (flavor.source, schema_digest(flavor.config_schema))
        for kind, part in spec.components.items()
        for flavor in client.list_flavors(name=part.flavor, type=kind, hydrate=True).items
    }
    components = {
        (kind, found.name): (found.flavor_name, found.configuration)
        for kind, part in spec.components.items()
        for found in client.list_stack_components(
            name=component_name(spec, part), type=StackComponentType(kind), hydrate=True
        ).items
    }
    stacks = {
        stack.name: {kind.value: parts[0].name for kind, parts in stack.components.items() if parts}
        for stack in client.list_stacks(name=name, hydrate=True).items
    }
    return Existing(flavors=flavors, components=components, stacks=stacks)


def our_flavors(spec: StackSpec) -> dict[str, tuple[str, str]]:
    """Return our flavors that `spec` uses, name → (source, digest of the settings' schema)."""
    known = flavor_sources()
    used = {part.flavor for part in spec.components.values() if part.flavor in known}
    return {name: (known[name], schema_digest(load_flavor(name).config_schema)) for name in sorted(used)}


def settings_faults(client: Any, spec: StackSpec) -> list[Fault]:
    """Check the declared settings against the flavors' own schemas: unknown flavors, unknown keys, wrong types."""
    from pydantic import ValidationError

    faults: list[Fault] = []
    for kind, part in spec.components.items():
        path = f"stack.{kind}"
        config = _config_class(client, kind, part.flavor)
        if config is None:
            known = sorted(
                {flavor.name for flavor in client.list_flavors(type=kind, size=500).items} | set(flavor_sources())
            )
            faults.append(
                Fault(f"{path}.flavor", f"{part.flavor!r} is not a flavor of {kind}", f"known: {', '.join(known)}")
            )
            continue
        for unknown in sorted(set(part.settings) - set(config.model_fields)):
            allowed = ", ".join(sorted(config.model_fields)) or "none"
            faults.append(
                Fault(
                    f"{path}.settings.{unknown}", f"flavor {part.flavor!r} has no such setting", f"allowed: {allowed}"
                )
            )
        try:
            config.model_validate({key: value for key, value in part.settings.items() if key in config.model_fields})
        except ValidationError as error:
            faults += [Fault(f"{path}.settings.{'.'.join(map(str, e['loc']))}", e["msg"]) for e in error.errors()]
    return faults


def _config_class(client: Any, kind: str, flavor: str) -> Any | None:
    if flavor in flavor_sources():
        ours = load_flavor(flavor)
        return ours.config_class if ours.type.value == kind else None
    from zenml.stack import Flavor

    found = client.list_flavors(name=flavor, type=kind, hydrate=True).items
    return Flavor.from_model(found[0]).config_class if found else None


def plan_stack(client: Any, spec: StackSpec) -> list[PlannedChange]:
    """Return the changes that `apply_stack` would make."""
    return changes(spec, our_flavors(spec), observe(client, spec))


def apply_stack(client: Any, spec: StackSpec, announce: Callable[[PlannedChange], None]) -> Any:
    """Make the stack exist as declared and return it; the user's active stack is never touched.

    Args:
        client: ZenML's.
        spec: The declared stack.
        announce: Called with each change before it is made.

    Raises:
        ConfigurationError: If a flavor is unknown or refuses its settings; nothing was changed.
    """
    faults = settings_faults(client, spec)
    if faults:
        raise ConfigurationError(faults, heading="The stack cannot work")
    for change in plan_stack(client, spec):
        announce(change)
        _make(client, spec, change)
    return client.get_stack(stack_name(spec), allow_name_prefix_match=False)


def _make(client: Any, spec: StackSpec, change: PlannedChange) -> None:
    from zenml.exceptions import EntityExistsError

    try:
        if change.kind == "flavor":
            _make_flavor(client, change)
        elif change.kind == "stack":
            _make_stack(client, spec, change)
        else:
            _make_component(client, spec, change)
    except EntityExistsError:
        # Two runs at the same time want the same stack; the other one was first and made the same thing.
        return


def _make_flavor(client: Any, change: PlannedChange) -> None:
    from zenml.models import FlavorUpdate

    flavor = load_flavor(change.name)
    source = flavor_sources()[change.name]
    if change.action == "create":
        client.create_flavor(source=source, component_type=flavor.type)
        return
    found = client.get_flavor(change.name, allow_name_prefix_match=False)
    client.zen_store.update_flavor(found.id, FlavorUpdate(source=source, config_schema=flavor.config_schema))


def _make_component(client: Any, spec: StackSpec, change: PlannedChange) -> None:
    from zenml.enums import StackComponentType

    kind, part = StackComponentType(change.kind), spec.components[change.kind]
    if change.action == "create":
        client.create_stack_component(change.name, part.flavor, kind, dict(part.settings))
    else:
        # ZenML merges, and null deletes: a setting that is no longer declared must go.
        known = client.get_stack_component(kind, change.name, allow_name_prefix_match=False).configuration
        removed = dict.fromkeys(known.keys() - part.settings.keys())
        client.update_stack_component(change.name, kind, configuration={**removed, **part.settings})


def _make_stack(client: Any, spec: StackSpec, change: PlannedChange) -> None:
    from zenml.enums import StackComponentType

    parts = {StackComponentType(kind): component_name(spec, part) for kind, part in spec.components.items()}
    if change.action == "create":
        client.create_stack(change.name, parts)
    else:
        client.update_stack(change.name, component_updates=parts)
