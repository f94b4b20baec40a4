"""YAML that is small before and after its aliases are followed: nine lines of them can stand for a billion values."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from schemas.errors import ConfigurationError, Fault

LARGEST, DEEPEST, MOST = 1_000_000, 50, 100_000
"""Bytes of a file, levels of nesting, and values once every alias is followed."""
# libyaml's parser is much faster, and refuses some of what OmegaConf's reads.
_LOADERS = (getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.SafeLoader)
_A_VALUE = 100  # characters; longer text counts as several values


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
    content = file.read_bytes()
    for loader in _LOADERS:
        try:
            why = _why_unbounded(content, loader)
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        if why:
            raise _refusal(file, why)
        return


def _why_unbounded(content: bytes, loader: Any) -> str:
    """Return what is too much, from events alone: nothing is built."""
    open_nodes = [_Open(None)]
    sizes: dict[str | None, int] = {}
    for event in yaml.parse(content, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_nodes.append(_Open(event.anchor, 1))
        elif isinstance(event, yaml.CollectionEndEvent):
            done = open_nodes.pop()
            sizes[done.anchor] = done.values
            open_nodes[-1].values += done.values
        elif isinstance(event, yaml.ScalarEvent):
            sizes[event.anchor] = 1 + len(event.value) // _A_VALUE
            open_nodes[-1].values += sizes[event.anchor]
        elif isinstance(event, yaml.AliasEvent):
            open_nodes[-1].values += _size_of(event.anchor, sizes, open_nodes)
        if len(open_nodes) > DEEPEST:
            return f"is nested more than {DEEPEST} levels deep"
        if open_nodes[-1].values > MOST:
            return f"stands for more than {MOST:,} values once its aliases are followed"
    return ""


def _size_of(anchor: str | None, sizes: dict[str | None, int], open_nodes: list[_Open]) -> int:
    """Return how many values an alias stands for: without end inside its own anchor, none where there is no anchor."""
    if anchor in sizes:
        return sizes[anchor]
    return MOST + 1 if any(node.anchor == anchor for node in open_nodes) else 0


def _refusal(file: Path, what: str) -> ConfigurationError:
    return ConfigurationError([Fault(str(file), what, "write it out, or split it")])
