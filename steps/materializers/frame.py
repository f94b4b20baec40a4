"""Tables as Parquet, with a hash of their content so that equal rows are equal to the cache."""

from typing import Any, ClassVar

import pandas as pd
import pyarrow.parquet as pq
from zenml.enums import ArtifactType
from zenml.materializers.base_materializer import BaseMaterializer

from ml.io.arrow.nested import nbytes, to_frame, to_table
from ml.values.digest import frame_digest
from steps.materializers.recent import Recent

_FILE = "rows.parquet"
_RECENT: Recent[pd.DataFrame] = Recent(
    512 << 20, lambda frame: int(frame.memory_usage(deep=True).sum()) + nbytes(frame)
)


class FrameMaterializer(BaseMaterializer):
    """Stores a `pandas.DataFrame` with a plain integer index."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (pd.DataFrame,)
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA
    SKIP_REGISTRATION: ClassVar[bool] = True

    def load(self, data_type: type[Any]) -> pd.DataFrame:
        """Return the table, a copy of one that this process read before: a step may change what it was given."""
        return _RECENT.get(self._path(), self._read).copy()

    def save(self, data: pd.DataFrame) -> None:
        """Write the table."""
        with self.artifact_store.open(self._path(), "wb") as file:
            pq.write_table(to_table(data), file)

    def extract_metadata(self, data: pd.DataFrame) -> dict[str, Any]:
        """Give the shape and the columns' types."""
        return {"rows": len(data), "columns": {str(name): str(dtype) for name, dtype in data.dtypes.items()}}

    def compute_content_hash(self, data: pd.DataFrame) -> str:
        """Hash names, types and values in order."""
        return frame_digest(data)

    def _read(self) -> pd.DataFrame:
        with self.artifact_store.open(self._path(), "rb") as file:
            return to_frame(pq.read_table(file))

    def _path(self) -> str:
        return frame_url(self.uri)


def frame_url(uri: str) -> str:
    """Return where the Parquet file of a table's artifact is."""
    return f"{uri}/{_FILE}"
