"""A package by URL into the worker's own folder: whole or not at all."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from urllib.parse import quote, urlsplit

from pydantic import ValidationError

from ml.package.storage import MANIFEST, SEAL, SIGNATURE, read_manifest, read_signature
from schemas.errors import PackageError
from schemas.package import Manifest
from schemas.signature import Signature


def fetch(package_url: str, version: str, cache: Path) -> Path:
    """Copy a package into `cache`, unless it is there already, and return its folder; nothing is verified.

    When the URL does not answer, a copy of this version from the same URL that was fetched before is good enough.

    Raises:
        PackageError: If it cannot be fetched and was not before.
    """
    prefix = f"{quote(version, safe='')}-{hashlib.sha256(package_url.encode()).hexdigest()[:12]}-"
    try:
        manifest = _read(package_url, MANIFEST)
        root = cache / (prefix + hashlib.sha256(manifest).hexdigest()[:12])
        if not root.exists():
            _copy(package_url, manifest, root)
        return root
    except PackageError:
        raise
    except Exception as error:  # every file system behind fsspec has errors of its own
        earlier = sorted(cache.glob(f"{prefix}*"), key=lambda path: path.stat().st_mtime)
        if earlier:
            return earlier[-1]
        raise PackageError(f"The package {package_url} cannot be fetched: {type(error).__name__}: {error}") from error


def fetch_signature(package_url: str) -> Signature:
    """Return a package's signature; of its files no other is fetched than those that vouch for it.

    Raises:
        PackageError: If it cannot be fetched, or is damaged.
    """
    with tempfile.TemporaryDirectory(prefix="drivetrain-signature-") as folder:
        root = Path(folder)
        try:
            for name in (MANIFEST, SEAL, SIGNATURE):
                (root / name).write_bytes(_read(package_url, name))
        except Exception as error:  # every file system behind fsspec has errors of its own
            raise PackageError(
                f"The package {package_url} cannot be fetched: {type(error).__name__}: {error}"
            ) from error
        return read_signature(root, read_manifest(root))


def keep(cache: Path, roots: set[Path]) -> None:
    """Remove every fetched package but these."""
    for found in cache.glob("*-*"):
        if found not in roots:
            shutil.rmtree(found, ignore_errors=True)


def _copy(package_url: str, manifest: bytes, root: Path) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".fetch_", dir=root.parent))
    try:
        (partial / MANIFEST).write_bytes(manifest)
        for name in [SEAL, *_names(manifest)]:
            (partial / name).write_bytes(_read(package_url, name))
        partial.rename(root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _names(manifest: bytes) -> list[str]:
    try:
        names = list(Manifest.model_validate_json(manifest).files)
    except ValidationError as error:
        raise PackageError(f"The package's {MANIFEST} cannot be read: {error.errors()[0]['msg']}") from error
    foreign = [name for name in names if Path(name).name != name or name.startswith(".")]
    if foreign:
        raise PackageError(f"The package's {MANIFEST} names files outside of it: {foreign}")
    return names


def _read(package_url: str, name: str) -> bytes:
    if urlsplit(package_url).scheme in ("", "file"):
        return (Path(urlsplit(package_url).path if "://" in package_url else package_url) / name).read_bytes()
    import fsspec  # only for packages that are elsewhere: its import costs a tenth of the start

    with fsspec.open(f"{package_url.rstrip('/')}/{name}", "rb") as file:
        data: bytes = file.read()
    return data
