"""What ZenML has of our stacks, and their removal: `python -m stacks list|show|remove`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schemas.errors import ConfigurationError, Fault, did_you_mean
from stacks.declared import PREFIX
from stacks.in_use import refuse_in_use


@dataclass(frozen=True)
class Held:
    """A component of a stack, and the other stacks that hold it, ours and a person's."""

    kind: str
    name: str
    flavor: str
    id: Any
    settings: dict[str, Any]
    shared_with: tuple[str, ...]


def stack_names(client: Any) -> list[str]:
    """Return the names of our stacks as they are declared, sorted."""
    from zenml.utils.pagination_utils import depaginate

    found = depaginate(client.list_stacks, name=f"startswith:{PREFIX}")
    return sorted(stack.name.removeprefix(PREFIX) for stack in found)


def find(client: Any, name: str) -> Any:
    """Return one of our stacks.

    Raises:
        ConfigurationError: If ZenML has none of that name.
    """
    try:
        return client.get_stack(f"{PREFIX}{name}", allow_name_prefix_match=False)
    except KeyError:
        known = stack_names(client)
        hint = f"there are: {', '.join(known)}" if known else "no run has made one yet"
        fault = Fault("", f"ZenML has no stack {name!r} of Drivetrain's.{did_you_mean(name, known)}", hint)
        raise ConfigurationError([fault], heading="No such stack") from None


def held(client: Any, stack: Any) -> Iterator[Held]:
    """Yield the components of a stack."""
    for kind, many in stack.components.items():
        for one in many:
            found = client.get_stack_component(kind, one.id)
            others = client.list_stacks(component_id=one.id, size=100).items
            names = tuple(sorted(other.name for other in others if other.id != stack.id))
            yield Held(kind.value, one.name, one.flavor_name, one.id, found.configuration, names)


def remove(client: Any, name: str) -> Iterator[str]:
    """Remove a stack and what only it used, and yield a line for each thing that is removed or stays.

    What other stacks hold stays, and so does a deployer that looks after deployments, and an artifact store that holds
    what runs made: its record is the way to it.

    Raises:
        ConfigurationError: If there is no such stack, a run uses it, or it is the person's active one.
    """
    stack = find(client, name)
    refuse_in_use(client, f"stack {name}", [stack.name])
    if stack.id == client.active_stack_model.id:
        fault = Fault("", f"{stack.name} is the active stack", "choose another first: zenml stack set default")
        raise ConfigurationError([fault], heading="The stack cannot be removed")
    parts = list(held(client, stack))
    client.zen_store.delete_stack(stack.id)
    yield f"stack {name}: removed"
    for part in parts:
        why = _why_kept(client, part)
        if not why:
            client.zen_store.delete_stack_component(part.id)
        yield f"{part.kind} {part.name}: {f'stays, {why}' if why else 'removed'}"


def orphans(client: Any) -> list[tuple[str, str]]:
    """Return kind and name of components of ours that no stack holds."""
    from zenml.utils.pagination_utils import depaginate

    ours = depaginate(client.list_stack_components, name=f"startswith:{PREFIX}")
    return sorted((one.type.value, one.name) for one in ours if not client.list_stacks(component_id=one.id).total)


def _why_kept(client: Any, part: Held) -> str:
    if not part.name.startswith(PREFIX):
        return "it is not of Drivetrain's making"
    if part.shared_with:
        return f"used by {', '.join(part.shared_with)}"
    if part.kind == "deployer":
        living = [found.name for found in client.list_deployments(deployer_id=part.id, size=100).items]
        return f"it looks after {', '.join(living)}" if living else ""
    if part.kind == "artifact_store":
        kept = client.list_artifact_versions(uri=f"startswith:{_path(client, part)}", size=1).total
        return f"{kept:,} artifacts of runs are in it" if kept else ""
    return ""


def _path(client: Any, store: Held) -> str:
    from zenml.enums import StackComponentType
    from zenml.stack import StackComponent

    found: Any = StackComponent.from_model(client.get_stack_component(StackComponentType.ARTIFACT_STORE, store.id))
    return str(found.path)
