"""The only writer to ZenML's stacks: makes what `stacks.plan` found missing, and nothing else."""

from collections.abc import Callable, Iterable
from typing import Any

from ml.io.file_lock import one_at_a_time
from schemas.errors import ConfigurationError, Fault
from schemas.plan import PlannedChange
from schemas.stack import StackSpec
from stacks.checks.settings import as_stored, settings_faults
from stacks.declared import PREFIX, Part, parts, stack_name
from stacks.in_use import refuse_in_use
from stacks.plan import Component, Existing, changes, chosen_name
from stacks.plugins import flavor_sources, load_flavor, schema_digest
from stacks.session import config_folder


def declared_parts(client: Any, spec: StackSpec) -> list[Part]:
    """Return the declared parts with their settings as ZenML stores them."""
    return parts(spec, lambda kind, part: as_stored(client, kind, part))


def observe(client: Any, flavors: Iterable[str]) -> Existing:
    """Read what ZenML has of ours: stacks, components, and of `flavors` which it knows and how."""
    from zenml.utils.pagination_utils import depaginate

    ours = f"startswith:{PREFIX}"
    stacks = depaginate(client.list_stacks, name=ours, hydrate=True)
    held = {(kind.value, found.name) for stack in stacks for kind, many in stack.components.items() for found in many}
    return Existing(
        flavors={
            flavor.name: (flavor.source, schema_digest(flavor.config_schema))
            for name in flavors
            for flavor in client.list_flavors(name=name, hydrate=True).items
        },
        components={
            (found.type.value, found.name): Component(
                found.flavor_name,
                found.configuration,
                found.connector.name if found.connector else None,
                found.connector_resource_id if found.connector else None,
                used=(found.type.value, found.name) in held or client.list_stacks(component_id=found.id).total > 0,
            )
            for found in depaginate(client.list_stack_components, name=ours, hydrate=True)
        },
        stacks={
            stack.name: {kind.value: tuple(found.name for found in many) for kind, many in stack.components.items()}
            for stack in stacks
        },
    )


def our_flavors(spec: StackSpec) -> dict[str, tuple[str, str]]:
    """Return our flavors that `spec` uses, name → (source, digest of the settings' schema)."""
    known = flavor_sources()
    used = {part.flavor for part in spec.components.values() if part.flavor in known}
    return {name: (known[name], schema_digest(load_flavor(name).config_schema)) for name in sorted(used)}


def plan_stack(client: Any, spec: StackSpec) -> list[PlannedChange]:
    """Return what `apply_stack` would make, and what stays."""
    flavors = our_flavors(spec)
    return changes(stack_name(spec), declared_parts(client, spec), flavors, observe(client, flavors))


def apply_stack(client: Any, spec: StackSpec, announce: Callable[[PlannedChange], None]) -> Any:
    """Make the stack exist as declared and return it; the user's active stack is never touched.

    Args:
        client: ZenML's.
        spec: The declared stack.
        announce: Called with each change before it is made.

    Raises:
        ConfigurationError: If a flavor is unknown or refuses its settings, or a run uses what would change; nothing
            was changed.
    """
    faults = settings_faults(client, spec)
    if faults:
        raise ConfigurationError(faults, heading="The stack cannot work")
    name, flavors, wanted = stack_name(spec), our_flavors(spec), declared_parts(client, spec)
    if any(change.changes for change in changes(name, wanted, flavors, observe(client, flavors))):
        # Commands of this machine change one after another; a server's others are seen afterwards.
        with one_at_a_time(config_folder() / ".drivetrain-stacks.lock"):
            _apply(client, name, wanted, flavors, announce)
        _require_as_declared(client, name, wanted, flavors)
    return client.get_stack(name, allow_name_prefix_match=False)


def _require_as_declared(client: Any, name: str, wanted: list[Part], flavors: dict[str, tuple[str, str]]) -> None:
    left = [change for change in changes(name, wanted, flavors, observe(client, flavors)) if change.changes]
    if left:
        what = f"another command declares {name} otherwise: {left[0].kind} {left[0].name} is not as it is declared here"
        fault = Fault("stack", what, "run it again, or give one of the two stacks another name")
        raise ConfigurationError([fault], heading="The stack cannot be used now")


