"""Pydantic schemas as JSON, with a content hash."""

import hashlib
import json
from typing import Any, ClassVar

from zenml.enums import ArtifactType, VisualizationType
from zenml.materializers.base_materializer import BaseMaterializer

from schemas.base import Strict

_FILE = "value.json"


class SchemaMaterializer(BaseMaterializer):
    """Stores any of our frozen schemas; the JSON itself is what the dashboard shows."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (Strict,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA
    SKIP_REGISTRATION: ClassVar[bool] = True

    def load(self, data_type: type[Any]) -> Any:
        """Read and validate the value."""
        with self.artifact_store.open(self._path(), "r") as file:
            return data_type.model_validate_json(file.read())

    def save(self, data: Strict) -> None:
        """Write the value."""
        with self.artifact_store.open(self._path(), "w") as file:
            file.write(data.model_dump_json(indent=2))

    def save_visualizations(self, data: Strict) -> dict[str, VisualizationType]:
        """Show the JSON."""
        return {self._path(): VisualizationType.JSON}

    def compute_content_hash(self, data: Strict) -> str:
        """Hash the value."""
        return hashlib.sha256(json.dumps(data.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def _path(self) -> str:
        return f"{self.uri}/{_FILE}"
