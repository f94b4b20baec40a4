"""Step `fit_features`: the derivations from raw rows to one float matrix, fitted on the training rows only."""

from typing import Annotated

import pandas as pd
from zenml import step

from ml.features.latest import with_latest
from ml.features.signature import fit_signature
from schemas.data import TableSchema
from schemas.signature import Signature
from schemas.text import TextAs
from steps.materializers.schema import SchemaMaterializer


@step(output_materializers={"signature": SchemaMaterializer})
def fit_features(
    train_set: pd.DataFrame, schema: TableSchema, latest: pd.DataFrame | None = None, text_as: TextAs = "tfidf"
) -> Annotated[Signature, "signature"]:
    """Learn categories, identifiers, imputations and ranges, and words of texts as the trainer takes them.

    `latest` are the last points of the series of a forecast. Those are kept for rows that name their series alone;
    nothing is learnt from them.
    """
    signature = fit_signature(train_set, schema, text_as)
    return signature if latest is None else with_latest(signature, latest)
