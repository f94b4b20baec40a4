"""Model packages as folders: copied file by file, verified before they are used."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from zenml.enums import ArtifactType, VisualizationType
from zenml.materializers.base_materializer import BaseMaterializer

from ml.package.storage import size, verify
from steps.artifacts import ModelPackage
from steps.materializers.recent import Recent

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
        if os.path.isdir(self._folder()):  # noqa: PTH112  a URI, which Path would mangle
            verify(Path(self._folder()))
            return ModelPackage(root=Path(self._folder()), url=self._folder())
        fetched = replace(ModelPackage.in_scratch(), url=self._folder())
        fetched.root.mkdir()
        for name in self.artifact_store.listdir(self._folder()):
            with self.artifact_store.open(self._path(str(name)), "rb") as file:
                (fetched.root / str(name)).write_bytes(file.read())
        verify(fetched.root)
        return fetched

    def save(self, data: ModelPackage) -> None:
        """Copy the folder."""
        self.artifact_store.makedirs(self._folder())
        for source in sorted(data.root.iterdir()):
            with self.artifact_store.open(self._path(source.name), "wb") as file:
                file.write(source.read_bytes())

    def save_visualizations(self, data: ModelPackage) -> dict[str, VisualizationType]:
        """Show the model card."""
        return {self._path("card.md"): VisualizationType.MARKDOWN} if (data.root / "card.md").exists() else {}

    def extract_metadata(self, data: ModelPackage) -> dict[str, Any]:
        """Give the runtime with its reason, and the size."""
        manifest = data.manifest
        return {"runtime": manifest.runtime, "runtime_reason": manifest.runtime_reason, "bytes": size(manifest)}

    def compute_content_hash(self, data: ModelPackage) -> str:
        """Hash the manifest, which holds the hashes of all other files."""
        return hashlib.sha256((data.root / "manifest.json").read_bytes()).hexdigest()

    def _folder(self) -> str:
        return f"{self.uri}/{_FOLDER}"

    def _path(self, name: str) -> str:
        return f"{self._folder()}/{name}"
