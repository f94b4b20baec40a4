"""Step `load`: raw rows from the chosen source."""

from typing import Annotated

import pandas as pd
from zenml import step

from ml.features.tensors import with_tensors
from ml.schema_inference.target_rows import labelled_rows, merged_spellings
from schemas.choice import Choice
from schemas.column_names import composed
from schemas.data_spec import TargetReading
from schemas.errors import ContentError
from schemas.reading import Written
from steps.components import create
from steps.materializers.frame import FrameMaterializer
from steps.materializers.schema import SchemaMaterializer


@step(output_materializers={"rows": FrameMaterializer, "written": SchemaMaterializer})
def load(
    source: Choice, missing: dict[str, list[str]], arrays: list[str], target: TargetReading, fingerprint: str | None
) -> tuple[Annotated[pd.DataFrame, "rows"], Annotated[Written, "written"]]:
    """Read all rows that can be learnt from, and how they are written; `arrays` are the columns declared to hold some.

    `fingerprint` only shows the cache when the rows may have changed.
    """
    rows, written = create("load", source).read_as_written(missing)
    names = [composed(str(name)) for name in rows.columns]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ContentError(f"column names must be unique, but {', '.join(map(repr, twice))} differ in form only")
    rows = with_tensors(rows.set_axis(names, axis="columns"), arrays)
    rows, unlabelled = labelled_rows(rows, target)
    rows, merged = merged_spellings(rows, target)
    return rows, written.model_copy(update={"unlabelled": unlabelled, "merged": merged})
