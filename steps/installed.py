"""What installed packages declare by entry points: read once a process, without importing any of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import Distribution, EntryPoint, EntryPoints, distributions, entry_points
from typing import Any

from schemas.errors import ConfigurationError, Fault


def entries(group: str) -> tuple[EntryPoint, ...]:
    """Return what installed packages declare in an entry-point group."""
    return tuple(_all().select(group=group))


def unreadable() -> list[Fault]:
    """Return a fault for each installed package whose entry points cannot be read; nothing of it can be used."""
    try:
        entry_points()
    except Exception:  # whatever the file of a stranger's package makes of the parser
        return list(_broken())
    return []


def origin_of(distribution: Distribution | None) -> str:
    """Return `distribution version`."""
    if distribution is None or not distribution.name:
        return "unknown distribution"
    return f"{distribution.name} {distribution.version}"


def origins(claims: tuple[EntryPoint, ...]) -> str:
    """Return who claims a name, `one 1.0 and other 2.0`."""
    return " and ".join(origin_of(entry.dist) for entry in claims)


@contextmanager
def blamed(path: str, what: str, heading: str = "Invalid configuration") -> Iterator[None]:
    """Tell whatever a stranger's code raises as a fault at `path`: the person must hear whose code it was.

    Args:
        path: The key path that chose it.
        what: Whose it is, and what was asked of it: `plug-in 'lake' of acme 1.0 does not import`.
        heading: Of the error.

    Raises:
        ConfigurationError: With that fault.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        raise ConfigurationError([Fault(path, f"{what}: {type(error).__name__}: {error}")], heading) from error


def clear_cache() -> None:
    """Forget what was read so far, for a process in which packages come and go."""
    _all.cache_clear()


@cache
def _all() -> Any:
    try:
        return entry_points()
    except Exception:
        # One package's file cannot be read, and no other is to suffer from it: those are read one by one.
        return EntryPoints(_sound())


def _sound() -> Iterator[EntryPoint]:
    seen = set()
    for distribution in distributions():
        if distribution.name in seen:
            continue
        seen.add(distribution.name)
        try:
            found = list(distribution.entry_points)
        except Exception:
            continue  # `unreadable` names it
        yield from found


def _broken() -> Iterator[Fault]:
    for distribution in distributions():
        try:
            list(distribution.entry_points)
        except Exception as error:
            what = f"the entry points of {origin_of(distribution)} cannot be read: {type(error).__name__}: {error}"
            yield Fault("", what, "install it anew, or uninstall it")
