"""What ZenML asks of an artifact store, asked of ours on a real S3 server."""

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.errors import AccessDeniedError, CredentialsError
from stacks.flavors.s3_artifact_store import S3ArtifactStore, S3ArtifactStoreConfig, credentials_of
from tests.object_store import OWNER, STRANGER, ObjectStore, using
from tests.object_store import as_owner as as_owner
from tests.object_store import object_store as object_store
from tests.steps.test_package_materializer import store as store

pytestmark = [pytest.mark.slow]


@pytest.fixture
def filled(store: S3ArtifactStore) -> S3ArtifactStore:
    """A store with `a.txt` and `b/c.bin`."""
    with store.open(f"{store.path}/a.txt", "w") as text:
        assert text.writable() and text.write("Zürich\n") == 7
    with store.open(f"{store.path}/b/c.bin", "wb") as data:
        assert data.writable() and data.write(b"\x00\xff") == 2
    return store


def test_objects_are_found_read_moved_and_removed(filled: S3ArtifactStore) -> None:
    path = filled.path
    assert filled.exists(path) and filled.isdir(path) and filled.isdir(f"{path}/b")
    assert filled.exists(f"{path}/a.txt") and not filled.isdir(f"{path}/a.txt")
    assert sorted(map(str, filled.listdir(path))) == ["a.txt", "b"]
    assert filled.glob(f"{path}/*.txt") == [f"{path}/a.txt"]
    assert {folder: (folders, names) for folder, folders, names in filled.walk(path)} == {
        path: (["b"], ["a.txt"]),
        f"{path}/b": ([], ["c.bin"]),
    }
    with filled.open(f"{path}/a.txt", "r") as text:
        assert text.read() == "Zürich\n"
    with filled.open(f"{path}/b/c.bin", "rb") as data:
        assert data.seekable() and data.seek(1) == data.tell() == 1 and data.read() == b"\xff"
    assert filled.size(f"{path}/b/c.bin") == filled.stat(f"{path}/b/c.bin")["size"] == 2
    filled.rename(f"{path}/a.txt", f"{path}/d.txt")
    with pytest.raises(FileExistsError):
        filled.copyfile(f"{path}/b/c.bin", f"{path}/d.txt")
    filled.copyfile(f"{path}/b/c.bin", f"{path}/d.txt", overwrite=True)
    assert filled.size(f"{path}/d.txt") == 2 and not filled.exists(f"{path}/a.txt")
    filled.remove(f"{path}/d.txt")
    filled.rmtree(path)
    assert not filled.exists(f"{path}/b/c.bin")


def test_a_folder_needs_no_making(store: S3ArtifactStore) -> None:
    store.makedirs(f"{store.path}/a/b")
    store.mkdir(f"{store.path}/a")
    assert not store.exists(f"{store.path}/a")


def test_what_is_not_there_is_no_trouble_of_the_store(store: S3ArtifactStore) -> None:
    for ask in (store.stat, store.size, store.rmtree, lambda path: store.open(path, "rb")):
        with pytest.raises(FileNotFoundError):
            ask(f"{store.path}/a")
    for mode in ("a", "ab", "r+", "w+b", "xb"):
        with pytest.raises(ValueError, match="read or written whole"):
            store.open(f"{store.path}/a", mode)


def test_each_method_says_what_is_wrong(filled: S3ArtifactStore, as_owner: ObjectStore, monkeypatch: Any) -> None:
    using(monkeypatch, as_owner.environment(STRANGER))
    path = f"{filled.path}/a.txt"
    asked = [filled.exists, filled.isdir, filled.listdir, filled.remove, filled.stat, filled.size, filled.open]
    for ask in [*asked, lambda path: list(filled.walk(path)), lambda path: filled.open(path, "rb")]:
        with pytest.raises(AccessDeniedError, match="access is denied"):
            ask(path)


def test_a_pickled_store_holds_no_credentials(store: S3ArtifactStore) -> None:
    store.__dict__["_credentials"] = OWNER
    assert "_credentials" not in store.__getstate__()


@pytest.mark.parametrize("path", ["gs://shelf", "s3://Shelf", "s3://shelf/", "s3://shelf?region=x", "s3://k:s@shelf"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(ValidationError, match="path"):
        S3ArtifactStoreConfig(path=path)


@pytest.mark.parametrize("url", ["host", "ftp://host", "http://", "http://me:pw@host", "http://host?x=y"])
def test_an_endpoint_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="endpoint_url"):
        S3ArtifactStoreConfig(path="s3://shelf", endpoint_url=url)


def test_a_secret_that_is_not_there_is_said() -> None:
    with pytest.raises(CredentialsError, match="zenml secret create keys --aws_access_key_id"):
        credentials_of(None, "keys")
