"""Slot `train`: a trained object in its packaged form, checked against the object itself."""

from typing import Annotated

import pandas as pd
from zenml import step

from ml.baselines import resolve_baseline
from ml.draft import build_draft
from ml.fingerprint import frame_digest
from ml.target import make_matrix
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.package import DataRecord, SplitRecord
from schemas.signature import Signature
from steps.artifacts import ModelPackage
from steps.components import create
from steps.materializers.package import PackageMaterializer


@step(output_materializers={"draft": PackageMaterializer})
def train(
    train_set: pd.DataFrame,
    validation_set: pd.DataFrame,
    schema: TableSchema,
    signature: Signature,
    trainer: Choice,
    seed: int,
    name: str,
    label: str,
    plan: SplitRecord,
) -> Annotated[ModelPackage, "draft"]:
    """Fit the chosen trainer on `train_set`; `validation_set` steers early stopping only."""
    trainer = resolve_baseline(trainer, schema.problem.task)
    fitted = create("train", trainer).fit(
        make_matrix(train_set, signature, schema.problem),
        make_matrix(validation_set, signature, schema.problem),
        signature,
        seed=seed,
    )
    draft = ModelPackage.in_scratch()
    data = DataRecord(
        label=label,
        fingerprint=frame_digest(train_set),
        rows={"train": len(train_set), "validation": len(validation_set)},
        split=plan,
    )
    build_draft(
        draft.root,
        fitted=fitted,
        signature=signature,
        train=train_set,
        model=name,
        trainer=trainer,
        seed=seed,
        data=data,
        warnings=fitted.warnings,
    )
    return draft
