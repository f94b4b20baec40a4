"""Words of which a manifest takes some only, and keys of which it takes one."""

from collections.abc import Collection, Iterator

from schemas.errors import Fault, did_you_mean
from serving.kubernetes.place import Place


def choice_faults(place: Place, key: str, known: Collection[str], *, is_needed: bool = False) -> Iterator[Fault]:
    """Yield that what stands at a key is none of the words that are known there; it may be missing unless needed."""
    value = place.text(key)
    if value in known or not (value or is_needed):
        return
    near = did_you_mean(value or "", list(known))
    yield place.fault(
        key, f"{value!r} cannot be.{near}" if near else f"{value!r} cannot be", f"known: {', '.join(known)}"
    )


def one_of_faults(place: Place, keys: Collection[str], what: str, *, is_needed: bool = True) -> Iterator[Fault]:
    """Yield that more than one of some keys stand in a place, or none, where one is needed.

    Args:
        place: Where.
        keys: The keys.
        what: What they are, such as `source`.
        is_needed: Whether there must be one.
    """
    found = [key for key in keys if place.values.get(key) is not None]
    if len(found) > 1:
        yield Fault(place.path, f"{' and '.join(found)}: it has one {what} only")
    elif is_needed and not found:
        yield Fault(place.path, f"it has no {what}", f"one of: {', '.join(keys)}")
