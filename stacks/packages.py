"""The installed packages that steps need, with their versions: what an image of a step is made of."""

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from importlib import metadata
from importlib.metadata import Distribution, PackageNotFoundError
from typing import Any

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
    return [f"{name}=={distribution.version}" for name, distribution in _needed(clients).items()]


def of_no_index(clients: Iterable[str]) -> dict[str, str]:
    """Return those of the packages that steps need which no index gave, by name, and where each came from.

    An image gets its packages by name and version from an index, which has not these, or has a stranger's of that name.

    Args:
        clients: What the stack asks for besides, as pip takes it.
    """
    said = {name: distribution.read_text("direct_url.json") for name, distribution in _needed(clients).items()}
    return {name: _origin(text) for name, text in said.items() if text is not None}


def closure(roots: Iterable[str]) -> dict[str, Distribution]:
    """Return the installed packages that `roots` need, directly or not, by name in alphabetical order.

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
    return dict(sorted(found.items()))


def _needed(clients: Iterable[str]) -> dict[str, Distribution]:
    """Return what steps need; our own code is no package of an image, also where a plug-in asks for it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [text for extra in _EXTRAS for text in project["optional-dependencies"][extra]]
    plugins = [entry.dist.name for group in _PLUGINS for entry in installed.entries(group) if entry.dist]
    own = canonicalize_name(project["name"])
    found = closure_once((*project["dependencies"], *extras, *clients, *plugins))
    return {name: distribution for name, distribution in found.items() if name != own}


@lru_cache(maxsize=4)
def closure_once(roots: tuple[str, ...]) -> Mapping[str, Distribution]:
    """Return what `closure` does; every plan and pipeline asks, and it reads the metadata of all packages."""
    return closure(roots)


def _origin(text: str) -> str:
    """Return in words what a `direct_url.json` says; its address may hold a password, and is not quoted."""
    try:
        said: Any = json.loads(text)
        system, url = said.get("vcs_info", {}).get("vcs"), str(said["url"])
    except (ValueError, KeyError, AttributeError):
        return "somewhere else"
    if system:
        return f"a repository of {system}"
    return "this machine" if url.startswith("file:") else "an address"


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
