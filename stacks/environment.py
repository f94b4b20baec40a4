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


OF_ONE_KEY = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID")
"""What belongs to one key of AWS, and is no part of another: libraries would send both. Blank, it is none to them."""


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
    values, absent = _revealed(spec, reveal)
    if absent:
        raise ConfigurationError(absent, heading="The stack cannot work")
    token = _given.set({**(also or {}), **values})
    try:
        with variables_set(values):
            yield
    finally:
        _given.reset(token)


@contextmanager
def variables_at_hand(spec: StackSpec, reveal: Callable[[SecretRef], str]) -> Iterator[list[Fault]]:
    """Set those of the declared variables that are there while the block runs, and give the faults of the others."""
    values, absent = _revealed(spec, reveal)
    with variables_set(values):
        yield absent


@contextmanager
def variables_set(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables while the block runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


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


def _revealed(spec: StackSpec, reveal: Callable[[SecretRef], str]) -> tuple[dict[str, str], list[Fault]]:
    values: dict[str, str] = {}
    absent: list[Fault] = []
    for name, value in spec.environment.items():
        try:
            values[name] = value if isinstance(value, str) else reveal(value)
        except ConfigurationError as error:
            absent += [Fault(f"stack.environment.{name}", fault.message, fault.hint) for fault in error.faults]
    key = values.get("AWS_ACCESS_KEY_ID")
    is_another = key is not None and key != os.environ.get("AWS_ACCESS_KEY_ID")
    return {**(dict.fromkeys(OF_ONE_KEY, "") if is_another else {}), **values}, absent
