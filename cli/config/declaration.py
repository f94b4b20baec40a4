"""What one file of configuration declares, and what it may not."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.default_element import GroupDefault
from hydra.plugins.config_source import ConfigResult

from schemas.errors import Fault


@dataclass(frozen=True)
class Declaration:
    """What one configuration file declares, and where it goes in the tree (`package`, empty for the top)."""

    option: str
    file: Path
    package: str
    content: dict[Any, Any]

    @property
    def is_experiment(self) -> bool:
        """Whether the file is an experiment's."""
        return self.option.startswith("experiment/")


def placement_faults(declared: Declaration, result: ConfigResult) -> Iterable[Fault]:
    """Yield what a file declares of the hydra node, and an experiment of where it runs."""
    top = set(declared.content) if not declared.package else {declared.package.split(".")[0]}
    groups = {str(default.group).strip("/") for default in choices(result)}
    if "hydra" in top or any(group.split("/")[0] == "hydra" for group in groups):
        hint = "give hydra.run.dir=… on the command line; nothing else of it is free"
        yield Fault("hydra", f"cannot be set by {declared.file}", hint)
    if not declared.is_experiment:
        return
    if result.header.get("package") != "_global_":
        what = f"{declared.file} is not packaged at the top, so its keys would land in the wrong place"
        yield Fault("experiment", what, "make its first line: # @package _global_")
    if "stack" in top | groups:
        what = f"an experiment declares what to learn, never where, but {declared.file} names a stack"
        yield Fault("stack", what, "choose it with stack=NAME")


def choices(result: ConfigResult) -> list[GroupDefault]:
    """Return the options that a file's defaults list chooses."""
    return [default for default in result.defaults_list or [] if isinstance(default, GroupDefault)]


def leaves(path: str, node: Any) -> list[str]:
    """Return the key paths of all values at and below `path`."""
    if isinstance(node, dict) and node:
        return [leaf for key, value in node.items() for leaf in leaves(f"{path}.{key}", value)]
    return [path]
