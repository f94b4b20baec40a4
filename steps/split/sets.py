"""Step `split`: train, validation and the sealed test set."""

import logging
from typing import Annotated

import pandas as pd
from pydantic import JsonValue
from zenml import step

from ml.split.timestamps import century_of, form_of
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.split_spec import ORIGINS, SplitSpec
from steps.components import create
from steps.materializers.frame import FrameMaterializer

logger = logging.getLogger("drivetrain.split")


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
    """Draw the sets; which set a row is in depends on the rows, the plan and `salt`, never on the seed."""
    sets = create("split", _method(plan, schema)).assign(
        rows,
        schema.problem.target,
        test=plan.test,
        validation=plan.validation,
        by=plan.by or _time_of(schema),
        salt=salt,
    )
    if left_out := int((sets == "").sum()):
        logger.warning(
            "split: %s of %s rows are in no set: they lie in the gap before a cut", f"{left_out:,}", f"{len(rows):,}"
        )
    train, validation, test = (rows[sets == name].reset_index(drop=True) for name in ("train", "validation", "test"))
    return train, validation, test


def _time_of(schema: TableSchema) -> str | None:
    """Return the column of the windows' times, None of rows that are none."""
    if schema.forecast is None:
        return None
    return next(column.name for column in schema.columns if column.type == "date")


def _method(plan: SplitSpec, schema: TableSchema) -> Choice:
    """Return the plan's method; one by time gets the format and century of its column, unless it declares a format."""
    if schema.forecast is not None and plan.method.name == ORIGINS:
        own: dict[str, JsonValue] = {"frequency": schema.forecast.frequency, "horizon": schema.forecast.horizon}
        return Choice(name=ORIGINS, params={**plan.method.params, **own})
    if plan.ordered is None:
        return plan.method
    told = {"format": form_of(plan.ordered, schema), "century": century_of(plan.ordered, schema)}
    params = {**plan.method.params, **{key: value for key, value in told.items() if value is not None}}
    return Choice(name=plan.method.name, params=params)
