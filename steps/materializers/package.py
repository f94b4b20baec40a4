"""Model packages: seen whole or not at all, on a local disk and elsewhere, and verified before they are used."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from zenml.enums import ArtifactType, VisualizationType
from zenml.materializers.base_materializer import BaseMaterializer

from ml.package.remote import fetch_remote, marker_of, write_remote
from ml.package.storage import CARD, copy, size, verify
from steps.artifacts import ModelPackage
from steps.materializers.recent import Recent
from steps.object_store import ObjectStore

_FOLDER = "package"
_RECENT: Recent[ModelPackage] = Recent(8, lambda _package: 1)


class PackageMaterializer(BaseMaterializer):
    """Stores a `ModelPackage` as an artifact of type model."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (ModelPackage,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.MODEL
    SKIP_REGISTRATION: ClassVar[bool] = True

    def load(self, data_type: type[Any]) -> ModelPackage:
        """Fetch the folder and verify every byte, once a process; a local store's folder is used in place."""
        return _RECENT.get(self._folder(), self._fetch)

    def _fetch(self) -> ModelPackage:
        if _is_local(self._folder()):
            verify(Path(self._folder()))
            return ModelPackage(root=Path(self._folder()), url=self._folder())
        fetched = replace(ModelPackage.in_scratch(), url=package_url(self.artifact_store, self.uri))
        fetched.root.mkdir()
        fetch_remote(self.artifact_store, self._folder(), fetched.root)
        return fetched

    def save(self, data: ModelPackage) -> None:
        """Copy the folder. Raises PackageError or StorageError; nothing is visible then."""
        if _is_local(self._folder()):
            copy(data.root, Path(self._folder()))
        else:
            store = self.artifact_store
            write_remote(store, self._folder(), data.root, store.create if isinstance(store, ObjectStore) else None)

    def save_visualizations(self, data: ModelPackage) -> dict[str, VisualizationType]:
        """Show the model card."""
        if CARD not in data.manifest.files:
            return {}
        local = _is_local(self._folder())
        parts = "" if local else f"{marker_of(self.artifact_store, self._folder()).parts}/"
        return {f"{self._folder()}/{parts}{CARD}": VisualizationType.MARKDOWN}

    def extract_metadata(self, data: ModelPackage) -> dict[str, Any]:
        """Give the runtime with its reason, and the size."""
        manifest = data.manifest
        return {"runtime": manifest.runtime, "runtime_reason": manifest.runtime_reason, "bytes": size(manifest)}

    def compute_content_hash(self, data: ModelPackage) -> str:
        """Hash the manifest, which holds the hashes of all other files."""
        return hashlib.sha256((data.root / "manifest.json").read_bytes()).hexdigest()

    def _folder(self) -> str:
        return f"{self.uri}/{_FOLDER}"


def package_url(store: Any, uri: str) -> str:
    """Return where a service finds the package of an artifact; it names the server of an object store that says one."""
    folder = f"{uri}/{_FOLDER}"
    return store.locate(folder).url if isinstance(store, ObjectStore) else folder


def _is_local(folder: str) -> bool:
    return "://" not in folder
