"""The keys of a schema as rows for a table: key path, type, default, meaning."""

import json
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cli.config.schema_paths import bounds_at, describe, members
from ml.components.trainer import Trainer
from schemas.choice import Choice
from schemas.secret import SecretRef

Row = tuple[str, str, str, str]
# Not opened: components have tables of their own, and a reference is described in a word.
_LEAVES: frozenset[Any] = frozenset({Choice, SecretRef})


def keys(
    model: type[BaseModel], prefix: str, hidden: tuple[str, ...] = (), above: frozenset[Any] = _LEAVES
) -> list[Row]:
    """Return a row for every key below `prefix`, those of nested models included.

    `<name>` stands for any key, `[]` for an item of a list. A model that holds itself is not opened again.
    """
    rows: list[Row] = []
    for name, field in model.model_fields.items():
        if name in hidden:
            continue
        place = f"{prefix}{field.alias or name}"
        inner = [(kind, f"{place}{step}") for kind, step in _nested(field.annotation) if kind not in {*above, model}]
        if field.description or not inner:
            rows.append((place, _type(model, name, field), _default(field), field.description or ""))
        for kind, where in inner:
            rows += keys(kind, f"{where}.", above=above | {model})
    if model.model_config.get("extra") == "allow":
        rows.append((f"{prefix}…", "", "", "the parameters of the class, by their own names"))
    return rows


def _nested(annotation: Any) -> Iterator[tuple[type[BaseModel], str]]:
    """Yield the models that a field may hold, each with what stands between the field's key and theirs."""
    for kind in members(annotation):
        if isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, BaseModel):
            yield kind, ""
        elif get_origin(kind) in (dict, list):
            step = ".<name>" if get_origin(kind) is dict else "[]"
            yield from ((one, f"{step}{inner}") for one, inner in _nested(get_args(kind)[-1]))


def of_estimators(component: type[Any], prefix: str) -> list[Row]:
    """Return a row for each scikit-learn class whose parameters a preset takes."""
    if not issubclass(component, Trainer):
        return []
    return [
        (f"{prefix}…", "", "", f"every parameter of scikit-learn's `{estimator.__name__}`")
        for estimator in component.estimators("auto")
    ]


def _type(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    bounds = bounds_at(model, [name])
    text = describe(field.annotation).replace(describe(SecretRef), "{env} or {secret, key}")
    text = text.replace(describe(Choice), "a component and its parameters")
    return text + (f", {bounds}" if bounds else "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel) or value in ({}, []):
        return ""
    return f"`{json.dumps(value, ensure_ascii=False, default=_plain)}`"


def _plain(value: Any) -> Any:
    """Return what of a model a person would write."""
    return value.model_dump(mode="json", exclude_unset=True) if isinstance(value, BaseModel) else str(value)
