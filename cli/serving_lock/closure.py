"""The distributions that requirements ask for in turn, as the installed ones say, on whichever machine we support."""

from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from itertools import product

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_MACHINES: list[dict[str, str]] = [
    {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": system,
        "platform_system": {"linux": "Linux", "darwin": "Darwin"}[system],
        "platform_machine": machine,
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for python, (system, machine) in product(
        ("3.11", "3.12", "3.13"), (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"), ("darwin", "x86_64"))
    )
]


def closure(requirements: Iterable[str]) -> set[str]:
    """Return the canonical names of what requirements (PEP 508) ask for, to the end.

    What is asked for on another machine, and so is not installed here, is named; what it asks for in turn is not known.
    """
    found: set[tuple[str, str]] = set()  # distribution and extra, "" for itself
    waiting = {one for text in requirements for one in _named(Requirement(text))}
    while waiting:
        found |= waiting
        waiting = {one for name, extra in waiting for one in _asked_for(name, extra)} - found
    return {name for name, _ in found}


def _named(requirement: Requirement) -> Iterator[tuple[str, str]]:
    name = str(canonicalize_name(requirement.name))
    yield name, ""
    yield from ((name, extra) for extra in requirement.extras)


@cache
def _asked_for(name: str, extra: str) -> frozenset[tuple[str, str]]:
    try:
        texts = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return frozenset()
    return frozenset(
        one for text in texts if _applies((wanted := Requirement(text)).marker, extra) for one in _named(wanted)
    )


def _applies(marker: Marker | None, extra: str) -> bool:
    if marker is None:
        return not extra
    if extra and "extra" not in str(marker):
        return False
    return any(marker.evaluate({**machine, "extra": extra}) for machine in _MACHINES)
