"""Packages are seen whole or not at all, and of two writers of a name one wins: on S3, and on a local disk."""

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from zenml.artifact_stores.local_artifact_store import LocalArtifactStore, LocalArtifactStoreConfig
from zenml.enums import StackComponentType

from ml.io.objects.client import Credentials
from ml.package.remote import MARKER
from ml.package.storage import verify
from schemas.errors import AccessDeniedError, PackageError
from serving.releases.package_cache import fetch, fetch_signature
from stacks.flavors.s3_artifact_store import S3ArtifactStore, S3ArtifactStoreConfig
from steps.artifacts import ModelPackage
from steps.materializers.frame import FrameMaterializer
from steps.materializers.package import PackageMaterializer, package_url
from tests.object_store import READER, STRANGER, ObjectStore, using
from tests.object_store import as_owner as as_owner
from tests.object_store import object_store as object_store
from tests.serving import packages
from tests.soak import count

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return ModelPackage(packages.write_rules(tmp_path / "package"))


@pytest.fixture
def store(as_owner: ObjectStore) -> S3ArtifactStore:
    """A store of ours that no ZenML server knows."""
    config = S3ArtifactStoreConfig(path=as_owner.new_folder(), endpoint_url=as_owner.endpoint)
    return S3ArtifactStore(config=config, **_component("drivetrain_s3"))


