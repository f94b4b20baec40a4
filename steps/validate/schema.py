"""Step `infer_schema`: the task and the type of every column, declared or inferred."""

from typing import Annotated

import pandas as pd
from zenml import step

from ml.schema_inference.infer import infer_schema as infer
from schemas.data import TableSchema
from schemas.data_spec import DataSpec
from schemas.reading import Written
from steps.materializers.schema import SchemaMaterializer


@step(output_materializers={"schema": SchemaMaterializer})
def infer_schema(
    rows: pd.DataFrame, written: Written, data: DataSpec, group: str | None
) -> Annotated[TableSchema, "schema"]:
    """Infer what the experiment does not declare; `group` is the column whose equal values share a set."""
    return infer(rows, data, group, written)
