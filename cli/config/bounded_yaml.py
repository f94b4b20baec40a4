"""YAML that is small before and after its aliases are followed: nine lines of them can stand for a billion values."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from schemas.errors import ConfigurationError, Fault

LARGEST, DEEPEST, MOST = 1_000_000, 50, 100_000
"""Bytes of a file, levels of nesting, and values once every alias is followed."""


@dataclass
class _Open:
    """A collection that has begun: its anchor, and the values in it so far, itself included."""

    anchor: str | None
    values: int = 0


def refuse_unbounded(file: Path) -> None:
    """Raise ConfigurationError for a file that is too large, too deep, or stands for too many values.

    What is no YAML at all is left to the reader, which says so better.
    """
    size = file.stat().st_size
    if size > LARGEST:
        raise _refusal(file, f"has {size:,} bytes; at most {LARGEST:,} are read")
    try:
        if why := _why_unbounded(file.read_bytes()):
            raise _refusal(file, why)
    except (yaml.YAMLError, UnicodeDecodeError):
        return


def _why_unbounded(content: bytes) -> str:
    """Return what is too much, from events alone: nothing is built."""
    open_nodes = [_Open(None)]
    sizes: dict[str, int] = {}
    for event in yaml.parse(content, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append(_Open(event.anchor, 1))
            if len(open_nodes) > DEEPEST:
                return f"is nested more than {DEEPEST} levels deep"
        elif isinstance(event, yaml.CollectionEndEvent):
            done = open_nodes.pop()
            sizes.update({done.anchor: done.values} if done.anchor else {})
            open_nodes[-1].values += done.values
        elif isinstance(event, yaml.AliasEvent):
            # Of an anchor that is still open there would be no end.
            open_nodes[-1].values += sizes.get(str(event.anchor), MOST + 1)
        elif isinstance(event, yaml.ScalarEvent):
            sizes.update({event.anchor: 1} if event.anchor else {})
            open_nodes[-1].values += 1
        if open_nodes[-1].values > MOST:
            return f"stands for more than {MOST:,} values once its aliases are followed"
    return ""


def _refusal(file: Path, what: str) -> ConfigurationError:
    return ConfigurationError([Fault(str(file), what, "write it out, or split it")])
