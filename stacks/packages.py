"""The installed packages that steps need, with their versions: what an image of a step is made of."""

import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from importlib.metadata import Distribution, PackageNotFoundError

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from schemas.home import ROOT
from steps import installed

_EXTRAS = ("keras", "postgresql")
"""What steps may need besides the dependencies proper; the other extras are of this machine, or of tools."""

_PLUGINS = ("drivetrain.components", "drivetrain.flavors")


def of_steps(clients: Iterable[str]) -> list[str]:
    """Return all installed packages that steps need as pip takes them, each with its version.

    Args:
        clients: What the stack asks for besides, as pip takes it.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [text for extra in _EXTRAS for text in project["optional-dependencies"][extra]]
    plugins = [entry.dist.name for group in _PLUGINS for entry in installed.entries(group) if entry.dist]
    return closure([*project["dependencies"], *extras, *clients, *plugins])


def closure(roots: Iterable[str]) -> list[str]:
    """Return the installed packages that `roots` need, directly or not, in alphabetical order, with their versions.

    What is not installed is left out: it was not needed here either.
    """
    found: dict[str, Distribution] = {}
    done: set[tuple[str, str]] = set()
    waiting = [Requirement(text) for text in roots]
    while waiting:
        wanted = waiting.pop()
        distribution = _installed(wanted)
        if distribution is None:
            continue
        found[canonicalize_name(wanted.name)] = distribution
        for extra in ("", *wanted.extras):
            if (canonicalize_name(wanted.name), extra) not in done:
                done.add((canonicalize_name(wanted.name), extra))
                waiting += _needs(distribution, extra)
    return [f"{name}=={found[name].version}" for name in sorted(found)]


def _installed(wanted: Requirement) -> Distribution | None:
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return None
    try:
        return metadata.distribution(wanted.name)
    except PackageNotFoundError:
        return None


def _needs(distribution: Distribution, extra: str) -> Iterator[Requirement]:
    for text in distribution.requires or []:
        needed = Requirement(text)
        if needed.marker is None or needed.marker.evaluate({"extra": extra}):
            needed.marker = None  # it holds
            yield needed
