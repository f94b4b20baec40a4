"""Our code as the processes of steps get it: the packages that steps need, and nothing else of this folder."""

import hashlib
import os
import shutil
from pathlib import Path

from schemas.home import ROOT, Home

PACKAGES = ("schemas", "ml", "serving", "steps", "stacks", "drivetrain")
"""What steps reach; no configuration, no data, no tests, nothing that only lies beside them."""
_SUFFIXES = (".py", ".j2", ".json", ".typed")
_KEPT = 3


def source_folder(home: Home) -> Path:
    """Return a folder with our packages alone, its name made of what is in it; made where it is not there yet."""
    files = [file for package in PACKAGES for file in _files(ROOT / package)]
    folder = home.cache("source") / _digest(files)
    if not folder.exists():
        _copy(files, folder)
        _remove_old(folder)
    return folder


def _files(package: Path) -> list[Path]:
    found = (file for file in package.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
    return sorted(file for file in found if "__pycache__" not in file.parts)


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ROOT)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _copy(files: list[Path], folder: Path) -> None:
    from ml.io.scratch import partial_file

    partial = partial_file(folder)
    for file in files:
        target = partial / file.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    try:
        partial.rename(folder)
    except OSError:  # another command made it meanwhile
        shutil.rmtree(partial)


def _remove_old(folder: Path) -> None:
    """Keep the newest few: runs that began with an older one have sent it already."""
    others = [other for other in folder.parent.iterdir() if other != folder and not other.name.startswith(".")]
    for other in sorted(others, key=os.path.getmtime, reverse=True)[_KEPT:]:
        shutil.rmtree(other, ignore_errors=True)
