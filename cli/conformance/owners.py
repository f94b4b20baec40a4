"""Who brings something here: this program, and each installed package that names an entry point of ours."""

import re
from collections.abc import Sequence
from importlib.metadata import EntryPoint

from cli.config import sources
from schemas.errors import ConfigurationError, Fault, did_you_mean
from stacks import plugins
from steps import installed, registry

OURS = registry.OWN
_GROUPS = (registry.GROUP, plugins.GROUP, sources.GROUP)


def owners(wanted: Sequence[str] = ()) -> list[str]:
    """Return the names of ours and of the packages that bring something, or those of them that are wanted.

    Raises:
        ConfigurationError: If a wanted one brings nothing here.
    """
    entries = [entry for group in _GROUPS for entry in installed.entries(group)]
    found = [OURS, *sorted({entry.dist.name for entry in entries if entry.dist is not None and entry.dist.name})]
    by_name = {_normal(name): name for name in found}
    faults = [
        Fault(name, f"no installed package of this name brings anything.{did_you_mean(name, found)}", _known(found))
        for name in wanted
        if _normal(name) not in by_name
    ]
    if faults:
        raise ConfigurationError(faults, "Nothing was tried")
    return [by_name[_normal(name)] for name in wanted] or found


def entries_of(owner: str, group: str) -> list[EntryPoint]:
    """Return what a package declares in an entry-point group."""
    return [entry for entry in installed.entries(group) if entry.dist is not None and entry.dist.name == owner]


def _known(found: list[str]) -> str:
    return f"here are: {', '.join(found)}"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