def _apply(
    client: Any,
    name: str,
    wanted: list[Part],
    flavors: dict[str, tuple[str, str]],
    announce: Callable[[PlannedChange], None],
) -> None:
    existing = observe(client, flavors)
    planned = [change for change in changes(name, wanted, flavors, existing) if change.changes]
    for change in planned:
        _require_unused(client, change, existing)
    chosen = {part.kind: chosen_name(part, name, existing) for part in wanted}
    for change in planned:
        announce(change)
        _make(client, {part.kind: part for part in wanted}, chosen, change)


def _require_unused(client: Any, change: PlannedChange, existing: Existing) -> None:
    if change.action == "create" or change.kind == "flavor":
        return
    what = f"{change.kind} {change.name}"
    holders = [
        stack
        for stack, held in existing.stacks.items()
        if change.name in (stack if change.kind == "stack" else "", *held.get(change.kind, ()))
    ]
    refuse_in_use(client, what, holders)


def _make(client: Any, wanted: dict[str, Part], chosen: dict[str, str], change: PlannedChange) -> None:
    try:
        if change.kind == "flavor":
            _make_flavor(client, change)
        elif change.kind == "stack":
            _make_stack(client, chosen, change)
        else:
            _make_component(client, wanted[change.kind], change)
    except Exception:
        # Two commands want the same at the same time: ZenML says that it exists, its database that a name is taken.
        if change.action != "create" or not _exists(client, change):
            raise
    part = wanted.get(change.kind)
    if part is not None and (change.action != "create" or part.connector is not None):
        _connect(client, part, change.name)


def _exists(client: Any, change: PlannedChange) -> bool:
    if change.kind == "flavor":
        found = client.list_flavors(name=change.name)
    elif change.kind == "stack":
        found = client.list_stacks(name=change.name)
    else:
        found = client.list_stack_components(name=change.name, type=change.kind)
    return bool(found.total)


def _make_flavor(client: Any, change: PlannedChange) -> None:
    from zenml.models import FlavorUpdate

    flavor = load_flavor(change.name)
    source = flavor_sources()[change.name]
    if change.action == "create":
        client.create_flavor(source=source, component_type=flavor.type)
        return
    found = client.get_flavor(change.name, allow_name_prefix_match=False)
    client.zen_store.update_flavor(found.id, FlavorUpdate(source=source, config_schema=flavor.config_schema))


def _make_component(client: Any, part: Part, change: PlannedChange) -> None:
    from zenml.enums import StackComponentType

    kind = StackComponentType(part.kind)
    if change.action == "create":
        client.create_stack_component(change.name, part.flavor, kind, dict(part.settings))
        return
    from zenml.models import ComponentUpdate

    # The client's own update merges: a setting that is no longer declared would stay.
    found = client.get_stack_component(kind, change.name, allow_name_prefix_match=False)
    client.zen_store.update_stack_component(found.id, ComponentUpdate(configuration=dict(part.settings)))


def _connect(client: Any, part: Part, name: str) -> None:
    from zenml.enums import StackComponentType

    kind = StackComponentType(part.kind)
    if part.connector is None:
        if client.get_stack_component(kind, name, allow_name_prefix_match=False).connector is not None:
            client.update_stack_component(name, kind, disconnect=True)
        return
    connector = client.get_service_connector(part.connector, allow_name_prefix_match=False)
    client.update_stack_component(name, kind, connector_id=connector.id, connector_resource_id=part.connector_resource)


def _make_stack(client: Any, chosen: dict[str, str], change: PlannedChange) -> None:
    from zenml.enums import StackComponentType
    from zenml.models import StackUpdate

    ids = {
        StackComponentType(kind): [
            client.get_stack_component(StackComponentType(kind), name, allow_name_prefix_match=False).id
        ]
        for kind, name in chosen.items()
    }
    if change.action == "create":
        client.create_stack(change.name, {kind: str(found[0]) for kind, found in ids.items()})
        return
    # The client's own update merges: what is no longer declared would stay.
    stack = client.get_stack(change.name, allow_name_prefix_match=False)
    client.zen_store.update_stack(stack.id, StackUpdate(components=ids))
