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
    return [
        Missing(what=f"{path}: {why}", command=f"zenml secret {verb} {name} --{key}=…")
        for path, name, key in _references(spec)
        for verb, why in _why_not(client, name, key)
    ]


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
