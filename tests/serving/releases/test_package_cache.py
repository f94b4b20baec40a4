"""Where packages are fetched from: a link in a local folder is followed under no name that fsspec has for it."""

from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

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


def test_a_package_elsewhere_is_read(package: Path, tmp_path: Path) -> None:
    files = fsspec.filesystem("memory")
    files.put(str(package), "/elsewhere", recursive=True)
    try:
        assert (fetch("memory://elsewhere", "1", tmp_path / "cache") / "rules.json").is_file()
    finally:
        files.rm("/elsewhere", recursive=True)
