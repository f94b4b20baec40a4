"""The settings of a declared stack against its flavors' schemas: ZenML's classes alone ignore what they don't know."""

from typing import Any

from schemas.errors import ConfigurationError, Fault, did_you_mean
from schemas.home import ROOT
from schemas.stack import ComponentSpec, StackSpec
from stacks.checks.secrets import names_one
from stacks.declared import Settings, rendered
from stacks.plugins import blaming, flavor_sources, load_flavor, whose
from stacks.shown import is_secret


def _refusals() -> tuple[type[Exception], ...]:
    """Return what a flavor's own validators raise to say what they do not take; pydantic's error is a ValueError."""
    from zenml.exceptions import ZenMLBaseException

    return (ValueError, TypeError, AttributeError, ZenMLBaseException)


def settings_faults(client: Any, spec: StackSpec) -> list[Fault]:
    """Return unknown flavors, unknown settings, wrong types, secrets in clear text and unknown connectors."""
    faults: list[Fault] = []
    for kind, part in spec.components.items():
        faults += _component_faults(client, kind, part)
        if part.connector is not None:
            faults += _connector_faults(client, f"stack.{kind}.connector", part.connector)
    return faults


def as_stored(client: Any, kind: str, part: ComponentSpec) -> Settings:
    """Return settings as ZenML stores them once their flavor has read them; as they are where it does not take them."""
    given = rendered(part.settings)
    config = config_class(client, kind, part.flavor)
    try:
        stored: Settings = config(**given).model_dump(mode="json", exclude_unset=True) if config else given
    except Exception:  # whatever a stranger's validator raises: `settings_faults` tells it
        return given
    return stored


def config_class(client: Any, kind: str, flavor: str) -> Any | None:
    """Return the settings' class of a flavor, None where there is no such flavor of that kind.

    Raises:
        ConfigurationError: If the flavor is broken.
    """
    if flavor in flavor_sources():
        ours = load_flavor(flavor)
        return ours.config_class if ours.type.value == kind else None
    from zenml.stack import Flavor
    from zenml.utils import source_utils

    source_utils.set_custom_source_root(str(ROOT))  # it looks beside a main module, which a notebook has not
    found = client.list_flavors(name=flavor, type=kind, hydrate=True).items
    if not found:
        return None
    with blaming(flavor, "cannot be used"):  # its package may be gone from here since it was registered
        return Flavor.from_model(found[0]).config_class


def _component_faults(client: Any, kind: str, part: ComponentSpec) -> list[Fault]:
    path = f"stack.{kind}"
    try:
        config = config_class(client, kind, part.flavor)
    except ConfigurationError as error:  # of an installed package, which does not import
        return [Fault(f"{path}.flavor", fault.message, fault.hint) for fault in error.faults]
    if config is None:
        known = sorted(
            {flavor.name for flavor in client.list_flavors(type=kind, size=500).items}
            | {name for name in flavor_sources() if _is_of(kind, name)}
        )
        what = f"{part.flavor!r} is not a flavor of {kind}.{did_you_mean(part.flavor, known)}"
        return [Fault(f"{path}.flavor", what, f"known: {', '.join(known)}")]
    known_settings = config.model_fields
    given = rendered(part.settings)
    faults = [
        _unknown(path, name, part.flavor, sorted(known_settings)) for name in sorted(set(given) - set(known_settings))
    ]
    faults += _clear_text(kind, part, known_settings)
    of_flavor = {name: value for name, value in given.items() if name in known_settings}
    return faults + _invalid(path, part.flavor, config, of_flavor)


def _is_of(kind: str, flavor: str) -> bool:
    try:
        return bool(load_flavor(flavor).type.value == kind)
    except ConfigurationError:
        return False


def _unknown(path: str, name: str, flavor: str, allowed: list[str]) -> Fault:
    what = f"flavor {flavor!r} has no such setting.{did_you_mean(name, allowed)}"
    return Fault(f"{path}.settings.{name}", what, f"allowed: {', '.join(allowed) or 'none'}")


def _clear_text(kind: str, part: ComponentSpec, fields: Any) -> list[Fault]:
    """Refuse a secret that stands in the declaration itself: ZenML would keep it in its database as it is."""
    from zenml.utils.secret_utils import is_secret_field, is_secret_reference

    hint = "keep it in ZenML and refer to it: {{secret: NAME, key: {}}}; zenml secret create NAME --{}=…"
    return [
        Fault(f"stack.{kind}.settings.{name}", "a secret must not stand here", hint.format(name, name))
        for name, value in rendered(part.settings).items()
        if name in fields
        and (is_secret_field(fields[name]) or (is_secret(name, value) and not names_one(kind, part.flavor, name)))
        and value is not None
        and not is_secret_reference(value)
    ]


def _invalid(path: str, flavor: str, config: Any, given: dict[str, Any]) -> list[Fault]:
    from pydantic import ValidationError

    wrong = _wrong_types(path, flavor, config, given)
    if wrong:
        return wrong
    try:
        # What refers to a secret is known when it is used: only `__init__` leaves it out of the checks.
        config(**given)
    except ValidationError as error:
        return [Fault(f"{path}.settings.{'.'.join(map(str, e['loc']))}".rstrip("."), e["msg"]) for e in error.errors()]
    except _refusals() as error:
        return [Fault(f"{path}.settings", str(error))]
    except Exception as error:
        return _unchecked(f"{path}.settings", flavor, error)
    return []


def _unchecked(path: str, flavor: str, error: Exception) -> list[Fault]:
    """Return a fault that says whose validator raised what is no refusal; none where ZenML's lacks its client."""
    if isinstance(error, ImportError) and flavor not in flavor_sources():
        return []  # it reads the settings with its client package, which is told as missing
    return [Fault(path, f"{whose(flavor)} cannot check its settings: {type(error).__name__}: {error}")]


def _wrong_types(path: str, flavor: str, config: Any, given: dict[str, Any]) -> list[Fault]:
    """Try each setting by itself: some validators of flavors break on a value of another type."""
    from pydantic import PydanticUserError, TypeAdapter, ValidationError
    from zenml.utils.secret_utils import is_secret_reference

    faults: list[Fault] = []
    for name, value in given.items():
        if is_secret_reference(value):
            continue
        try:
            TypeAdapter(config.model_fields[name].annotation).validate_python(value)
        except ValidationError as error:
            faults += [
                Fault(".".join([f"{path}.settings", name, *map(str, each["loc"])]), each["msg"])
                for each in error.errors()
            ]
        except PydanticUserError:
            continue  # a type that only the settings as a whole know how to read
        except Exception as error:
            faults += _unchecked(f"{path}.settings.{name}", flavor, error)
    return faults


def _connector_faults(client: Any, path: str, name: str) -> list[Fault]:
    if client.list_service_connectors(name=name).total:
        return []
    known = [connector.name for connector in client.list_service_connectors(size=100).items]
    hint = f"known: {', '.join(known)}" if known else "zenml service-connector register"
    return [Fault(path, f"ZenML has no service connector {name!r}.{did_you_mean(name, known)}", hint)]
