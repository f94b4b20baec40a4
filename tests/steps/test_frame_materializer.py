"""A step may change the table that it was given; the next one is given what was stored."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pytest
from zenml.artifact_stores.local_artifact_store import LocalArtifactStore, LocalArtifactStoreConfig
from zenml.enums import StackComponentType

from steps.materializers.frame import FrameMaterializer

ROWS = pd.DataFrame(
    {
        "number": [1.0, 2.0],
        "count": pd.array([1, None], dtype="Int64"),
        "text": ["a", "b"],
        "day": pd.to_datetime(["2026-01-01", "2026-01-02"]),
    }
)
CHANGES = {
    "a value in place": lambda rows: rows.__setitem__("number", 0.0),
    "one cell": lambda rows: rows.loc.__setitem__((0, "text"), "z"),
    "the array of a column": lambda rows: rows["number"].array.__setitem__(0, 9.0),
    "the array of dates": lambda rows: rows["day"].array.__setitem__(0, pd.Timestamp("1999-01-01")),
    "the array of nullable numbers": lambda rows: rows["count"].array.__setitem__(0, 9),
    "a column removed": lambda rows: rows.pop("text"),
}


@pytest.fixture
def store(tmp_path: Path) -> LocalArtifactStore:
    """A store of ZenML that no server knows."""
    now = datetime.now(UTC)
    return LocalArtifactStore(
        name="here",
        id=uuid4(),
        config=LocalArtifactStoreConfig(path=str(tmp_path)),
        flavor="local",
        type=StackComponentType.ARTIFACT_STORE,
        user=None,
        created=now,
        updated=now,
    )


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_step_does_to_its_table_reaches_no_other(change: str, tmp_path: Path, store: LocalArtifactStore) -> None:
    materializer = FrameMaterializer(uri=str(tmp_path), artifact_store=store)
    materializer.save(ROWS)
    for _ in range(2):  # what was read first, and what was kept of it
        given = materializer.load(pd.DataFrame)
        pd.testing.assert_frame_equal(given, ROWS)
        CHANGES[change](given)
    pd.testing.assert_frame_equal(materializer.load(pd.DataFrame), ROWS)
