"""Whether the declared stack can work at all: asked by the plan, and before a run starts anything."""

from typing import Any

from schemas.errors import ConfigurationError, Fault
from schemas.plan import Missing
from schemas.stack import StackSpec
from stacks.checks.run import faults, merged, missing
from stacks.checks.settings import settings_faults


def unmet(client: Any, spec: StackSpec, sqlite: bool) -> tuple[list[Fault], list[Missing]]:
    """Return what is wrong with the declaration, and what is missing on this machine.

    Args:
        client: ZenML's client, or what answers for it where there is no store.
        spec: The declared stack.
        sqlite: Whether ZenML's store is a SQLite file on this machine.
    """
    return merged(faults(spec, sqlite), settings_faults(client, spec)), missing(spec)


def require_stack(client: Any, spec: StackSpec, sqlite: bool) -> None:
    """Refuse a stack that cannot work; no other is taken in its place.

    Raises:
        ConfigurationError: With all that is wrong or missing; nothing was started.
    """
    wrong, absent = unmet(client, spec, sqlite)
    found = wrong + [Fault("stack", each.what, each.command) for each in absent]
    if found:
        raise ConfigurationError(found, heading=f"Stack {spec.name!r} cannot work")
