"""Step `explore`: what the training rows show, as values and as a page."""

from typing import Annotated

import pandas as pd
from zenml import step
from zenml.types import HTMLString

from ml.explore.describe import describe
from ml.explore.page import render
from schemas.data import TableSchema
from schemas.evaluation import DataReport
from schemas.exploration import Declaration, Exploration
from steps.materializers.schema import SchemaMaterializer


@step(output_materializers={"exploration": SchemaMaterializer})
def explore(
    train_set: pd.DataFrame, schema: TableSchema, report: DataReport, source: str, declared: Declaration
) -> tuple[Annotated[Exploration, "exploration"], Annotated[HTMLString, "page"]]:
    """Describe the training rows; the other sets do not come in here, so that nothing of them can come out."""
    found = describe(train_set, schema, report, source=source, declared=declared)
    return found, HTMLString(render(found))
