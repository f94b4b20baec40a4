"""An artifact store is taken for one of ours by its class, and lends its credentials for what lies in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import pytest

from steps import object_store
from steps.artifacts import ModelPackage
from steps.materializers.package import PackageMaterializer, package_url
from steps.object_store import ObjectStore, reaching
from tests.serving import packages


class Stranger:
    """A store with methods of our names, which mean something else there; `open` knows rb and wb."""

    def __init__(self) -> None:
        self.files = fsspec.filesystem("memory")

    def open(self, path: str, mode: str = "r") -> Any:
        assert mode in ("rb", "wb")
        return self.files.open(path, mode)

    def exists(self, path: str) -> bool:
        return bool(self.files.exists(path))

    def locate(self, path: str) -> str:
        raise AssertionError("asked of ours only")

    create = lent = locate


def test_a_store_of_another_is_used_by_zenmls_contract_alone(tmp_path: Path) -> None:
    store, uri = Stranger(), "memory://strangers"
    package = ModelPackage(packages.write_rules(tmp_path / "package"))
    materializer = PackageMaterializer(uri=uri, artifact_store=store)  # type: ignore[arg-type]
    materializer.save(package)
    assert materializer.load(ModelPackage).manifest == package.manifest
    assert package_url(store, uri) == f"{uri}/package"


def test_credentials_are_lent_by_a_store_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Ours(ObjectStore):
        @contextmanager
        def lent(self) -> Iterator[None]:
            told.append("lent")
            yield
            told.append("given back")

    monkeypatch.setattr(object_store, "_active_store", Ours)
    with reaching("/here/package"):
        assert told == []
    with reaching("s3://shelf/package"):
        assert told == ["lent"]
    assert told == ["lent", "given back"]
    monkeypatch.setattr(object_store, "_active_store", Stranger)
    with reaching("s3://shelf/package"):
        pass
