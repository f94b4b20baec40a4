"""Slot `load`: raw rows from the chosen source."""

from typing import Annotated

import pandas as pd
from zenml import step

from schemas.choice import Choice
from steps.materializers.frame import FrameMaterializer
from steps.components import create


@step(output_materializers={"rows": FrameMaterializer})
def load(source: Choice, fingerprint: str | None) -> Annotated[pd.DataFrame, "rows"]:
    """Read all rows; `fingerprint` only tells the cache when they may have changed."""
    return create("load", source).read()
