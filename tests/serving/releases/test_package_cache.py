"""Where packages are fetched from: a link in a local folder is followed under no name that fsspec has for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from ml.package.remote import MARKER, write_remote
from schemas.errors import PackageError
from serving.releases.package_cache import fetch, fetch_signature
from tests.serving import packages


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return packages.write_rules(tmp_path / "package")


@pytest.fixture
def linked(package: Path) -> Path:
    """A package whose manifest is a link to one that lies elsewhere."""
    (package / "manifest.json").rename(package.parent / "elsewhere.json")
    (package / "manifest.json").symlink_to(package.parent / "elsewhere.json")
    return package


@pytest.mark.parametrize("form", ["{}", "file://{}", "FILE://{}", "local://{}", "LOCAL://{}", "local:{}", "file:{}"])
def test_a_local_folder_is_read_under_each_of_its_names(form: str, package: Path, tmp_path: Path) -> None:
    assert (fetch(form.format(package), "1", tmp_path / "cache") / "rules.json").is_file()


@pytest.mark.parametrize(
    "form", ["{}", "file://{}", "FILE://{}", "local://{}", "Local://{}", "local:{}", "asynclocal://{}", "{}/../package"]
)
def test_a_link_is_followed_under_none(form: str, linked: Path, tmp_path: Path) -> None:
    for read in (lambda url: fetch(url, "1", tmp_path / "cache"), fetch_signature):
        with pytest.raises(PackageError, match=r"manifest\.json is not a plain file"):
            read(form.format(linked))


@pytest.mark.parametrize(
    "form",
    ["simplecache::file://{}", "filecache::local://{}", "blockcache::{}", "dir::file://{}", "generic://{}", "dir://{}"],
)
def test_what_reads_local_files_by_way_of_another_is_refused(form: str, linked: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="by way of another file system; name its folder"):
        fetch(form.format(linked), "1", tmp_path / "cache")


def test_a_plug_ins_name_for_local_files_follows_no_link_either(linked: Path, tmp_path: Path) -> None:
    class Own(LocalFileSystem):  # type: ignore[misc]
        protocol = ("own-files",)

        @classmethod
        def _strip_protocol(cls, path: str) -> str:
            return str(path).removeprefix("own-files://")

    fsspec.register_implementation("own-files", Own)
    with pytest.raises(PackageError, match=r"manifest\.json is not a plain file"):
        fetch(f"own-files://{linked}", "1", tmp_path / "cache")


class Memory:
    """A store that knows neither conditional writes nor anything else beyond opening."""

    def __init__(self) -> None:
        self._files = fsspec.filesystem("memory")

    def open(self, path: str, mode: str = "r") -> Any:
        return self._files.open(path, mode)

    def exists(self, path: str) -> bool:
        return bool(self._files.exists(path))

    def rmtree(self, path: str) -> None:
        self._files.rm(path, recursive=True)


@pytest.fixture
def elsewhere(package: Path) -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    write_remote(Memory(), "memory://elsewhere", package)
    yield files
    files.rm("/elsewhere", recursive=True)


def test_a_package_elsewhere_is_read(elsewhere: Any, tmp_path: Path) -> None:
    assert (fetch("memory://elsewhere", "1", tmp_path / "cache") / "rules.json").is_file()
    assert fetch_signature("memory://elsewhere").output.target == "sold"


def test_what_was_not_written_to_its_end_is_no_package(elsewhere: Any, tmp_path: Path) -> None:
    elsewhere.rm(f"/elsewhere/{MARKER}")
    for read in (lambda url: fetch(url, "1", tmp_path / "cache"), fetch_signature):
        with pytest.raises(PackageError, match=r"not written to its end: it has no complete\.json"):
            read("memory://elsewhere")


def test_a_manifest_of_another_package_is_refused(elsewhere: Any, tmp_path: Path) -> None:
    (manifest,) = (name for name in elsewhere.find("/elsewhere") if name.endswith("manifest.json"))
    elsewhere.pipe_file(manifest, elsewhere.cat_file(manifest) + b" ")
    with pytest.raises(PackageError, match=r"manifest\.json is not what complete\.json says"):
        fetch("memory://elsewhere", "1", tmp_path / "cache")


def test_a_package_elsewhere_is_never_written_twice(elsewhere: Any, package: Path) -> None:
    before = elsewhere.find("/elsewhere")
    with pytest.raises(PackageError, match="never overwritten"):
        write_remote(Memory(), "memory://elsewhere", package)
    assert elsewhere.find("/elsewhere") == before
