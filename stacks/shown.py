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

# The name of one that is kept elsewhere; a name with a domain is that of an annotation, which everybody may read.
_SAYS_WHICH = re.compile(r"authentication_secret$|existing_?secret$|image_?pull_?secrets?$|[\w.-]+/", re.IGNORECASE)
_ASSIGNED = re.compile(r"((?:(?:-e|--env)[ =]*)?([A-Za-z_][\w.-]*)=)(.+)", re.DOTALL)


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


def name_of_value(pair: Mapping[str, Any]) -> str | None:
    """Return the name that a pair of a name and a value gives its value: {name: NAME, value: VALUE}, a tag's key."""
    plain = {str(key).lower(): value for key, value in pair.items()}
    found = plain.get("name", plain.get("key")) if "value" in plain else None
    return found if isinstance(found, str) else None


def assigned_secret(text: str) -> str | None:
    """Return the name of a variable that a text gives a secret, as an option of a program does: `-e NAME=VALUE`."""
    found = _ASSIGNED.fullmatch(text)
    return found[2] if found is not None and is_secret(found[2], found[3]) else None


def _masked(name: str, value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        named = name_of_value(value)
        return {
            key: _masked(named if named is not None and key.lower() == "value" else key, inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_masked("", inner) for inner in value]
    if is_secret(name, value):
        return _HIDDEN
    if not isinstance(value, str):
        return value
    if assigned_secret(value):
        return _ASSIGNED.sub(rf"\1{_HIDDEN}", value)
    return without_login(name, without_secrets(value))
