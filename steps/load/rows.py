"""Step `load`: raw rows from the chosen source."""

from typing import Annotated

import pandas as pd
from zenml import step

from schemas.choice import Choice
from steps.components import create
from steps.materializers.frame import FrameMaterializer


@step(output_materializers={"rows": FrameMaterializer})
def load(source: Choice, fingerprint: str | None) -> Annotated[pd.DataFrame, "rows"]:
    """Read all rows; `fingerprint` only shows the cache when they may have changed."""
    rows: pd.DataFrame = create("load", source).read()
    return rows
