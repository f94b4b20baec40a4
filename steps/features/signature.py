"""Step `fit_features`: the derivations from raw rows to one float matrix, fitted on the training rows only."""

from typing import Annotated

import pandas as pd
from zenml import step

from ml.features.signature import fit_signature
from schemas.data import TableSchema
from schemas.signature import Signature
from steps.materializers.schema import SchemaMaterializer


@step(output_materializers={"signature": SchemaMaterializer})
def fit_features(train_set: pd.DataFrame, schema: TableSchema) -> Annotated[Signature, "signature"]:
    """Learn categories, identifiers, imputations and ranges."""
    return fit_signature(train_set, schema)
