"""What a person should hear of the data: the types that were inferred, what was left out, which checks only warn."""

from collections import Counter
from pathlib import Path
from typing import Any

from pipelines.execution.column_notes import column_lines
from schemas.data import Column, TableSchema
from schemas.evaluation import DataReport
from schemas.plan import Observer


def note_data_report(outcome: Any, observer: Observer, page: Path) -> None:
    """Note what the run's data report holds, as far as the run got, and put its page where a person finds it."""
    report: DataReport | None = outcome.output("validate_data", "data_report")
    if report is None:
        return
    observer.note(f"data report: {outcome.page('validate_data', 'data_page', page)}")
    schema: TableSchema | None = outcome.output("infer_schema", "schema")
    if schema is not None and schema.why:
        observer.note(f"task: {schema.why}")
    observer.note(f"columns: {_types(report.columns)}")
    for line in column_lines(report.columns, report.rows):
        observer.note(line)
    for column in report.columns:
        if column.type == "drop" and not column.declared:
            observer.note(f"left out: {column.name}: {column.why}")
    for check in report.checks:
        if not check.passed and check.severity == "warn" and check.name != "dropped":
            observer.note(f"warning: {check.message}")


def _types(columns: list[Column]) -> str:
    kept = [column for column in columns if column.type != "drop"]
    return ", ".join(f"{count} {kind}" for kind, count in Counter(column.type for column in kept).most_common())
