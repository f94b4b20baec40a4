"""Profiles as the package keeps them."""

import hashlib
from typing import Any, ClassVar

from zenml.enums import ArtifactType
from zenml.materializers.base_materializer import BaseMaterializer

from steps.artifacts import ReferenceProfile

_FILE = "reference.bin"


class ProfileMaterializer(BaseMaterializer):
    """Stores a `ReferenceProfile` as data analysis."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (ReferenceProfile,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA_ANALYSIS
    SKIP_REGISTRATION: ClassVar[bool] = True

    def load(self, data_type: type[Any]) -> ReferenceProfile:
        """Read the profile."""
        with self.artifact_store.open(self._path(), "rb") as file:
            return ReferenceProfile(file.read())

    def save(self, data: ReferenceProfile) -> None:
        """Write the profile."""
        with self.artifact_store.open(self._path(), "wb") as file:
            file.write(data.data)

    def compute_content_hash(self, data: ReferenceProfile) -> str:
        """Hash the bytes."""
        return hashlib.sha256(data.data).hexdigest()

    def _path(self) -> str:
        return f"{self.uri}/{_FILE}"
