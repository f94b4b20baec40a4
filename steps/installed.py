"""What installed packages declare by entry points: read once a process, without importing any of them."""

from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Any


def entries(group: str) -> tuple[EntryPoint, ...]:
    """Return what installed packages declare in an entry-point group."""
    return tuple(_all().select(group=group))


def origin_of(distribution: Distribution | None) -> str:
    """Return `distribution version`."""
    return f"{distribution.name} {distribution.version}" if distribution is not None else "unknown distribution"


def origins(claims: tuple[EntryPoint, ...]) -> str:
    """Return who claims a name, `one 1.0 and other 2.0`."""
    return " and ".join(origin_of(entry.dist) for entry in claims)


def clear_cache() -> None:
    """Forget what was read so far, for a process in which packages come and go."""
    _all.cache_clear()


@cache
def _all() -> Any:
    return entry_points()
