"""A package by URL into the worker's own folder: whole or not at all."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from pydantic import ValidationError

from ml.io.process_token import is_abandoned, token
from ml.io.scratch import scratch_folder
from ml.package.files import LARGEST_JSON, MANIFEST, SEAL
from ml.package.records import copy_sized, require_own_files
from ml.package.storage import SAMPLES, SIGNATURE, read_manifest, read_signature, samples
from schemas.errors import DrivetrainError, PackageError
from schemas.package import FileRecord, Manifest
from schemas.signature import Signature
from serving.releases.package_files import located, open_file, read

_SEAL_BYTES = 1_000
_PROVEN = ".proven"
_PARTIAL = ".fetch_"


def fetch(package_url: str, version: str, cache: Path, most: int | None = None) -> Path:
    """Copy a package into `cache`, unless it is there already, and return its folder; nothing is verified.

    When the URL does not answer, a copy of this version from the same URL that was fetched before is good enough.

    Args:
        package_url: Where the package is.
        version: The version it is of.
        cache: The folder for copies.
        most: Bytes that its files may have together, None for any; of none more is read than its manifest says.

    Raises:
        PackageError: If it cannot be fetched and was not before, is too large, or holds what is no plain file.
    """
    prefix = _prefix(package_url, version)
    try:
        place, manifest = located(package_url)
        root = cache / (prefix + hashlib.sha256(manifest).hexdigest()[:12])
        if not root.exists():
            _copy(place, manifest, root, most)
        return root
    except PackageError:
        raise
    except Exception as error:  # every file system behind fsspec has errors of its own
        earlier = sorted(cache.glob(f"{prefix}*"), key=lambda path: path.stat().st_mtime)
        if earlier:
            return earlier[-1]
        raise _not_fetched(package_url, error) from error


def proven(package_url: str, version: str, cache: Path) -> Path | None:
    """Return the copy of a package that could be loaded here before, None when there is none."""
    marks = sorted(cache.glob(f"{_prefix(package_url, version)}*{_PROVEN}"), key=lambda path: path.stat().st_mtime)
    roots = [mark.with_name(mark.name.removesuffix(_PROVEN)) for mark in marks]
    return next((root for root in reversed(roots) if root.is_dir()), None)


def mark_proven(root: Path) -> None:
    """Remember that a copy could be loaded here."""
    root.with_name(root.name + _PROVEN).touch()


def forget(root: Path) -> None:
    """Remove a copy, and that it could be loaded."""
    root.with_name(root.name + _PROVEN).unlink(missing_ok=True)
    shutil.rmtree(root, ignore_errors=True)


def forget_unproven(package_url: str, version: str, cache: Path) -> None:
    """Remove what a trial that failed, or was ended, left of a package: the next one fetches it anew."""
    for found in cache.glob(f"{_prefix(package_url, version)}*"):
        if found.is_dir() and not found.with_name(found.name + _PROVEN).exists():
            forget(found)
    for partial in cache.glob(f"{_PARTIAL}*"):
        if is_abandoned(partial.name):
            shutil.rmtree(partial, ignore_errors=True)


def _prefix(package_url: str, version: str) -> str:
    return f"{quote(version, safe='')}-{hashlib.sha256(package_url.encode()).hexdigest()[:12]}-"


def fetch_manifest(package_url: str) -> Manifest:
    """Return a package's manifest; of its files no other is fetched than those that vouch for it.

    Raises:
        PackageError: If it cannot be fetched, or is damaged.
    """
    with _some_files(package_url) as root:
        return read_manifest(root)


def fetch_signature(package_url: str) -> Signature:
    """Return a package's signature; of its files no other is fetched than those that vouch for it.

    Raises:
        PackageError: If it cannot be fetched, or is damaged.
    """
    with _some_files(package_url, SIGNATURE) as root:
        return read_signature(root, read_manifest(root))


def fetch_decided(package_url: str) -> tuple[Signature, bool]:
    """Return a package's signature, and whether its model gives probabilities; fetched as `fetch_signature` does."""
    with _some_files(package_url, SIGNATURE, SAMPLES) as root:
        manifest = read_manifest(root)
        return read_signature(root, manifest), samples(root, manifest).probabilities is not None


@contextmanager
def _some_files(package_url: str, *names: str) -> Iterator[Path]:
    """Give a folder with some of a package's files, and those that vouch for them. Raises PackageError."""
    with scratch_folder("signature") as folder:
        root = Path(folder)
        try:
            place, manifest = located(package_url)
            (root / MANIFEST).write_bytes(manifest)
            for name in (SEAL, *names):
                (root / name).write_bytes(read(place, name, LARGEST_JSON))
        except PackageError:
            raise
        except Exception as error:  # every file system behind fsspec has errors of its own
            raise _not_fetched(package_url, error) from error
        yield root


def keep(cache: Path, roots: set[Path]) -> None:
    """Remove every fetched package but these, and what a killed worker had begun to fetch."""
    for found in cache.glob("*-*"):
        if found.name.startswith(_PARTIAL):
            if is_abandoned(found.name):
                shutil.rmtree(found, ignore_errors=True)
        elif found not in roots and found.with_name(found.name.removesuffix(_PROVEN)) not in roots:
            forget(found)


def _not_fetched(package_url: str, error: Exception) -> PackageError:
    why = str(error) if isinstance(error, DrivetrainError) else f"{type(error).__name__}: {error}"
    return PackageError(f"The package {package_url} cannot be fetched: {why}")


def _copy(package_url: str, manifest: bytes, root: Path, most: int | None) -> None:
    records = _records(manifest)
    total = sum(record.bytes for record in records.values())
    if most is not None and total > most:
        raise PackageError(f"The package has {total:,} bytes, more than the {most:,} allowed (deploy.max_package)")
    root.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f"{_PARTIAL}{token()}_", dir=root.parent))
    try:
        (partial / MANIFEST).write_bytes(manifest)
        (partial / SEAL).write_bytes(read(package_url, SEAL, _SEAL_BYTES))
        for name, record in records.items():
            _copy_file(package_url, name, partial / name, record.bytes)
        partial.rename(root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _records(manifest: bytes) -> dict[str, FileRecord]:
    try:
        records = Manifest.model_validate_json(manifest).files
    except ValidationError as error:
        raise PackageError(f"The package's {MANIFEST} cannot be read: {error.errors()[0]['msg']}") from error
    require_own_files(records)
    return records


def _copy_file(package_url: str, name: str, target: Path, size: int) -> None:
    with open_file(package_url, name) as source, target.open("xb") as out:
        copy_sized(source, out, name, size)
