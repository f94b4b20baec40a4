"""Where a relative `data.path` points to, and the file in a `data.url` of SQLite."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cli.config.compose import Composition
from cli.config.reading import Reading
from cli.config.repository import CONF
from schemas.home import ROOT

_SQLITE_FILE = re.compile(r"(?P<scheme>sqlite(?:\+\w+)?:///)(?!file:|:memory:)(?P<path>[^?]+)")


def place_data(reading: Reading) -> Reading:
    """Make the path of the data block absolute."""
    data = reading.tree.get("data")
    if not isinstance(data, Mapping):
        return reading
    return reading.with_blocks({"data": placed(data, reading.composition, "data")})


def placed(block: Mapping[str, Any], composition: Composition, key: str) -> dict[str, Any]:
    """Return a data block that stands at `key` with its `path`, or the SQLite file of its `url`, made absolute."""
    return _with_files(block, lambda file, name: absolute_data_path(file, composition, f"{key}.{name}"))


def placed_here(block: Mapping[str, Any]) -> dict[str, Any]:
    """Return a block with its `path`, or the SQLite file of its `url`, taken to be of the current folder."""
    return _with_files(block, lambda file, _: here(file))


def here(path: str) -> str:
    """Return the path in the current folder; absolute ones and URLs stay."""
    return path if "://" in path or "::" in path else str(Path.cwd() / Path(path).expanduser())


def _with_files(block: Mapping[str, Any], place: Callable[[str, str], str]) -> dict[str, Any]:
    path, url = block.get("path"), block.get("url")
    found = dict(block)
    if isinstance(path, str):
        found["path"] = place(path, "path")
    if isinstance(url, str) and (sqlite := _SQLITE_FILE.match(url)):
        found["url"] = sqlite["scheme"] + place(sqlite["path"], "url") + url[sqlite.end() :]
    return found


def absolute_data_path(path: str, composition: Composition, key: str = "data.path") -> str:
    """Return the path at `key` as it is when absolute or a URL; else the first of these that exists.

    Relative to the current folder, then to the experiment's file, then to the folder given as --config-dir; for an
    experiment of this repository, to the repository. When none exists: to the current folder, and preflight reports it.
    """
    given = Path(path).expanduser()
    if "://" in path or "::" in path or given.is_absolute():
        return path if "://" in path or "::" in path else str(given)
    return str(
        next((folder / given for folder in _folders(composition, key) if (folder / given).exists()), Path.cwd() / given)
    )


def _folders(composition: Composition, key: str) -> list[Path]:
    folders = [Path.cwd()]
    if key in composition.overrides.typed:
        return folders
    repository = composition.repository
    folders += [declared.file.parent for declared in repository.declared.values() if declared.is_experiment]
    folders += [repository.config_dir] if repository.config_dir is not None else []
    ours = any(
        declared.is_experiment and declared.file.is_relative_to(CONF) for declared in repository.declared.values()
    )
    return [*folders, ROOT] if ours else folders
