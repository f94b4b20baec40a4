"""What a package of a store says of its files leads nowhere but into the folder that it is fetched to."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest

from ml.package.remote import MARKER, fetch_remote, write_remote
from schemas.errors import ContestedError, ObjectStoreError, PackageError, UnreachableError
from tests.serving import packages

PLANTED = b"planted"


class Files:
    """A store in a folder."""

    def __init__(self) -> None:
        self._files = fsspec.filesystem("file", auto_mkdir=True)

    def open(self, path: str, mode: str = "r") -> Any:
        return self._files.open(path, mode)

    def exists(self, path: str) -> bool:
        return bool(self._files.exists(path))

    def rmtree(self, path: str) -> None:
        self._files.rm(path, recursive=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package in a store, whose manifest whoever may write there can change."""
    write_remote(Files(), f"{tmp_path}/store/package", packages.write_rules(tmp_path / "own"))
    return tmp_path / "store" / "package"


def forge(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what the manifest lists, with the seal and the marker that fit it."""
    (parts,) = folder.glob("parts-*")
    manifest = json.loads((parts / "manifest.json").read_bytes())
    change(manifest["files"])
    raw = json.dumps(manifest).encode()
    digest = hashlib.sha256(raw).hexdigest()
    (parts / "manifest.json").write_bytes(raw)
    (parts / "manifest.sha256").write_bytes(digest.encode() + b"\n")
    (folder / MARKER).write_text(json.dumps({"parts": parts.name, "manifest": digest}))


def fetched(folder: Path, tmp_path: Path) -> Path:
    root = tmp_path / "scratch" / "root"
    root.mkdir(parents=True)
    fetch_remote(Files(), str(folder), root)
    return root


def test_what_was_written_is_fetched(folder: Path, tmp_path: Path) -> None:
    forge(folder, lambda files: None)
    assert (fetched(folder, tmp_path) / "rules.json").is_file()


@pytest.mark.parametrize(("error", "kept"), [(ContestedError, 0), (UnreachableError, 1)])
def test_who_cannot_make_a_package_visible_takes_the_parts_back_unless_it_may_be_so(
    error: type[ObjectStoreError], kept: int, tmp_path: Path
) -> None:
    def create(_path: str, _data: bytes) -> bool:
        raise error("s3://shelf/package cannot be written", "run again")

    with pytest.raises(error):
        write_remote(Files(), f"{tmp_path}/store/package", packages.write_rules(tmp_path / "own"), create)
    assert len(list(tmp_path.glob("store/package/*"))) == kept


def test_a_marker_that_is_there_though_its_answer_was_lost_keeps_its_parts(tmp_path: Path) -> None:
    def create(path: str, data: bytes) -> bool:
        Path(path).write_bytes(data)
        raise ContestedError("s3://shelf/package cannot be written", "run again")

    write_remote(Files(), f"{tmp_path}/store/package", packages.write_rules(tmp_path / "own"), create)
    assert (fetched(tmp_path / "store" / "package", tmp_path) / "rules.json").is_file()


@pytest.mark.parametrize(
    "name", ["../evil.txt", "a/../../evil.txt", "{root}/evil.txt", "..", ".hidden", "manifest.json"]
)
def test_a_name_that_leads_out_of_the_package_is_refused_and_nothing_is_written(
    name: str, folder: Path, tmp_path: Path
) -> None:
    (folder / "evil.txt").write_bytes(PLANTED)  # where ../evil.txt leads to in the store
    record = {"bytes": len(PLANTED), "sha256": hashlib.sha256(PLANTED).hexdigest()}
    forge(folder, lambda files: files.update({name.format(root=tmp_path): record}))
    with pytest.raises(PackageError, match=r"manifest\.json names files outside of it"):
        fetched(folder, tmp_path)
    assert {path.name for path in (tmp_path / "scratch").rglob("*")} == {"root", "manifest.json", "manifest.sha256"}


def test_a_marker_leads_to_no_other_folder(folder: Path, tmp_path: Path) -> None:
    marker = json.loads((folder / MARKER).read_bytes())
    (folder / MARKER).write_text(json.dumps(marker | {"parts": f"../{marker['parts']}"}))
    with pytest.raises(PackageError, match=r"complete\.json"):
        fetched(folder, tmp_path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda files: files.update({f"f{n}": files["card.md"] for n in range(101)}), "files, more than 100"),
        (lambda files: files["card.md"].update(bytes=-1), "less than no bytes"),
        (lambda files: files["card.md"].update(bytes=3), r"card\.md does not have the 3 bytes"),
    ],
)
def test_counts_and_sizes_are_checked_before_more_is_read(
    change: Callable[[dict[str, Any]], None], says: str, folder: Path, tmp_path: Path
) -> None:
    forge(folder, change)
    with pytest.raises(PackageError, match=says):
        fetched(folder, tmp_path)
    card = tmp_path / "scratch" / "root" / "card.md"
    assert not card.exists() or card.stat().st_size <= 3
