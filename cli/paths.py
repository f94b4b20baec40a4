"""Where a relative `data.path` points to, and the file in a `data.url` of SQLite."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.compose import Composition
from cli.repository import CONF, ROOT

SQLITE_FILE = re.compile(r"(?P<scheme>sqlite(?:\+\w+)?:///)(?!file:|:memory:)(?P<path>[^?]+)")


def placed(block: Mapping[str, Any], composition: Composition, key: str) -> dict[str, Any]:
    """Return a data block that stands at `key` with its `path`, or the SQLite file of its `url`, made absolute."""
    path, url = block.get("path"), block.get("url")
    found = dict(block)
    if isinstance(path, str):
        found["path"] = absolute_data_path(path, composition, f"{key}.path")
    if isinstance(url, str) and (sqlite := SQLITE_FILE.match(url)):
        file = absolute_data_path(sqlite["path"], composition, f"{key}.url")
        found["url"] = sqlite["scheme"] + file + url[sqlite.end() :]
    return found


def absolute_data_path(path: str, composition: Composition, key: str = "data.path") -> str:
    """Return the path at `key` as it is when absolute or a URL; else the first of these that exists.

    Relative to the current folder, then to the experiment's file, then to the folder given as --config-dir; for an
    experiment of this repository, to the repository. When none exists: to the current folder, and preflight tells.
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
    folders += [said.file.parent for said in repository.said.values() if said.is_experiment]
    folders += [repository.config_dir] if repository.config_dir is not None else []
    ours = any(said.is_experiment and said.file.is_relative_to(CONF) for said in repository.said.values())
    return [*folders, ROOT] if ours else folders
