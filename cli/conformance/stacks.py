"""The suite over flavors and stacks: ZenML is asked in a folder of its own, which is gone afterwards."""

from collections.abc import Iterator

from omegaconf import OmegaConf

from cli.config.arguments import Arguments
from cli.config.compose import compose
from cli.config.load import load_run
from cli.conformance.owners import OURS, entries_of
from drivetrain.testing import Violation, check_flavor, examine
from schemas.errors import ConfigurationError
from stacks import plugins
from stacks.checks.settings import settings_faults
from stacks.session import zenml_session

_LEARNS = ("+experiment=breast_cancer", "pipeline=explore")
"""What needs no file, and of a stack no more than every stack has."""


def flavor_names(owner: str) -> list[str]:
    """Return the flavors that an owner brings."""
    if owner != OURS:
        return [entry.name for entry in entries_of(owner, plugins.GROUP)]
    return [name for name in plugins.flavor_sources() if plugins.origin(name) == OURS]


def check_registered_flavor(owner: str, name: str) -> list[Violation]:
    """Return what a flavor breaks of the contract."""
    if owner != OURS and (name not in plugins.flavor_sources() or plugins.origin(name) == OURS):
        return [Violation(f"flavor {name}", "registered", "it has a name of ours or of ZenML's, which is used instead")]
    try:
        flavor = plugins.load_flavor(name)
    except ConfigurationError as error:
        return [Violation(f"flavor {name}", "registered", fault.message) for fault in error.faults]
    return check_flavor(type(flavor), name=name)


def check_stack(name: str) -> list[Violation]:
    """Return what keeps a stack from being planned: keys, flavors, their settings."""
    return examine(f"stack/{name}", [("composes", lambda: _faults(name))])


def _faults(name: str) -> Iterator[str]:
    try:
        run = load_run(compose(Arguments(overrides=[*_LEARNS, f"stack={name}"])))
        with zenml_session(lambda _record: None) as client:
            found = settings_faults(client, run.stack)
    except ConfigurationError as error:
        found = error.faults
    # A connector is made by an administrator where the stack is used; what is null is for who uses the stack to say.
    theirs = {f"stack.{kind}.settings.{key}" for kind, key in _open_settings(name)}
    kept = (one for one in found if not one.path.endswith(".connector") and one.path not in theirs)
    yield from (f"{one.path}: {one.message}" for one in kept)


def _open_settings(name: str) -> Iterator[tuple[str, str]]:
    composed = OmegaConf.to_container(compose(Arguments(overrides=[*_LEARNS, f"stack={name}"])).config.stack)
    for kind, part in composed.items() if isinstance(composed, dict) else ():
        if isinstance(part, dict):
            yield from ((str(kind), str(key)) for key, value in part.get("settings", {}).items() if value is None)
