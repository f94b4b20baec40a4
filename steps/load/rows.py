"""Step `load`: raw rows from the chosen source."""

from typing import Annotated

import pandas as pd
from zenml import step

from ml.values.text import normal
from schemas.choice import Choice
from schemas.errors import ContentError
from schemas.reading import Written
from steps.components import create
from steps.materializers.frame import FrameMaterializer
from steps.materializers.schema import SchemaMaterializer


@step(output_materializers={"rows": FrameMaterializer, "written": SchemaMaterializer})
def load(
    source: Choice, missing: dict[str, list[str]], fingerprint: str | None
) -> tuple[Annotated[pd.DataFrame, "rows"], Annotated[Written, "written"]]:
    """Read all rows, and how a text file writes them; `fingerprint` only shows the cache when they may have changed."""
    rows, text = create("load", source).read_as_written(missing)
    names = [normal(str(name)) for name in rows.columns]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ContentError(f"column names must be unique, but {', '.join(map(repr, twice))} differ in form only")
    return rows.set_axis(names, axis="columns"), Written(text=text)
