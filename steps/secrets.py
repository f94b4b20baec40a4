"""The one place where a reference to a secret becomes the secret, at the moment it is used."""

import os

from schemas.errors import ConfigurationError, Fault, did_you_mean
from schemas.secret import SecretRef


def reveal(reference: SecretRef) -> str:
    """Return the secret; the fault of one that is not there has no path, since only the caller knows it.

    Raises:
        ConfigurationError: If the variable is not set, or ZenML has no such secret or key.
    """
    if reference.env is not None:
        return _of_environment(reference.env)
    return _of_zenml(str(reference.secret), str(reference.key))


def _of_environment(name: str) -> str:
    found = os.environ.get(name)
    if found is None:
        suggestion = did_you_mean(name, list(os.environ))
        raise _missing(f"the environment variable {name} is not set.{suggestion}".rstrip("."), f"export {name}=…")
    if not found:
        raise _missing(f"the environment variable {name} is empty", f"export {name}=…")
    return found


def _of_zenml(name: str, key: str) -> str:
    from zenml.client import Client

    try:
        found = Client().get_secret(name, allow_partial_name_match=False, allow_partial_id_match=False)
    except KeyError:
        raise _missing(f"ZenML has no secret {name!r}", f"zenml secret create {name} --{key}=…") from None
    except NotImplementedError:
        raise _missing("this ZenML server keeps no secrets", "name an environment variable: {env: NAME}") from None
    values = found.secret_values
    if key not in values:
        known = ", ".join(sorted(values)) or "none"
        what = f"ZenML's secret {name!r} has no key {key!r}.{did_you_mean(key, list(values))}"
        raise _missing(what, f"its keys: {known}")
    return values[key]


def _missing(what: str, hint: str) -> ConfigurationError:
    return ConfigurationError([Fault("", what, hint)])
