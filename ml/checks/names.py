"""Columns whose names keep a table of such rows from being predicted."""

from ml.predictions.table import prediction_names
from schemas.data import TableSchema
from schemas.evaluation import DataCheck
from schemas.signature import Output


def check_names(schema: TableSchema) -> list[DataCheck]:
    """Return a warning for each column that has the name of a column of the predictions."""
    problem = schema.problem
    output = Output(task=problem.task, target=problem.target, classes=problem.classes)
    flags = any(one.actions is not None and one.actions.can_flag for one in schema.columns)
    reserved = {
        name.casefold() for name in prediction_names(output, flags=flags)
    }  # databases take names that differ in case for one
    return [
        DataCheck(
            name="names",
            column=column.name,
            severity="warn",
            passed=False,
            value=None,
            message=f"column {column.name!r} has the name of a column of the predictions: a table with both cannot be "
            "written, so batches of such rows are refused; rename it",
        )
        for column in schema.columns
        if column.name.casefold() in reserved
    ]
