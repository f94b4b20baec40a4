"""What the rows must satisfy before a model is trained on them: declared expectations and checks of the whole table."""

import pandas as pd

from ml.checks.ceiling import check_ceiling, find_ceiling
from ml.checks.drift import check_split_drift
from ml.checks.expectations import check_expectations
from ml.checks.leakage import check_leakage
from ml.checks.names import check_names
from ml.checks.sets import check_classes, check_left_out
from ml.checks.table import check_balance, check_duplicates, check_missing, check_rows
from ml.checks.target import check_target
from ml.checks.texts import check_texts
from ml.checks.types import check_types
from ml.features.summary_columns import with_summaries
from schemas.data import TableSchema
from schemas.data_spec import DataSpec
from schemas.evaluation import DataReport

__all__ = ["check_data"]


def check_data(
    rows: pd.DataFrame,
    train: pd.DataFrame,
    validation: pd.DataFrame,
    test: pd.DataFrame,
    schema: TableSchema,
    spec: DataSpec,
    *,
    time: str | None = None,
    group: str | None = None,
) -> DataReport:
    """Run every check that is not off and report all of them.

    Args:
        rows: All rows.
        train: The rows to train on.
        validation: The rows that early stopping and sweeps look at.
        test: The rows that the gate looks at; the three sets are `rows` as they were split.
        schema: The type of every column, declared or inferred.
        spec: The declared expectations, and for each whole-table check its bound and severity.
        time: The column of timestamps that the rows were split by, if they were.
        group: The column whose equal values share a set, if one does.
    """
    ceiling = find_ceiling(rows, schema)
    sets = {"train": train, "validation": validation, "test": test}
    looked_at = {name: with_summaries(one, schema.columns)[0] for name, one in sets.items()}
    compared = schema.model_copy(update={"columns": with_summaries(train.head(0), schema.columns)[1]})
    checks = [
        *check_expectations(rows, schema, spec),
        *check_types(rows, schema, spec),
        *check_target(schema),
        *check_names(schema),
        *check_rows(rows, spec.checks.rows),
        *check_balance(rows, schema.problem, spec.checks.target_balance),
        *check_classes(sets, schema.problem),
        *check_left_out(len(rows), sets),
        *check_duplicates(rows, schema, spec.checks.duplicates),
        *check_missing(rows, schema, spec.checks.missing),
        *check_ceiling(ceiling, schema.problem.target),
        *check_texts(sets, schema, spec),
        *check_leakage(train, schema, spec.checks.leakage, group),
        *check_split_drift(looked_at, compared, spec.checks.split_drift, time=time, group=group),
    ]
    passed = all(check.passed or check.severity != "fail" for check in checks)
    return DataReport(
        passed=passed,
        rows=len(rows),
        sets={"train": len(train), "validation": len(validation), "test": len(test)},
        columns=schema.columns,
        checks=checks,
        ceiling=ceiling,
    )
