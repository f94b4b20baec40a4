"""Checks of what a component declares: parameters that are described and strict, and texts for people."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import get_annotations
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticSerializationError, PydanticUndefined

from drivetrain.testing.violation import Check, Violation, examine
from ml.components.component import Component
from ml.components.trainer import Trainer
from schemas.secret import SecretRef
from schemas.secret_names import names_secret

_UNKNOWN = "no_such_parameter_zz"


def declaration_checks(component: type[Any], given: Callable[[], Mapping[str, Any]] = dict) -> list[Check]:
    """Return the checks of a component's class and of its `Params`.

    Args:
        component: The class.
        given: What makes parameters that it can be tried with.
    """
    if not _has_params(component):
        return [("declared", lambda: ["it has no Params that is a pydantic model"])]
    return [
        ("declared", lambda: _undefaulted(component.Params)),
        ("described", lambda: _undescribed(component.Params)),
        ("strict", lambda: _lenient(component, given)),
        ("documented", lambda: [*undocumented(component), *undocumented(component.Params)]),
        ("secrets", lambda: _open_secrets(component.Params)),
    ]


def undocumented(kind: type[Any]) -> Iterator[str]:
    """Yield a sentence where a class has no docstring of its own."""
    if not (kind.__dict__.get("__doc__") or "").strip():
        yield f"{kind.__name__} has no docstring"


def models_in(model: type[BaseModel], above: frozenset[type[BaseModel]] = frozenset()) -> Iterator[type[BaseModel]]:
    """Yield a model and those that its fields may hold; references to secrets are known, and left out."""
    if model in above or model is SecretRef:
        return
    yield model
    for field in model.model_fields.values():
        for inner in _models(field.annotation):
            yield from models_in(inner, above | {model})


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _has_params(component: type[Any]) -> bool:
    params = getattr(component, "Params", None)
    return isinstance(params, type) and issubclass(params, BaseModel)


def _undefaulted(model: type[BaseModel]) -> Iterator[str]:
    """Yield defaults that do not fit their own type once they were JSON: pydantic takes them unseen."""
    for name, field in model.model_fields.items():
        default = field.get_default(call_default_factory=True)
        if default is PydanticUndefined:
            continue
        try:
            given = model.model_construct(**{name: default}).model_dump(mode="json", include={name}, warnings=False)
            TypeAdapter(field.rebuild_annotation()).validate_python(given[name])
        except (ValueError, TypeError, PydanticSerializationError):
            yield f"the default of {name}, {default!r}, is no value that it may have"


def _undescribed(model: type[BaseModel]) -> Iterator[str]:
    for one in models_in(model):
        for name, field in one.model_fields.items():
            if not (field.description or "").strip():
                where = name if one is model else f"{one.__name__}.{name}"
                yield f"the parameter {where} has no description: {name}: … = Field(description=…)"


def _lenient(component: type[Any], given: Callable[[], Mapping[str, Any]]) -> Iterator[str]:
    for model in models_in(component.Params):
        extra = model.model_config.get("extra")
        if extra == "forbid" or (extra == "allow" and _checks_the_rest(component, model, given)):
            continue
        yield f"{model.__name__} takes unknown keys in silence: subclass drivetrain.Strict"


def _checks_the_rest(component: type[Any], model: type[BaseModel], given: Callable[[], Mapping[str, Any]]) -> bool:
    """Say whether keys beside the declared ones are typed values, or looked at by the trainer itself."""
    typed = any("__pydantic_extra__" in get_annotations(base) for base in model.__mro__ if base is not BaseModel)
    if typed or not issubclass(component, Trainer):
        return typed
    return any(component.faults({**given(), _UNKNOWN: 1}, task) for task in (*component.tasks, "auto"))


def _open_secrets(model: type[BaseModel]) -> Iterable[str]:
    for one in models_in(model):
        for name, field in one.model_fields.items():
            kinds = {field.annotation, *get_args(field.annotation)}
            if names_secret(name, "") and kinds & {str, bytes}:
                yield f"the parameter {name} would hold a secret: its type is drivetrain.SecretRef"


def is_component(component: Any, base: type[Component]) -> Iterator[str]:
    """Yield a sentence where what was given is no component of its kind."""
    if not (isinstance(component, type) and issubclass(component, base)):
        yield f"{component!r} is not a subclass of drivetrain.{base.__name__}"
        return
    missing = sorted(getattr(component, "__abstractmethods__", ()))
    if missing:
        yield f"{component.__name__} does not define {', '.join(missing)}"


def check_declaration(component: type[Any], *, name: str) -> list[Violation]:
    """Return what a component breaks that is not tried with anything: parameters and texts alone are looked at."""
    return examine(name, declaration_checks(component))
