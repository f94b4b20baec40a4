"""The model package on disk: written whole or not at all, verified to the last byte before anything in it is used."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ml.io.sync import sync_folder
from ml.package.files import LARGEST_JSON, MANIFEST, SEAL, open_plain, read_plain, store
from ml.package.records import MOST_FILES, foreign, require_own_files
from schemas.errors import PackageError
from schemas.explanation import LinearForm
from schemas.package import Manifest, Samples
from schemas.signature import Signature

SIGNATURE = "signature.json"
SAMPLES = "samples.json"
REFERENCE = "reference.bin"
CARD = "card.md"
EXPLANATION = "explanation.json"
LARGEST_MANIFEST = 8 << 20

Model = TypeVar("Model", bound=BaseModel)


def write(root: Path, files: Mapping[str, bytes | Path], manifest: Manifest) -> Manifest:
    """Write a package under `root`, which must not exist yet, and return its manifest with every file's record.

    The files go to a hidden folder beside `root`, are forced to disk and then renamed: whoever looks at `root` sees
    nothing or a complete package, also after a crash. The digest of the manifest in `manifest.sha256` seals the folder.

    Raises:
        PackageError: If `root` exists, a file's name is not a plain one, or there are too many files.
    """
    _require_writable(files)
    with _renamed_to(root) as partial:
        return _fill(partial, files, manifest)


def copy(source: Path, root: Path) -> None:
    """Copy a package to `root`, which must not exist yet: whoever looks sees nothing or a complete package.

    Raises:
        PackageError: If `root` exists, or the package at `source` is damaged.
    """
    manifest = read_manifest(source)
    with _renamed_to(root) as partial:
        for name in (*manifest.files, MANIFEST, SEAL):
            store(partial / name, source / name)
        sync_folder(partial)


@contextmanager
def _renamed_to(root: Path) -> Iterator[Path]:
    """Give a hidden folder beside `root` that takes its name when the block ends well."""
    if root.exists():
        raise PackageError(f"{root} exists already; a package is never overwritten")
    root.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{root.name}-", suffix=".partial", dir=root.parent))
    try:
        yield partial
        partial.chmod(0o755)
        _rename(partial, root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def verify(root: Path) -> Manifest:
    """Check every byte of the package at `root` against its manifest, and the manifest against its seal.

    Raises:
        PackageError: Naming each file that is missing, too many, changed, or not a plain file.
    """
    manifest = read_manifest(root)
    wrong = _unexpected(root, manifest) + [
        text for name in sorted(manifest.files) if (text := _damage(root, manifest, name))
    ]
    if wrong:
        raise PackageError(f"The package {root} is damaged: " + "; ".join(wrong))
    return manifest


def read_manifest(root: Path) -> Manifest:
    """Read the manifest and check it against its seal, without looking at the other files.

    Raises:
        PackageError: If either is missing, they do not fit each other, or files outside of the package are listed.
    """
    raw, seal = read_plain(root, MANIFEST, LARGEST_MANIFEST), read_plain(root, SEAL)
    if seal != _seal(raw):
        raise PackageError(
            f"The package {root} is damaged: {MANIFEST} is not what {SEAL} says; one of them was changed"
        )
    manifest = _parse(Manifest, raw, root, MANIFEST)
    require_own_files(manifest.files)
    absent = sorted({SIGNATURE, SAMPLES, manifest.runtime_file} - set(manifest.files))
    if absent:
        raise PackageError(f"The package {root} is incomplete: {MANIFEST} does not list {', '.join(absent)}")
    return manifest


def require_plain_files(root: Path, manifest: Manifest) -> None:
    """Check that a package's folder holds its manifest's files, each a plain one, and no other, without reading them.

    Raises:
        PackageError: Naming each file that is missing, too many or not a plain file.
    """
    wrong = _unexpected(root, manifest)
    for name in sorted(manifest.files):
        try:
            open_plain(root, name).close()
        except PackageError as error:
            wrong.append(str(error))
    if wrong:
        raise PackageError(f"The package {root} is damaged: " + "; ".join(wrong))


def read(root: Path, manifest: Manifest, name: str) -> bytes:
    """Return the bytes of one file, checked against its record: what is used is what was verified.

    Raises:
        PackageError: If the file is not in the manifest, missing or changed.
    """
    if name not in manifest.files:
        raise PackageError(f"The package {root} has no file {name!r}; it has {', '.join(sorted(manifest.files))}")
    record = manifest.files[name]
    data = read_plain(root, name, record.bytes)
    if len(data) != record.bytes or hashlib.sha256(data).hexdigest() != record.sha256:
        raise PackageError(f"The package {root} is damaged: {name} was changed after it was written")
    return data


def read_signature(root: Path, manifest: Manifest | None = None) -> Signature:
    """Return the package's signature. Raises PackageError when it is damaged."""
    return _parse(Signature, _read_json(root, manifest, SIGNATURE), root, SIGNATURE)


