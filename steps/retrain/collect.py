"""Step `collect`: labelled rows out of the journal, drawn and joined with the rows of training."""

from typing import Annotated

import pandas as pd
from zenml import step

from ml.retraining.collect import Found, Original, too_few
from ml.retraining.collect import collect as join_labelled
from ml.retraining.join import Plan
from schemas.data import TableSchema
from schemas.errors import RefusedError
from schemas.retraining import Collection, RetrainSpec, Taking
from schemas.split_spec import SplitSpec
from serving.retraining.rows import labelled_rows
from steps.components import create
from steps.gate.production import Production, opened
from steps.materializers.frame import FrameMaterializer
from steps.materializers.schema import SchemaMaterializer

_FRAMES = ("joined_rows", "joined_train_set", "joined_validation_set", "recent_set", "labelled_rows")


@step(
    enable_cache=False,
    output_materializers={"collection": SchemaMaterializer, **dict.fromkeys(_FRAMES, FrameMaterializer)},
)
def collect(
    rows: pd.DataFrame,
    train_set: pd.DataFrame,
    validation_set: pd.DataFrame,
    test_set: pd.DataFrame,
    schema: TableSchema,
    arrays: list[str],
    plan: SplitSpec,
    salt: str,
    production: Production,
    journal_url: str,
    taking: Taking,
    spec: RetrainSpec,
    seed: int,
) -> tuple[
    Annotated[Collection, "collection"],
    Annotated[pd.DataFrame, "joined_rows"],
    Annotated[pd.DataFrame, "joined_train_set"],
    Annotated[pd.DataFrame, "joined_validation_set"],
    Annotated[pd.DataFrame, "recent_set"],
    Annotated[pd.DataFrame, "labelled_rows"],
]:
    """Take what the journal held when the cause was claimed; of the sealed test set only which rows it has counts."""
    most, seconds = spec.rows_or_seconds()
    found = labelled_rows(journal_url, taking.last_label, most, None if seconds is None else taking.as_of - seconds)
    original = Original(
        rows, {"train": train_set, "validation": validation_set, "test": test_set}, schema.problem, arrays
    )
    drawing = Plan(create("split", plan.method), plan.test, plan.validation, plan.by, salt)
    with opened(production) as model:
        done = join_labelled(Found(*found), original, model, production.version, drawing, taking, spec, seed)
    return done.collection, done.rows, done.train, done.validation, done.recent, done.used


@step(enable_cache=False)
def label_gate(collection: Collection, spec: RetrainSpec) -> Annotated[bool, "labels_accepted"]:
    """Stop the run where labels of a source are not believed, or too few rows are left."""
    if collection.refused:
        raise RefusedError(collection.refused, heading="The labels were refused")
    if (why := too_few(collection, spec)) is not None:
        raise RefusedError([why], heading="Too few labels")
    return True
