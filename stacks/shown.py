"""The settings of components as a person or a log may see them."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import JsonValue

from schemas.bare_logins import without_login
from schemas.database_url import without_secrets
from schemas.secret_names import names_secret

_HIDDEN = "…"
_STANDS_FOR = re.compile(r"\{\{[^{}]+\}\}|\$\([^()]*\)")  # a secret of ZenML's; another variable of the pod

_SAYS_WHICH = re.compile(r"authentication_secret$|vault\.hashicorp\.com/agent-inject-secret-")  # one kept elsewhere


def shown(name: str, value: JsonValue) -> str:
    """Return a setting as text, without the secrets that its names and its addresses tell of, however deep."""
    return str(_masked(name, value))


def is_secret(name: Any, value: Any) -> bool:
    """Say whether a value is a secret by its name, and none that only stands for one."""
    if not isinstance(name, str) or not isinstance(value, str | int | float) or isinstance(value, bool):
        return False
    text = str(value)
    if _SAYS_WHICH.match(name):
        return False
    return bool(text) and not _STANDS_FOR.fullmatch(text) and names_secret(name, text)


def _masked(name: str, value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        named = value.get("name")  # a variable of a pod is {name: NAME, value: VALUE}
        return {
            key: _masked(named if key == "value" and isinstance(named, str) else key, inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_masked("", inner) for inner in value]
    if is_secret(name, value):
        return _HIDDEN
    return without_login(name, without_secrets(value)) if isinstance(value, str) else value
