"""The variables that a stack gives to its steps: set where the command runs, and handed to processes elsewhere.

They are no part of what ZenML stores of a run: secrets may be among them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from schemas.errors import ConfigurationError, Fault
from schemas.secret import SecretRef
from schemas.stack import StackSpec

_given: ContextVar[Mapping[str, str]] = ContextVar("stack_environment", default={})  # noqa: B039  never changed


@contextmanager
def stack_environment(spec: StackSpec, reveal: Callable[[SecretRef], str]) -> Iterator[None]:
    """Set the declared variables while the block runs.

    Args:
        spec: The declared stack.
        reveal: Gives the secret that a reference names.

    Raises:
        ConfigurationError: If a secret is not there, with all that are missing.
    """
    from zenml.utils.env_utils import temporary_environment

    values = _revealed(spec, reveal)
    token = _given.set(values)
    try:
        with temporary_environment(values):
            yield
    finally:
        _given.reset(token)


def given() -> dict[str, str]:
    """Return the variables of the stack whose run this process drives."""
    return dict(_given.get())


def _revealed(spec: StackSpec, reveal: Callable[[SecretRef], str]) -> dict[str, str]:
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for name, value in spec.environment.items():
        try:
            values[name] = value if isinstance(value, str) else reveal(value)
        except ConfigurationError as error:
            faults += [Fault(f"stack.environment.{name}", fault.message, fault.hint) for fault in error.faults]
    if faults:
        raise ConfigurationError(faults, heading="The stack cannot work")
    return values
