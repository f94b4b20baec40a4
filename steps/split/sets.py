"""Slot `split`: train, validation and the sealed test set."""

from typing import Annotated

import pandas as pd
from zenml import step

from schemas.data import SplitSpec, TableSchema
from steps.components import create
from steps.materializers.frame import FrameMaterializer


@step(
    output_materializers={
        "train_set": FrameMaterializer,
        "validation_set": FrameMaterializer,
        "test_set": FrameMaterializer,
    }
)
def split(
    rows: pd.DataFrame, schema: TableSchema, plan: SplitSpec, salt: str
) -> tuple[
    Annotated[pd.DataFrame, "train_set"],
    Annotated[pd.DataFrame, "validation_set"],
    Annotated[pd.DataFrame, "test_set"],
]:
    """Draw the sets; which set a row is in depends on the row and `salt` alone."""
    sets = create("split", plan.method).assign(
        rows, schema.problem.target, test=plan.test, validation=plan.validation, by=plan.by, salt=salt
    )
    train, validation, test = (rows[sets == name].reset_index(drop=True) for name in ("train", "validation", "test"))
    return train, validation, test
