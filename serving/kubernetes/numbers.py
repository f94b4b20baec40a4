"""Whole numbers and shares of manifests, and names that must not stand twice."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from schemas.errors import Fault
from serving.kubernetes.place import Place

INT32, INT64 = 2**31 - 1, 2**63 - 1
"""The largest numbers of fields: most have 32 bits, seconds of grace 64."""


def is_whole(value: Any, least: int, most: int | None = None) -> bool:
    """Say whether a value is a whole number within bounds; true is none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least and (most is None or value <= most)


def number_faults(
    place: Place, key: str, what: str, least: int, most: int = INT32, *, is_needed: bool = False
) -> Iterator[Fault]:
    """Yield that what stands at a key is no whole number within bounds; nothing may stand there unless it is needed.

    Args:
        place: Where.
        key: The key.
        what: Of what the number is, such as `seconds`.
        least: The smallest one that can be.
        most: The largest one.
        is_needed: Whether it must be there.
    """
    value = place.values.get(key)
    if (value is not None or is_needed) and not is_whole(value, least, most):
        yield place.fault(key, f"{value!r} {what} cannot be", f"{least} to {most}" if least < most else str(least))


def share(value: Any) -> int | None:
    """Return a whole number, or the one of a text such as `25%`; None where it is neither, or below 0."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}%", value):
        return int(value[:-1])
    return value if is_whole(value, 0, INT32) else None


def twice(places: Iterable[Place], key: str, apart: Callable[[Place], Any] = lambda _: None) -> Iterator[Fault]:
    """Yield that what stands at a key stands there elsewhere, too; `apart` gives what else sets two apart."""
    seen: list[tuple[Any, Any]] = []
    for place in places:
        value, other = place.values.get(key), apart(place)
        if value is not None and (value, other) in seen:
            yield place.fault(key, f"{value!r} is there twice")
        seen.append((value, other))
