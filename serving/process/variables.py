"""The environment variables of a service that `bentoml serve` starts from a Bento, where no settings file is named."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from schemas.deploy_spec import DeploySpec
from schemas.errors import ConfigurationError, Fault, did_you_mean
from schemas.journal_spec import JournalSpec
from serving.journal.location import sqlite_url
from serving.keys import client, store
from serving.process import notes
from serving.process.members import LEAVING, LOOKED_AFTER, PLACE, SUPERVISOR
from serving.process.members import VARIABLE as SETTINGS_FILE

FOLDER = "DRIVETRAIN_FOLDER"
"""Where `bentoml serve` was started: its worker is elsewhere, in the Bento. Noted by the service itself."""
JOURNAL_URL, CACHE, KEYS = "DRIVETRAIN_JOURNAL_URL", "DRIVETRAIN_CACHE", store.VARIABLE
_PREFIX = "DRIVETRAIN_"
_DEPLOY, _JOURNAL = f"{_PREFIX}DEPLOY_", f"{_PREFIX}JOURNAL_"
NOT_HERE = ("host", "port", "workers", "rollout", "share", "latency_budget")
"""Keys of `deploy` that BentoML is told in its own way, or that others decide by: who publishes, who watches."""
OF_OTHERS = {
    *(
        SETTINGS_FILE,
        SUPERVISOR,
        PLACE,
        notes.VARIABLE,
        notes.WANTED,
        LEAVING,
        FOLDER,
        "DRIVETRAIN_HOME",
        "DRIVETRAIN_ORCHESTRATOR_RUN_ID",
    ),
    *(LOOKED_AFTER, client.VARIABLE, "DRIVETRAIN_IMAGE", "DRIVETRAIN_DATA", "DRIVETRAIN_PORT"),
    *("DRIVETRAIN_CODE", "DRIVETRAIN_VALIDATOR", "DRIVETRAIN_SOAK", "DRIVETRAIN_TESTS_NEED_ALL"),
}
"""Variables of other parts of this program, which a service passes over."""

Spec = TypeVar("Spec", bound=BaseModel)


class Variable(NamedTuple):
    """One variable: its name, what it means, and what holds without it."""

    name: str
    about: str
    default: str


class Chosen(NamedTuple):
    """What the environment says, and what holds where it says nothing."""

    journal_url: str
    cache: Path
    keys: Path | None
    deploy: DeploySpec
    journal: JournalSpec


def known() -> list[Variable]:
    """Return the variables that a service reads, those that matter most first."""
    places = [
        Variable(JOURNAL_URL, "SQLAlchemy URL of the journal: SQLite or PostgreSQL", "MODEL.db, where it was started"),
        Variable(CACHE, "folder for packages that are published later", "MODEL.packages, where it was started"),
        Variable(KEYS, "file of the keys that clients show", "none: only this machine is answered, unless open"),
    ]
    return places + [
        Variable(prefix + name.upper(), field.description or "", "-" if field.default is None else str(field.default))
        for prefix, spec in ((_DEPLOY, DeploySpec), (_JOURNAL, JournalSpec))
        for name, field in spec.model_fields.items()
        if (prefix, name) not in {(_DEPLOY, one) for one in NOT_HERE}
    ]


def changed(deploy: DeploySpec, journal: JournalSpec) -> Iterator[tuple[str, str]]:
    """Yield the variables, with their texts, of what is declared otherwise than it is by itself."""
    for prefix, spec, usual in ((_DEPLOY, deploy, DeploySpec()), (_JOURNAL, journal, JournalSpec())):
        for name, value in spec.model_dump(mode="json").items():
            if value != getattr(usual, name) and name not in NOT_HERE:
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                yield f"{prefix}{name.upper()}", text


def chosen(environment: Mapping[str, str], model: str) -> Chosen:
    """Return what the environment says of the service of a model.

    Raises:
        ConfigurationError: Of every variable that is unknown or holds what cannot be; no value of a URL is in it.
    """
    here = Path(environment.get(FOLDER) or Path.cwd())
    keys = here / environment[KEYS] if environment.get(KEYS) else None
    faults = [*_unknown(environment), *_of_url(environment)]
    if keys is not None and not keys.is_file():
        faults.append(Fault(KEYS, f"there is no file {keys}", "python -m serving key add NAME makes one"))
    deploy, wrong = _spec(DeploySpec, _DEPLOY, environment)
    journal, wrong_too = _spec(JournalSpec, _JOURNAL, environment)
    faults += [*wrong, *wrong_too]
    if faults or deploy is None or journal is None:
        raise ConfigurationError(faults, heading="The environment of the service is not valid")
    cache = here / (environment.get(CACHE) or f"{model}.packages")
    return Chosen(_journal_url(environment.get(JOURNAL_URL) or "", here, model), cache, keys, deploy, journal)


def _journal_url(text: str, here: Path, model: str) -> str:
    """Return the journal's URL; the file of one that has no whole path is where the service was started."""
    if not text:
        return sqlite_url(here / f"{model}.db")
    url = make_url(text)
    if url.get_backend_name() != "sqlite":
        return text
    return url.set(database=str(here / str(url.database))).render_as_string(hide_password=False)


def _unknown(environment: Mapping[str, str]) -> Iterator[Fault]:
    names = [one.name for one in known()]
    for name in sorted(environment):
        if not name.startswith(_PREFIX) or name in names or name in OF_OTHERS:
            continue
        if name in {_DEPLOY + key.upper() for key in NOT_HERE}:
            yield Fault(
                name,
                "is no setting of a service that BentoML starts",
                "bentoml serve --host, --port; BENTOML_CONFIG_OPTIONS=services.drivetrain.workers=2",
            )
        else:
            yield Fault(name, f"there is no such variable.{did_you_mean(name, names)}", "the Bento's README lists all")


def _of_url(environment: Mapping[str, str]) -> Iterator[Fault]:
    text = environment.get(JOURNAL_URL)
    if not text:
        return
    try:
        url = make_url(text)
        is_one = url.get_backend_name() == "postgresql" or (
            url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
        )
    except (ArgumentError, NoSuchModuleError, ValueError):
        is_one = False
    if not is_one:
        hint = "such as sqlite:////var/lib/house.db or postgresql+psycopg://USER@HOST/DATABASE"
        yield Fault(JOURNAL_URL, "is no URL of a SQLite or PostgreSQL database", hint)


def _spec(kind: type[Spec], prefix: str, environment: Mapping[str, str]) -> tuple[Spec | None, list[Fault]]:
    given = {one.name for one in known()} & environment.keys() - {JOURNAL_URL, CACHE, KEYS}
    values = {name.removeprefix(prefix).lower(): environment[name] for name in given if name.startswith(prefix)}
    try:
        return kind.model_validate({key: _value(text) for key, text in values.items()}), []
    except ValidationError as error:
        return None, [_fault(prefix, one, values) for one in error.errors()]


def _fault(prefix: str, error: Any, values: Mapping[str, str]) -> Fault:
    key = str(error["loc"][0]) if error["loc"] else ""
    return Fault(f"{prefix}{key.upper()}", f"{values.get(key, '')!r}: {error['msg'].lower()}")


def _value(text: str) -> Any:
    """Return what a variable holds: an object or a list as JSON, all else as the text that it is."""
    try:
        return json.loads(text) if text[:1] in ("{", "[") else text
    except ValueError:
        return text
