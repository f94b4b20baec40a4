"""What JSON cannot carry: such values would be lost on their way to a step."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from cli.config.errors import shown
from cli.config.reading import Reading
from schemas.errors import Fault


def plain_values(reading: Reading) -> Reading:
    """Find each key and value that is not plain."""
    return reading.with_faults(_not_plain("", reading.tree))


def _not_plain(path: str, node: Any) -> Iterator[Fault]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            here = f"{path}.{key}".lstrip(".")
            if not isinstance(key, str):
                yield Fault(here, f"the key {key!r} is not text", f"quote it: '{key}'")
            yield from _not_plain(here, value)
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _not_plain(f"{path}[{position}]", value)
    elif (message := _why_not_plain(node)) is not None:
        yield Fault(path, message)


def _why_not_plain(value: Any) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is not a finite number"
    if not isinstance(value, str | int | float | bool | None):
        kind = type(value).__name__
        return f"{shown(str(value))} ({kind}) is neither text, number, true, false, null, list nor mapping"
    if isinstance(value, str) and not _encodes(value):
        return f"{value!r} is not text that UTF-8 can hold"
    return None


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
