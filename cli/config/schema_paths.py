"""What a schema allows at a path: its keys, its numbers' range."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Path = Sequence[str | int]


def keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """Return the keys of the model that stands at `path` below `model`; none where there is no model."""
    return sorted(field.alias or key for found in _models_at(model, path) for key, field in found.model_fields.items())


def bounds_at(model: type[BaseModel], path: Path) -> str:
    """Return `more than 0 and less than 1` for the number at `path`, empty where nothing bounds it."""
    for parent in _models_at(model, path[:-1]):
        field = parent.model_fields.get(str(path[-1]))
        if field is not None:
            return " and ".join(_bounds(field))
    return ""


def _bounds(field: FieldInfo) -> Iterator[str]:
    members = [field.annotation, *get_args(field.annotation)]
    inner = [mark for kind in members if get_origin(kind) is Annotated for mark in get_args(kind)[1:]]
    marks = [part for mark in inner for part in (mark.metadata if isinstance(mark, FieldInfo) else [mark])]
    for mark in [*field.metadata, *marks]:
        if isinstance(mark, Gt):
            yield f"more than {mark.gt}"
        elif isinstance(mark, Ge):
            yield f"at least {mark.ge}"
        elif isinstance(mark, Lt):
            yield f"less than {mark.lt}"
        elif isinstance(mark, Le):
            yield f"at most {mark.le}"


def _models_at(model: type[BaseModel], path: Path) -> list[type[BaseModel]]:
    types: list[Any] = [model]
    for part in path:
        types = [inner for kind in types for inner in _step(kind, part)]
    return [kind for kind in types if isinstance(kind, type) and issubclass(kind, BaseModel)]


def _step(kind: Any, part: str | int) -> list[Any]:
    origin = get_origin(kind)
    if isinstance(kind, type) and origin is None and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return members(field.annotation) if field is not None else []
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return members(get_args(kind)[1])
    if isinstance(origin, type) and issubclass(origin, Sequence) and isinstance(part, int):
        return members(get_args(kind)[0])
    return []


def members(kind: Any) -> list[Any]:
    """Return the members of a union, each without its annotations."""
    if get_origin(kind) is Annotated:
        return members(get_args(kind)[0])
    if get_origin(kind) is Union or type(kind).__name__ == "UnionType":
        return [inner for member in get_args(kind) for inner in members(member)]
    return [kind]


def describe(kind: Any) -> str:
    """Return a type as a person would write it: `whole number | auto`."""
    plain = {
        int: "whole number",
        float: "number",
        str: "text",
        bool: "true or false",
        type(None): "null",
        Any: "anything",
    }
    words = []
    for member in members(kind):
        if get_origin(member) is Literal:
            words += [str(value) for value in get_args(member)]
        elif get_origin(member) in (list, tuple, Sequence):
            words.append("list of " + describe(get_args(member)[0]))
        elif isinstance(get_origin(member), type):
            words.append("mapping")
        elif isinstance(member, type) and issubclass(member, BaseModel):
            words.append("{" + ", ".join(member.model_fields) + "}")
        else:
            words.append(plain.get(member, getattr(member, "__name__", str(member))))
    return " | ".join(dict.fromkeys(words))
