"""Where a relative `data.path` points to."""

from pathlib import Path

from cli.compose import Composition
from cli.repository import CONF, ROOT


def absolute_data_path(path: str, composition: Composition) -> str:
    """Return a path as it is when absolute or a URL; else the first of these that exists.

    Relative to the current folder, then to the experiment's file, then to the folder given as --config-dir; for an
    experiment of this repository, to the repository. When none exists: to the current folder, and preflight tells.
    """
    given = Path(path).expanduser()
    if "://" in path or "::" in path or given.is_absolute():
        return path if "://" in path or "::" in path else str(given)
    return str(
        next((folder / given for folder in _folders(composition) if (folder / given).exists()), Path.cwd() / given)
    )


def _folders(composition: Composition) -> list[Path]:
    folders = [Path.cwd()]
    if "data.path" in composition.overrides.typed:
        return folders
    repository = composition.repository
    folders += [said.file.parent for said in repository.said.values() if said.is_experiment]
    folders += [repository.config_dir] if repository.config_dir is not None else []
    ours = any(said.is_experiment and said.file.is_relative_to(CONF) for said in repository.said.values())
    return [*folders, ROOT] if ours else folders