def samples(root: Path, manifest: Manifest | None = None) -> Samples:
    """Return sample raw rows and the trainer's own predictions for them. Raises PackageError when they are damaged."""
    return _parse(Samples, _read_json(root, manifest, SAMPLES), root, SAMPLES)


def linear_form(root: Path, manifest: Manifest) -> LinearForm | None:
    """Return what the model is where it is linear, None where its package says nothing. Raises PackageError."""
    if EXPLANATION not in manifest.files:
        return None
    return _parse(LinearForm, _read_json(root, manifest, EXPLANATION), root, EXPLANATION)


def size(manifest: Manifest) -> int:
    """Return the bytes of all files that the manifest lists."""
    return sum(record.bytes for record in manifest.files.values())


def _require_writable(files: Mapping[str, bytes | Path]) -> None:
    wrong = foreign(files)
    if wrong:
        raise PackageError(f"A package cannot hold files named {wrong}; names are letters, digits, '.', '_' and '-'")
    if len(files) > MOST_FILES:
        raise PackageError(f"A package cannot hold {len(files):,} files; {MOST_FILES} at most")


def _fill(partial: Path, files: Mapping[str, bytes | Path], manifest: Manifest) -> Manifest:
    records = {name: store(partial / name, content) for name, content in files.items()}
    sealed = manifest.model_copy(update={"files": dict(sorted(records.items()))})
    raw = json.dumps(sealed.model_dump(mode="json"), indent=1, ensure_ascii=False, allow_nan=False).encode()
    store(partial / MANIFEST, raw)
    store(partial / SEAL, _seal(raw))
    sync_folder(partial)
    return sealed


def _rename(partial: Path, root: Path) -> None:
    try:
        partial.rename(root)
    except OSError as error:
        if root.exists():
            raise PackageError(
                f"{root} was written by somebody else meanwhile; a package is never overwritten"
            ) from error
        raise
    sync_folder(root.parent)


def _seal(raw: bytes) -> bytes:
    return hashlib.sha256(raw).hexdigest().encode() + b"\n"


def _unexpected(root: Path, manifest: Manifest) -> list[str]:
    found = {entry.name for entry in os.scandir(root)}
    return [f"{name} does not belong to it" for name in sorted(found - set(manifest.files) - {MANIFEST, SEAL})]


def _damage(root: Path, manifest: Manifest, name: str) -> str | None:
    record = manifest.files[name]
    try:
        with open_plain(root, name) as file:
            if os.fstat(file.fileno()).st_size != record.bytes:
                return f"{name} does not have the {record.bytes} bytes it was written with"
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except PackageError as error:
        return str(error)
    return None if digest == record.sha256 else f"{name} was changed after it was written"


def _read_json(root: Path, manifest: Manifest | None, name: str) -> bytes:
    known = manifest or read_manifest(root)
    if name in known.files and known.files[name].bytes > LARGEST_JSON:
        raise PackageError(f"The package {root} cannot be used: {name} has more than {LARGEST_JSON} bytes")
    return read(root, known, name)


def _parse(model: type[Model], raw: bytes, root: Path, name: str) -> Model:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PackageError(f"The package {root} cannot be used: {name}: {where}: {first['msg']}") from error
