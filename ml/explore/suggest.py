"""A whole experiment to paste: what the run declared, and what the training rows suggest besides."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ml.explore.suggest_column import as_declared, suggested
from ml.explore.typed_column import Reading
from ml.explore.yaml_text import block
from ml.features.summaries import is_single
from ml.values.display import plain_line
from schemas.code_keys import names_code
from schemas.column_types import TEXT
from schemas.data import Column, Problem, TableSchema
from schemas.data_spec import DataSpec
from schemas.evaluation import DataCheck, DataReport
from schemas.exploration import ColumnView, Declaration
from schemas.metrics import AUTO
from schemas.split_spec import SplitSpec

_EXPECTATIONS = ("type", "nullable", "min", "max", "allowed", "unique")
_SMALL, _LARGE = 400, 2_000_000
"""Rows below which a straight model is suggested; training cells above which trees look at parts of the rows only."""
_MANY_CLASSES = 10
_SUFFIX, _LONGEST_NAME = "_suggested", 63


def suggest(
    train: pd.DataFrame,
    views: Sequence[ColumnView],
    readings: Mapping[str, Reading],
    report: DataReport,
    *,
    declared: Declaration,
    schema: TableSchema,
) -> str:
    """Return the YAML of an experiment that runs as it is; its comments say why each thing is suggested."""
    data, name, problem = declared.data, suggested_name(declared.name), schema.problem
    trainer, params, why = (
        _of_texts(problem) if any(one.type == TEXT for one in schema.columns) else _trainer(views, len(train), problem)
    )
    lines = [
        "# @package _global_",
        f"# What {declared.name} may declare, read off {len(train):,} training rows of {report.rows:,} rows.",
        f"# Save it as DIR/experiment/{name}.yaml, then: python run.py --config-dir=DIR +experiment={name}",
        "defaults:",
        f"  - override /trainer: {trainer}   # {why}",
        "  - override /gate: open   # a first look: every model is let through; default refuses one below the baseline",
        "",
        f"name: {name}   # a model of its own; name: {declared.name} would make it that model's next version",
        *_besides(declared),
        "data:",
        *block({"name": data.source.name, **data.source.params}, indent=2),
        *block({"target": problem.target, "task": problem.task}, indent=2),
        *(block({"unit": data.unit}, indent=2) if data.unit is not None else []),
        *(block(found, indent=2) if (found := _target(data)) else []),
        *_columns(train, views, readings, report, data, schema),
        *_checks(report, data),
        "split:",
        *block(_split(declared.split), indent=2),
        *_by_time(views, declared.split),
        *([] if not params else ["trainer:", *block(params, indent=2)]),
    ]
    return "\n".join(lines) + "\n"


def _target(data: DataSpec) -> dict[str, Any]:
    """Return what is declared of rows without a target and of its spellings."""
    return data.model_dump(mode="json", include={"target_missing", "spellings"}, exclude_defaults=True)


def suggested_name(name: str) -> str:
    """Return a name that is no shipped experiment's: of two with one name it would be a guess which is meant."""
    return name if name.endswith(_SUFFIX) else name[: _LONGEST_NAME - len(_SUFFIX)] + _SUFFIX


def _besides(declared: Declaration) -> list[str]:
    """Return what the experiment declares of metric, baseline and review."""
    declaration: dict[str, Any] = {}
    if declared.metric not in AUTO:
        declaration["metric"] = declared.metric
    if declared.baseline.name != "auto":
        declaration["baseline"] = {"name": declared.baseline.name, **declared.baseline.params}
    if declared.review is not None:
        declaration["review"] = declared.review.model_dump(mode="json", exclude_defaults=True)
    return block(declaration) if declaration else []


