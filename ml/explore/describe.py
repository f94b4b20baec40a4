"""The whole look: every figure comes from the training rows; of the others only their number is known here."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.explore import association
from ml.explore.check_results import outcomes
from ml.explore.columns import view
from ml.explore.correlations import correlations, gaps, repeats
from ml.explore.suggest import suggest
from ml.explore.target import Target, read_target
from ml.explore.typed_column import Reading, read
from ml.explore.words import words
from ml.features.summary_columns import with_summaries
from ml.schema_inference.task import infer_problem
from ml.values.counted import counted
from ml.values.display import plain_line
from schemas.data import Problem, TableSchema
from schemas.data_spec import DataSpec
from schemas.evaluation import DataReport
from schemas.exploration import Declaration, Exploration


def describe(
    train: pd.DataFrame, schema: TableSchema, report: DataReport, *, source: str, declared: Declaration
) -> Exploration:
    """Describe the training rows and suggest what an experiment may declare of them; arrays by their summaries.

    Args:
        train: The training rows, at least one.
        schema: The task and the type of every column, as read off all rows.
        report: How the data checks went; they saw all rows, so only its figures are used.
        source: What the data is called.
        declared: What the experiment declares itself.
    """
    problem = schema.problem
    target = read_target(train, problem)
    looked_at, columns = with_summaries(train, schema.columns)
    readings = {column.name: read(looked_at[column.name], column) for column in counted(columns, "reading: column")}
    views = [
        view(looked_at[name], reading, target)
        for name, reading in counted(list(readings.items()), "describing: column")
    ]
    used = {name: reading for name, reading in readings.items() if reading.column.type != "drop"}
    explains = {view.name: view.association for view in views} | {problem.target: math.inf}
    return Exploration(
        name=declared.name,
        source=source,
        sets=report.sets,
        table_rows=report.rows,
        target=problem.target,
        task=problem.task,
        why=_why(train, declared.data, problem),
        unit=problem.unit,
        classes=target.classes,
        target_bars=target.bars,
        target_numbers=target.summary,
        outcomes=outcomes(report, {view.name: view.why for view in views}),
        columns=views,
        measure=association.NUMBERS if target.codes is None else association.CLASSES,
        words=words(train, schema, target),
        correlations=correlations(_numbers(used, target, problem), explains),
        gaps=gaps({name: reading.missing for name, reading in used.items()}, explains),
        repeats=repeats(train, schema),
        suggestion=suggest(train, views, readings, report, declared=declared, schema=schema),
    )


def _numbers(used: dict[str, Reading], target: Target, problem: Problem) -> dict[str, NDArray[np.float64]]:
    found = {
        name: reading.numbers
        for name, reading in used.items()
        if reading.column.type == "number" and reading.numbers is not None
    }
    return found if target.numbers is None else {**found, problem.target: target.numbers}


def _why(train: pd.DataFrame, data: DataSpec, problem: Problem) -> str:
    if data.task != "auto":
        return "declared by the experiment"
    found, why, _ = infer_problem(train[problem.target], data)
    if found is not None and found.task == problem.task:
        return plain_line(why.partition(": ")[2])
    return "read off all rows; the training rows alone would not show it"