def _component(flavor: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    kind = StackComponentType.ARTIFACT_STORE
    return {"name": "here", "id": uuid4(), "flavor": flavor, "type": kind, "user": None, "created": now, "updated": now}


def _at(store: Any, uri: str) -> PackageMaterializer:
    return PackageMaterializer(uri=uri, artifact_store=store)


def _manifest(folder: str, store: ObjectStore) -> str:
    (found,) = [key for key in store.keys(folder) if key.endswith("/manifest.json")]
    return f"{folder}/{found}"


def test_a_package_on_s3_is_loaded_and_fetched(
    store: S3ArtifactStore, package: ModelPackage, tmp_path: Path, as_owner: ObjectStore
) -> None:
    uri = f"{store.path}/a"
    _at(store, uri).save(package)
    loaded = _at(store, uri).load(ModelPackage)
    assert loaded.manifest == package.manifest
    assert loaded.url is not None and loaded.url.startswith(f"{uri}/package?endpoint_url=")
    assert verify(fetch(loaded.url, "1", tmp_path / "cache")) == package.manifest
    assert fetch_signature(loaded.url) == packages.SIGNATURE
    (card,) = _at(store, uri).save_visualizations(package)
    with store.open(card, "r") as file:
        assert file.read() == "# A test package\n"


def test_without_its_marker_there_is_no_package(
    store: S3ArtifactStore, package: ModelPackage, tmp_path: Path, as_owner: ObjectStore
) -> None:
    uri = f"{store.path}/a"
    _at(store, uri).save(package)
    store.remove(f"{uri}/package/{MARKER}")
    for read in (
        lambda: _at(store, uri).load(ModelPackage),
        lambda: fetch(f"{uri}/package", "1", tmp_path / "cache"),
        lambda: fetch_signature(f"{uri}/package"),
    ):
        with pytest.raises(PackageError, match=r"There is no package at .*, or it was not written to its end"):
            read()


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sha256", "rules.json", "samples.json"])
def test_every_byte_is_verified(
    name: str, store: S3ArtifactStore, package: ModelPackage, tmp_path: Path, as_owner: ObjectStore
) -> None:
    uri = f"{store.path}/a"
    _at(store, uri).save(package)
    place = _manifest(f"{uri}/package", as_owner).replace("manifest.json", name)
    data = as_owner.files().cat_file(place)
    as_owner.files().pipe_file(place, bytes([data[0] ^ 1]) + data[1:])
    with pytest.raises(PackageError, match="damaged"):
        _at(store, uri).load(ModelPackage)
    with pytest.raises(PackageError, match="damaged"):
        verify(fetch(f"{uri}/package", "1", tmp_path / "cache"))


def test_whoever_may_not_write_leaves_nothing(
    store: S3ArtifactStore, package: ModelPackage, as_owner: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, as_owner.environment(READER))
    with pytest.raises(AccessDeniedError, match="the right to write"):
        _at(store, f"{store.path}/a").save(package)
    with pytest.raises(AccessDeniedError, match="the right to write"):
        FrameMaterializer(uri=f"{store.path}/b", artifact_store=store).save(pd.DataFrame({"a": [1]}))
    assert as_owner.keys(store.path) == []


@pytest.mark.parametrize(
    ("login", "words"),
    [(STRANGER, "access is denied"), (Credentials(STRANGER.key, "wrong"), "the secret does not fit the access key")],
)
def test_a_service_that_is_not_let_in_says_why(
    login: Credentials,
    words: str,
    store: S3ArtifactStore,
    package: ModelPackage,
    tmp_path: Path,
    as_owner: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    uri = f"{store.path}/a"
    _at(store, uri).save(package)
    using(monkeypatch, as_owner.environment(login))
    with pytest.raises(PackageError, match=rf"cannot be fetched: s3://.* cannot be used: {words}"):
        fetch(f"{uri}/package", "1", tmp_path / "cache")


def test_an_answer_that_is_lost_is_no_other_writer(
    store: S3ArtifactStore, package: ModelPackage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write whose answer is lost is sent again by the client, which then finds its own object."""
    created = store.create

    def sent_twice(path: str, data: bytes) -> bool:
        created(path, data)
        return created(path, data)

    monkeypatch.setattr(store, "create", sent_twice)
    _at(store, f"{store.path}/a").save(package)
    assert _at(store, f"{store.path}/a").load(ModelPackage).manifest == package.manifest


def test_what_a_store_lends_lets_into_its_packages_alone(
    store: S3ArtifactStore, package: ModelPackage, as_owner: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = f"{store.path}/a"
    _at(store, uri).save(package)
    using(monkeypatch, as_owner.environment(STRANGER))
    store.__dict__["_credentials"] = READER  # as those of a ZenML secret
    url = package_url(store, uri)
    with store.lent():
        assert fetch_signature(url) == packages.SIGNATURE
        with pytest.raises(PackageError, match="access is denied"):
            fetch_signature(f"s3://shelf/elsewhere/package?endpoint_url={as_owner.endpoint}")
    with pytest.raises(PackageError, match="access is denied"):
        fetch_signature(url)


@pytest.mark.parametrize("where", ["s3", "disk"])
def test_of_two_writers_of_a_name_one_wins(
    where: str, store: S3ArtifactStore, tmp_path: Path, as_owner: ObjectStore
) -> None:
    mine = [ModelPackage(packages.write_rules(tmp_path / name, yes)) for name, yes in (("x", 0.6), ("y", 0.8))]
    local = LocalArtifactStore(config=LocalArtifactStoreConfig(path=str(tmp_path)), **_component("local"))
    place = store if where == "s3" else local
    for number in range(count(15, 1000)):
        uri, start, ends = f"{place.path}/race/{number}", threading.Barrier(2), [""] * 2

        def write(who: int, uri: str = uri, start: threading.Barrier = start, ends: list[str] = ends) -> None:
            start.wait()
            try:
                _at(place, uri).save(mine[who])
            except PackageError as error:
                ends[who] = str(error)

        writers = [threading.Thread(target=write, args=(who,)) for who in (0, 1)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        (won,) = [who for who in (0, 1) if not ends[who]]
        assert "never overwritten" in ends[1 - won]
        assert _at(place, uri).load(ModelPackage).manifest == mine[won].manifest
        if where == "s3":
            assert len([key for key in as_owner.keys(uri) if key.endswith("/manifest.json")]) == 1, "theirs is gone"
        else:
            assert [path.name for path in Path(uri).iterdir()] == ["package"]
