"""The variables that a stack gives to its steps: set where the command runs, and handed to processes elsewhere.

They are no part of what ZenML stores of a run: secrets may be among them.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from schemas.errors import ConfigurationError, Fault
from schemas.run import Run
from schemas.secret import SecretRef
from schemas.stack import StackSpec

_OF_LIBRARIES = re.compile(
    r"(?:AWS|AZURE|GOOGLE|GCLOUD|CLOUDSDK|PG|MYSQL)[A-Z0-9_]*$|(?:https?|all|no)_proxy$|[A-Z0-9_]*CA_(?:BUNDLE|FILE)$"
    r"|SSL_CERT_(?:FILE|DIR)$",
    re.IGNORECASE,
)
_given: ContextVar[Mapping[str, str]] = ContextVar("stack_environment", default={})  # noqa: B039  never changed


@contextmanager
def stack_environment(
    spec: StackSpec, reveal: Callable[[SecretRef], str], also: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Set the declared variables while the block runs.

    Args:
        spec: The declared stack.
        reveal: Gives the secret that a reference names.
        also: Variables of this process that steps elsewhere need as well.

    Raises:
        ConfigurationError: If a secret is not there, with all that are missing.
    """
    from zenml.utils.env_utils import temporary_environment

    values = _revealed(spec, reveal)
    token = _given.set({**(also or {}), **values})
    try:
        with temporary_environment(values):
            yield
    finally:
        _given.reset(token)


def referenced(run: Run) -> dict[str, str]:
    """Return the variables of this process that a run's steps need wherever they run.

    Those that its components name as secrets (`{env: NAME}`), and those by which libraries find a cloud, a proxy or an
    authority: a step on a cluster of this machine finds what it would find here.
    """
    named = set(_named(run.model_dump(mode="json", exclude={"stack"})))
    return {name: value for name, value in os.environ.items() if name in named or _OF_LIBRARIES.match(name)}


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(name := value.get("env"), str) and not any(value[key] for key in value if key != "env"):
            yield name
        for one in value.values():
            yield from _named(one)
    elif isinstance(value, list):
        for one in value:
            yield from _named(one)


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
