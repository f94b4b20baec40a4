"""Step `train`: a trained object in its packaged form, checked against the object itself."""

from typing import Annotated

import pandas as pd
from zenml import get_step_context, step

from ml.features.matrix import make_matrix
from ml.package.build import UNNAMED, build_candidate
from ml.predictions.abstention import choose
from ml.predictions.predictions import predictions_of
from ml.split.origin_places import newest_seen
from ml.split.timestamps import newest
from ml.trainers.baselines import resolve_baseline
from ml.trainers.forecast.stacked import fit_forecast
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.errors import ContentError
from schemas.package import DataRecord
from schemas.run import PackageSpec, ReviewSpec
from schemas.signature import Signature
from schemas.split_spec import Ordered
from steps.artifacts import ModelPackage
from steps.components import create
from steps.materializers.package import PackageMaterializer


@step(output_materializers={"candidate": PackageMaterializer})
def train(
    train_set: pd.DataFrame,
    validation_set: pd.DataFrame,
    schema: TableSchema,
    signature: Signature,
    trainer: Choice,
    seed: int,
    ordered: Ordered | None,
    review: ReviewSpec | None,
    bounds: PackageSpec,
) -> Annotated[ModelPackage, "candidate"]:
    """Fit the chosen trainer on `train_set`; `validation_set` steers early stopping and the review threshold only."""
    trainer = resolve_baseline(trainer, schema.problem.task)
    validation = make_matrix(validation_set, signature, schema.problem)
    learnt = make_matrix(train_set, signature, schema.problem)
    if schema.forecast is None:
        fitted = create("train", trainer).fit(learnt, validation, signature, seed=seed)
    else:
        fitted, signature = fit_forecast(create("train", trainer), learnt, validation, signature, seed=seed)
    reviewed = None
    if review is not None:
        reviewed = choose(review, validation.target, predictions_of(fitted, validation.cells, validation.all_arrays))
    candidate = ModelPackage.in_scratch()
    build_candidate(
        candidate.root,
        fitted=fitted,
        signature=signature,
        train=train_set,
        model=UNNAMED.model,
        trainer=trainer,
        seed=seed,
        data=_seen(train_set, validation_set, schema, ordered),
        review=reviewed,
        package=bounds,
    )
    return candidate


def _seen(
    train_set: pd.DataFrame, validation_set: pd.DataFrame, schema: TableSchema, ordered: Ordered | None
) -> DataRecord:
    """Return which rows a model has seen; the test set is none of them."""
    return DataRecord(
        label=UNNAMED.label,
        fingerprint=_stored_digest("train_set"),
        rows={"train": len(train_set), "validation": len(validation_set)},
        split=UNNAMED.split,
        newest=_newest([train_set, validation_set], schema, ordered),
    )


def _newest(sets: list[pd.DataFrame], schema: TableSchema, ordered: Ordered | None) -> str | None:
    """Return up to when the rows go; of windows the point before their last target: later origins saw it beforehand."""
    if ordered is None:
        return None
    if schema.forecast is not None:
        return newest_seen(pd.concat(sets, ignore_index=True), ordered.by, schema.forecast)
    return newest(sets, ordered, schema)


def _stored_digest(table: str) -> str:
    """Return the digest of an input table, which was computed when the table was stored."""
    stored = get_step_context().inputs[table][0].content_hash
    if stored is None:
        raise ContentError(f"the artifact store keeps no digest of {table}")
    return stored