def _columns(
    train: pd.DataFrame,
    views: Sequence[ColumnView],
    readings: Mapping[str, Reading],
    report: DataReport,
    data: DataSpec,
    schema: TableSchema,
) -> list[str]:
    broken = {check.column for check in _failed(report) if check.name in _EXPECTATIONS}
    lines: list[str] = []
    large = {column.name: column for column in schema.columns if not is_single(column)}
    by_name = {view.name: view for view in views if view.name in train.columns}
    names = list(dict.fromkeys([*by_name, *large, *data.columns]))
    for name in names:
        if not _keyed(name):
            lines.append(f"    # {plain_line(repr(name), 80)} cannot be a key of a configuration; its type is inferred")
            continue
        if name in data.columns:
            declaration = as_declared(data.columns[name], lenient=name in broken)
            why = "as declared" + ("; it does not hold, so it only warns" if name in broken else "")
        elif name in large:
            declaration = _large(large[name])
            why = plain_line(large[name].why)
        else:
            declaration, why = suggested(train[name], readings[name], by_name[name])
        entry = block({name: declaration}, indent=4, inline=True)
        lines += [*entry[:-1], f"{entry[-1]}   # {why}"]
    head = "  columns:   # bounds lie outside of what was seen; on_violation: warn reports, fail refuses the rows"
    return [head, *lines] if any(not line.lstrip().startswith("#") for line in lines) else []


def _large(column: Column) -> dict[str, Any]:
    """Return what is to be declared of a column of arrays or texts."""
    declaration = column.model_dump(mode="json", include={"type", "shape", "dtype"}, exclude_none=True)
    return declaration if column.text is None else {**declaration, "max_characters": column.text.max_characters}


def _checks(report: DataReport, data: DataSpec) -> list[str]:
    declaration: dict[str, Any] = data.checks.model_dump(mode="json", exclude_defaults=True)
    lowered = sorted({check.name for check in _failed(report)} & type(data.checks).model_fields.keys())
    for name in lowered:
        declaration[name] = {**declaration.get(name, {}), "severity": "warn"}
    notes = dict.fromkeys(lowered, "does not hold in these rows, so it only warns")
    if "rows" not in declaration:
        declaration["rows"] = {"min": max(1, report.rows // 2), "severity": "fail"}
        notes["rows"] = "half of today's rows: a delivery cut short is refused"
    lines = ["  checks:"]
    for name, keys in declaration.items():
        (line,) = block({name: keys}, indent=4, inline=True)
        lines.append(line + (f"   # {notes[name]}" if name in notes else ""))
    return lines


def _failed(report: DataReport) -> list[DataCheck]:
    return [check for check in report.checks if not check.passed and check.severity == "fail"]


def _split(split: SplitSpec) -> dict[str, Any]:
    declaration = {"name": split.method.name, **split.method.params, "test": split.test, "validation": split.validation}
    return declaration | {key: value for key in ("by", "salt") if (value := getattr(split, key)) is not None}


def _by_time(views: Sequence[ColumnView], split: SplitSpec) -> list[str]:
    dated = next((view.name for view in views if view.type == "date" and not view.missing), None)
    if dated is None or split.by is not None:
        return []
    (line,) = block({"by": dated}, inline=True)
    return [f"  # the rows are dated: name: time and {line} would test on the newest ones, as in use"]


def _trainer(views: Sequence[ColumnView], rows: int, problem: Problem) -> tuple[str, dict[str, Any], str]:
    """Return a trainer's name, its parameters and the reason for it."""
    used = [view for view in views if view.type != "drop"]
    if problem.classes is not None and len(problem.classes) > _MANY_CLASSES:
        params: dict[str, Any] = {"n_estimators": 100, "min_samples_leaf": 3}
        return "random_forest", params, f"{len(problem.classes)} classes: boosting would grow as many trees a round"
    if rows < _SMALL and all(view.type in ("number", "boolean") for view in used):
        straight = "ridge" if problem.classes is None else "logistic_regression"
        params = {} if problem.classes is None else {"max_iter": 1000}
        return straight, params, "few rows of numbers: a straight model varies least"
    if rows * len(used) > _LARGE:
        params = {"subsample": 0.5, "max_features": "sqrt"}
        return "gradient_boosting", params, "many rows: each tree looks at half of them and at a few columns"
    return "gradient_boosting", {}, "numbers and categories together, no scale to choose; try random_forest beside it"


def _of_texts(problem: Problem) -> tuple[str, dict[str, Any], str]:
    if problem.classes is None:
        return "ridge", {}, "a weight for each word; keras_text beside it sees words in their order"
    return (
        "logistic_regression",
        {"C": 10, "max_iter": 1000},
        "a weight for each word; keras_text beside it sees words in their order",
    )


def _keyed(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return not names_code(name)
