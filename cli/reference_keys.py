"""The keys of a schema as rows for a table: key path, type, default, meaning."""

import json
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cli.shape import bounds_at, describe, members
from schemas.secret import SecretRef

Row = tuple[str, str, str, str]


def keys(model: type[BaseModel], prefix: str, hidden: tuple[str, ...] = ()) -> list[Row]:
    """Return a row for every key below `prefix`, those of nested models included; `<name>` stands for any key."""
    rows: list[Row] = []
    for name, field in model.model_fields.items():
        if name in hidden:
            continue
        inner = [kind for kind in members(field.annotation) if _is_model(kind) and kind is not SecretRef]
        each = [kind for kind in members(field.annotation) if get_origin(kind) is dict]
        if field.description or not inner:
            rows.append((f"{prefix}{name}", _type(model, name, field), _default(field), field.description or ""))
        for kind in inner:
            rows += keys(kind, f"{prefix}{name}.")
        for kind in each:
            rows += [row for one in members(get_args(kind)[1]) if _is_model(one) for row in _each(one, prefix + name)]
    if model.model_config.get("extra") == "allow":
        rows.append((f"{prefix}…", "", "", "the parameters of the class, by their own names"))
    return rows


def of_estimators(component: type[Any], prefix: str) -> list[Row]:
    """Return a row for each scikit-learn class whose parameters a preset takes."""
    if not hasattr(component, "estimators"):
        return []
    return [
        (f"{prefix}…", "", "", f"every parameter of scikit-learn's `{estimator.__name__}`")
        for estimator in component.estimators("auto")
    ]


def _each(model: type[BaseModel], place: str) -> list[Row]:
    return keys(model, f"{place}.<name>.")


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _type(model: type[BaseModel], name: str, field: FieldInfo) -> str:
    bounds = bounds_at(model, [name])
    text = describe(field.annotation).replace(describe(SecretRef), "{env} or {secret, key}")
    return text + (f", {bounds}" if bounds else "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel) or value in ({}, []):
        return ""
    return f"`{json.dumps(value, ensure_ascii=False, default=str)}`"
