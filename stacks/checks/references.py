"""ZenML secrets that settings of components refer to: ZenML itself would tell of one only when a run has begun."""

from collections.abc import Iterator
from typing import Any

from schemas.errors import did_you_mean
from schemas.plan import Missing
from schemas.stack import StackSpec
from stacks.declared import rendered


def missing(client: Any, spec: StackSpec) -> list[Missing]:
    """Return the secrets, and keys of secrets, that are referred to and not there.

    Args:
        client: ZenML's client, or what answers for it where there is no store.
        spec: The declared stack.
    """
    found = list(_references(spec))
    return [
        Missing(what=f"{path}: {why}", command=_command(verb, name, [key] if verb == "update" else _keys(found, name)))
        for path, name, key in found
        for verb, why in _why_not(client, name, key)
    ]


def _keys(references: list[tuple[str, str, str]], name: str) -> list[str]:
    """Return the keys of a secret that are referred to: it is made with all of them at once."""
    return list(dict.fromkeys(key for _, secret, key in references if secret == name))


def _command(verb: str, name: str, keys: list[str]) -> str:
    return " ".join([f"zenml secret {verb} {name}", *(f"--{key}=…" for key in keys)])


def _references(spec: StackSpec) -> Iterator[tuple[str, str, str]]:
    from zenml.utils.secret_utils import is_secret_reference, parse_secret_reference

    for kind, part in spec.components.items():
        for setting, value in rendered(part.settings).items():
            if is_secret_reference(value):
                found = parse_secret_reference(str(value))
                yield f"stack.{kind}.settings.{setting}", found.name, found.key


def _why_not(client: Any, name: str, key: str) -> Iterator[tuple[str, str]]:
    try:
        values = client.get_secret_by_name_and_private_status(name=name).secret_values
    except KeyError:
        yield "create", f"ZenML has no secret {name!r}"
    except NotImplementedError:
        yield "create", "this ZenML server keeps no secrets"
    else:
        if key not in values:
            yield "update", f"ZenML's secret {name!r} has no key {key!r}.{did_you_mean(key, list(values))}".rstrip(".")
