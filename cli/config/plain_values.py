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
    elif isinstance(node, float) and not math.isfinite(node):
        yield Fault(path, f"{node} is not a finite number")
    elif not isinstance(node, str | int | float | bool | None):
        yield Fault(
            path,
            f"{shown(str(node))} ({type(node).__name__}) is neither text, number, true, false, null, list nor mapping",
        )
    elif isinstance(node, str) and not _encodes(node):
        yield Fault(path, f"{node!r} is not text that UTF-8 can hold")


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
