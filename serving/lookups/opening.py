"""From declared lookups to their sources: secrets are read here, from the environment of the service."""

import os
from collections.abc import Callable, Iterator, Sequence

from ml.io.database.errors import SqlError
from ml.io.database.query import why_not_one_query
from schemas.column_types import ARRAY_TYPES
from schemas.errors import DeploymentError
from schemas.lookups import LookupSpec
from schemas.secret import SecretRef
from schemas.signature import Signature
from serving.lookups.lookup import CONNECTIONS, Lookup
from serving.lookups.source import Source

Observe = Callable[[str], Callable[[float], None]]


def opened(specs: Sequence[LookupSpec], observe: Observe = lambda _: lambda __: None) -> list[Lookup]:
    """Return lookups of which nothing was asked yet.

    Args:
        specs: What is declared.
        observe: Gives, by a lookup's name, what is told how many seconds each question to its source took.

    Raises:
        DeploymentError: If a variable is not set, or a query or an address is none.
    """
    return [Lookup(spec, _source(spec), observe(spec.name)) for spec in specs]


def require_fitting(specs: Sequence[LookupSpec], signature: Signature) -> None:
    """Check lookups against the model that is to be deployed, and that this environment has their secrets.

    Raises:
        DeploymentError: With all that is wrong.
    """
    faults = [fault for spec in specs for fault in _faults(spec, signature)]
    if faults:
        raise DeploymentError("The lookups cannot work:\n" + "\n".join(f"  - {fault}" for fault in faults))
    for one in opened(specs):
        one.close()


def _faults(spec: LookupSpec, signature: Signature) -> Iterator[str]:
    key, inputs = f"deploy.lookups: {spec.name}", {one.name: one for one in signature.inputs}
    if signature.arrays:
        yield f"{key}: the model takes arrays, and rows are looked up for models of single values and texts"
        return
    for name in spec.columns:
        if name not in inputs:
            yield f"{key}.columns: {name!r} is no input of the model, which takes {', '.join(inputs)}"
        elif inputs[name].type in ARRAY_TYPES:
            yield f"{key}.columns: {name!r} is a {inputs[name].type}"
        elif spec.fallback == "missing" and not inputs[name].nullable:
            yield f"{key}.fallback: missing: {name!r} cannot be missing; declare data.columns.{name}.nullable: true"


def _source(spec: LookupSpec) -> Source:
    path = f"deploy.lookups: {spec.name}"
    secrets = [_revealed(one, path) for one in spec.secrets]
    url, user, password = (_value(one, path) for one in (spec.url, spec.user, spec.password))
    if spec.query is None:
        from serving.lookups.web import Web  # most services look nothing up: its library is not imported for them

        headers = {name: str(_value(value, path)) for name, value in spec.headers.items()}
        if not str(url).startswith(("http://", "https://")):
            raise DeploymentError(f"{path}.url is no address of the web; a database needs a query")
        return Web(str(url), headers, spec.key, spec.columns, CONNECTIONS)
    from serving.lookups.database import Database, login_of

    if why := why_not_one_query(spec.query):
        raise DeploymentError(f"{path}.query {why}")
    try:
        return Database(login_of(str(url), user, password, secrets), spec.query, spec.key, spec.columns, CONNECTIONS)
    except SqlError as error:
        raise DeploymentError(f"{path}: {error}") from None


def _value(given: str | SecretRef | None, path: str) -> str | None:
    return _revealed(given, path) if isinstance(given, SecretRef) else given


def _revealed(reference: SecretRef, path: str) -> str:
    found = os.environ.get(str(reference.env))
    if not found:
        raise DeploymentError(f"{path}: the environment variable {reference.env} is not set: export {reference.env}=…")
    return found
