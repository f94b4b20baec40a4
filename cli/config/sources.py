"""Folders of YAML that installed packages add to conf/: entry points `drivetrain.conf`, each naming a package's folder.

The folder is found without importing anything of the package: YAML needs none of its code.
"""

from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path

from schemas.contract import contract_mismatch
from schemas.errors import Fault
from steps.installed import entries, origin_of

GROUP = "drivetrain.conf"


@dataclass(frozen=True)
class Source:
    """One folder of options.

    Attributes:
        provider: What Hydra and messages call it: `acme-platform 1.0.0`.
        folder: Where its groups are.
        fault: Why nothing of it may be chosen, None where all may.
    """

    provider: str
    folder: Path
    fault: Fault | None = None

    def file(self, option: str) -> Path:
        """Return where an option, `stack/acme`, would be."""
        return self.folder / f"{option}.yaml"

    def has(self, option: str) -> bool:
        """Say whether an option is here."""
        try:
            return self.file(option).is_file()
        except OSError:  # a name that no file can have
            return False

    def options(self, group: str) -> list[str]:
        """Return the names of the options of a group."""
        return sorted(file.stem for file in (self.folder / group).glob("*.yaml") if not file.name.startswith("."))


def plugin_sources() -> list[Source]:
    """Return the folders of installed packages, those that may not be used included."""
    return [_source(entry, folder) for entry in entries(GROUP) if (folder := _folder(entry)) is not None]


def sources_without_folder() -> list[Fault]:
    """Return a fault for each entry point that names no folder."""
    what = "does not name a folder of an installed package"
    hint = "the value is a dotted path, acme_platform.conf; the package's build must include its YAML"
    return [
        Fault("", f"{GROUP} entry {entry.name!r} of {origin_of(entry.dist)} {what}: {entry.value}", hint)
        for entry in entries(GROUP)
        if _folder(entry) is None
    ]


def _source(entry: EntryPoint, folder: Path) -> Source:
    provider = origin_of(entry.dist)
    mismatch = contract_mismatch(entry.dist)
    if mismatch is None:
        return Source(provider, folder)
    return Source(provider, folder, Fault("", f"{provider} {mismatch.message}", mismatch.hint))


def _folder(entry: EntryPoint) -> Path | None:
    top, *inner = entry.value.strip().split(".")
    if not all(part.isidentifier() for part in (top, *inner)):
        return None
    for place in _places(top):
        folder = Path(place).joinpath(*inner)
        if folder.is_dir():
            return folder.absolute()
    return None


def _places(package: str) -> list[str]:
    """Return the folders of a top-level package, which is looked for and not imported."""
    try:
        spec: ModuleSpec | None = find_spec(package)
    except (ImportError, ValueError):
        return []
    return list(spec.submodule_search_locations or []) if spec is not None else []
