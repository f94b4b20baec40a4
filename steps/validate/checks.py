"""Step `validate_data`: the declared expectations and the whole-table checks, and the door behind them."""

from typing import Annotated

import pandas as pd
from zenml import step
from zenml.types import HTMLString

from ml.checks.compatibility import incompatibilities, incompatibilities_of
from ml.checks.page import render
from ml.checks.run import check_data
from ml.checks.windows import report_windows
from ml.trainers.baselines import resolve_baseline
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.data_spec import DataSpec
from schemas.errors import ContentError, RefusedError
from schemas.evaluation import DataReport, SeriesReport
from schemas.run import GateSpec, ReviewSpec
from steps.materializers.schema import SchemaMaterializer
from steps.registry import lookup


@step(output_materializers={"data_report": SchemaMaterializer})
def validate_data(
    rows: pd.DataFrame,
    train_set: pd.DataFrame,
    validation_set: pd.DataFrame,
    test_set: pd.DataFrame,
    schema: TableSchema,
    data: DataSpec,
    time: str | None,
    group: str | None,
    series: SeriesReport | None = None,
) -> tuple[Annotated[DataReport, "data_report"], Annotated[HTMLString, "data_page"]]:
    """Run every check and report all of them; nothing is refused here, so that the report is kept.

    `time` and `group` name the column that the split goes by, if it goes by one; `series` is what was found before the
    rows became windows, where they are such.
    """
    if series is None:
        report = check_data(rows, train_set, validation_set, test_set, schema, data, time=time, group=group)
    else:
        sets = {"train": train_set, "validation": validation_set, "test": test_set}
        report = report_windows(rows, sets, schema, series)
    return report, HTMLString(render(report))


@step(enable_cache=False)
def data_gate(
    report: DataReport,
    schema: TableSchema,
    trainer: Choice,
    baseline: Choice,
    metric: str,
    gate: GateSpec,
    review: ReviewSpec | None,
) -> Annotated[bool, "data_accepted"]:
    """Stop the run when a check of severity `fail` did not hold, or the rows are none that the experiment fits."""
    wrong = incompatibilities(schema, lookup("train", trainer.name).tasks, trainer.name, metric, gate, review)
    for block, choice in (("trainer", trainer), ("baseline", resolve_baseline(baseline, schema.problem.task))):
        wrong += incompatibilities_of(block, choice, lookup("train", choice.name), schema)
    if wrong:
        raise ContentError("The experiment does not fit its rows:\n  " + "\n  ".join(wrong))
    if not report.passed:
        failed = [check.message for check in report.checks if check.severity == "fail" and not check.passed]
        raise RefusedError(failed, heading="The data checks refused the rows")
    return True
