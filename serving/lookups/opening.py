"""From declared lookups to their sources: secrets are read here, from the environment of the service."""

import os
from collections.abc import Callable, Iterator, Sequence

from ml.io.database.errors import SqlError
from ml.io.database.query import why_not_one_query
from ml.validation.column_rules import Rule, rules_of
from ml.validation.refusal import Refusal
from schemas.base import Scalar
from schemas.column_types import ARRAY_TYPES
from schemas.errors import DeploymentError, Fault
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


def faults(specs: Sequence[LookupSpec]) -> list[Fault]:
    """Return what keeps lookups from being opened here; no source is asked."""
    found = []
    for spec in specs:
        try:
            for one in opened([spec]):
                one.close()
        except DeploymentError as error:
            found.append(Fault("deploy.lookups", str(error).removeprefix("deploy.lookups: ")))
    return found


def require_fitting(specs: Sequence[LookupSpec], signature: Signature) -> None:
    """Check lookups against the model that is to be deployed, and that this environment has their secrets.

    Raises:
        DeploymentError: With all that is wrong.
    """
    wrong = [fault for spec in specs for fault in _misfits(spec, signature)]
    wrong += [f"{fault.path}: {fault.message}" for fault in faults(specs)]
    if wrong:
        raise DeploymentError("The lookups cannot work:\n" + "\n".join(f"  - {one}" for one in wrong))


def _misfits(spec: LookupSpec, signature: Signature) -> Iterator[str]:
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
    yield from _wrong_values(spec, signature, key)


def _wrong_values(spec: LookupSpec, signature: Signature, key: str) -> Iterator[str]:
    rules = {rule.name: rule for rule in rules_of(signature, None)}
    given = spec.fallback.items() if isinstance(spec.fallback, dict) else ()
    for name, value in given:
        if name in rules and (why := _refusal(rules[name], value)):
            yield f"{key}.fallback: {name!r} {why}"


def _refusal(rule: Rule, value: Scalar) -> str | None:
    """Return why a column does not take a value, None where it does."""
    try:
        rule.check(value)
    except Refusal as refusal:
        return str(refusal)
    return None


def _source(spec: LookupSpec) -> Source:
    path = f"deploy.lookups: {spec.name}"
    secrets = [_revealed(one, path) for one in spec.secrets]
    url, user, password = (_value(one, path) for one in (spec.url, spec.user, spec.password))
    if spec.query is None:
        from serving.lookups.web import Web  # most services look nothing up: its library is not imported for them

        headers = {name: str(_value(value, path)) for name, value in spec.headers.items()}
        if not str(url).startswith(("http://", "https://")):
            raise DeploymentError(f"{path}.url is no address of the web; a database needs a query")
        try:
            return Web(str(url), headers, spec.key, spec.columns, CONNECTIONS)
        except ValueError as error:  # its words quote no header
            what = "a header is not ASCII" if isinstance(error, UnicodeError) else str(error)
            raise DeploymentError(f"{path}: {what}") from None
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
