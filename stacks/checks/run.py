"""All checks of a declared stack: what cannot work as it is declared, and what is missing where the command runs.

A check of another kind of stack is a module beside these and a line in `_CHECKS` or in `missing`.
"""

from collections.abc import Callable

from schemas.errors import Fault
from schemas.plan import Missing
from schemas.stack import StackSpec
from stacks.checks import credentials, requirements, secrets, this_machine
from stacks.checks.clouds import aws, gcp, kubernetes, remote, skypilot

_CHECKS: tuple[Callable[[StackSpec], list[Fault]], ...] = (
    this_machine.faults,
    secrets.faults,
    remote.faults,
    kubernetes.faults,
    aws.faults,
    gcp.faults,
    skypilot.faults,
)


def faults(spec: StackSpec, sqlite: bool = False) -> list[Fault]:
    """Return what cannot work as it is declared; neither ZenML, nor network, nor credentials are asked.

    Args:
        spec: The declared stack.
        sqlite: Whether ZenML's store is a SQLite file on this machine.
    """
    found = [fault for check in _CHECKS for fault in check(spec)]
    return found + remote.store_faults(spec, sqlite)


def missing(spec: StackSpec) -> list[Missing]:
    """Return what the stack needs and this machine has not: packages, programs, variables, credentials."""
    return requirements.missing(spec) + credentials.missing(spec)


def merged(first: list[Fault], second: list[Fault]) -> list[Fault]:
    """Return all faults; of a key, or of what holds it, the second list is heard only where the first is silent."""
    said = [fault.path for fault in first]
    return first + [
        fault for fault in second if not any(path == fault.path or path.startswith(f"{fault.path}.") for path in said)
    ]
