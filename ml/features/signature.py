"""The signature, fitted on the training rows only: what the model takes, and how cells become features.

Numbers are imputed and scaled, and categories one-hot encoded, inside the model's graph: the trainer fits that. Text is
imputed here, since the graph takes numbers only.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ml.features.bounds import with_bounds
from ml.features.derive import feature_names
from ml.features.series_scales import usual_scales
from ml.features.summaries import summary_names
from ml.features.vocabulary import text_derivation
from ml.predictions.predictor import FEATURES
from ml.text.cells import text_cells
from ml.validation.values import MANY_LISTED
from ml.values.canonical import canonical
from ml.values.columns import Cell, as_cells, as_timestamps
from schemas.column_types import SCALAR_TYPES, ColumnType, DatePart
from schemas.data import Column, TableSchema
from schemas.errors import ContentError
from schemas.forecast import Forecast
from schemas.reading import Dates
from schemas.signature import (
    BooleanDerivation,
    CategoryDerivation,
    DateDerivation,
    Derivation,
    IdentifierDerivation,
    Input,
    NumberDerivation,
    Output,
    PictureMode,
    Signature,
    TensorDerivation,
    WindowDerivation,
)
from schemas.text import TextAs

MAX_CATEGORIES = 50
"""A category's most frequent values get a code of their own; the others are treated as unknown."""
MAX_LISTED = MANY_LISTED
"""A category's values named in the signature, for checks and reports."""
_MODES: dict[int, PictureMode] = {1: "L", 3: "RGB", 4: "RGBA"}
_EPOCH = "1970-01-01T00:00:00"
_DATE_PARTS: list[DatePart] = ["year", "month", "weekday", "day", "days_since_start"]


def fit_signature(train: pd.DataFrame, schema: TableSchema, text_as: TextAs = "tfidf") -> Signature:
    """Return the signature that the training rows give; the schema says each column's type.

    Args:
        train: The training rows with the columns of `schema`; dropped columns are ignored.
        schema: The columns with their types, declared or inferred, and the problem.
        text_as: What is made of texts, as the trainer takes them.

    Raises:
        ContentError: If a name means two things, or no word of a text comes in enough rows to count.
    """
    if schema.forecast is not None:
        return fit_window_signature(train, schema, schema.forecast)
    inputs: list[Input] = []
    derivations: list[Derivation] = []
    for column in schema.columns:
        if column.type == "drop":
            continue
        if column.shape is not None and column.dtype is not None:
            inputs.append(_array_input(column, column.type))
            derivations.append(TensorDerivation(column=column.name, shape=column.shape, dtype=column.dtype))
            continue
        if column.text is not None:
            texts = text_cells(train[column.name])
            inputs.append(_input(column, column.type, texts))
            derivations.append(text_derivation(column.name, column.text, texts, text_as))
        else:
            cells = as_cells(train[column.name], column.type, column.dates, column.marks)
            inputs.append(_input(column, column.type, cells))
            derivations.append(_derivation(column, column.type, cells))
    _require_own_names(inputs)
    return Signature(
        inputs=inputs,
        ignored=[column.name for column in schema.columns if column.type == "drop"],
        derivations=derivations,
        features=[name for derivation in derivations for name in feature_names(derivation)],
        output=_output(schema),
        text=schema.text,
        drawn=schema.drawn,
    )


def fit_window_signature(train: pd.DataFrame, schema: TableSchema, forecast: Forecast) -> Signature:
    """Return the signature of windows: the series that training knew, and what is made of their points."""
    inputs = []
    roles: dict[str, str] = {}
    values: list[str] = []
    codes = np.zeros(len(train), dtype=np.int64)
    for column in schema.columns:
        if column.type == "drop":
            continue
        roles[column.type] = column.name
        if column.shape is not None:
            inputs.append(_array_input(column, column.type).model_copy(update={"shortest": forecast.history}))
            continue
        cells = as_cells(train[column.name], column.type, column.dates, column.marks)
        told = {"closed": column.type == "identifier", "nullable": False}
        inputs.append(_input(column, column.type, cells).model_copy(update=told))
        if column.type == "identifier":
            names = [canonical(cell) for cell in cells if cell is not None]
            values = sorted(set(names))
            codes = np.searchsorted(np.array(values), np.array(names))
    _require_own_names(inputs)
    series = roles.get("identifier")
    forecast = forecast.model_copy(update={"until": _newest(train[roles["date"]], forecast.zone)})
    windows = WindowDerivation(
        column=roles["sequence"],
        time=roles["date"],
        series=series,
        values=values,
        scales=usual_scales(train[roles["sequence"]], train[schema.problem.target], codes),
        forecast=forecast,
    )
    return Signature(
        inputs=inputs,
        ignored=[column.name for column in schema.columns if column.type == "drop"],
        derivations=[windows],
        features=feature_names(windows),
        output=_output(schema).model_copy(update={"forecast": forecast}),
        text=schema.text,
        drawn=schema.drawn,
    )


def _newest(times: pd.Series, zone: str | None) -> str | None:
    """Return the newest time by the clocks of the zone."""
    wall = as_timestamps(times, Dates(zone=zone or "UTC")).to_numpy()
    return None if times.empty else str(np.datetime_as_string(wall.max(), unit="s"))


def _require_own_names(inputs: list[Input]) -> None:
    """Refuse a column that is called as a summary or the lengths of an array are. Raises ContentError."""
    names = {one.name for one in inputs}
    arrays = [one for one in inputs if one.type not in SCALAR_TYPES]
    made = {f"{one.name}.{name}": one.name for one in arrays for name in ("shape", *summary_names(one))}
    wrong = [f"the column {name!r} is called as what is made of {made[name]!r}" for name in made if name in names]
    if FEATURES in {one.name for one in arrays}:
        wrong.append(f"an array or a text must not be called {FEATURES!r}, as the numbers of all other columns are")
    if wrong:
        raise ContentError(f"{'; '.join(wrong)}: rename it where the rows come from")


def _output(schema: TableSchema) -> Output:
    problem = schema.problem
    return Output(
        task=problem.task,
        target=problem.target,
        classes=problem.classes,
        unit=problem.unit,
        merged=schema.spellings == "merge",
    )


def _input(column: Column, kind: ColumnType, cells: Sequence[Cell]) -> Input:
    known = [cell for cell in cells if cell is not None]
    listed = (
        [value for value, _ in Counter(map(canonical, known)).most_common(MAX_LISTED)] if kind == "category" else []
    )
    numbers = np.array(known if kind == "number" else [], dtype=np.float64)
    whole = kind == "number" and bool(known) and all(isinstance(cell, int) for cell in known)
    span = (float(numbers.min()), float(numbers.max())) if numbers.size else None
    return Input(
        name=column.name,
        type=kind,
        integer=whole,
        nullable=len(known) < len(cells) if column.nullable is None else column.nullable,
        range=span,
        categories=sorted(listed) if kind == "category" else None,
        unit=column.unit,
        format=column.format,
        missing=column.missing,
        decimal=column.decimal,
        thousands=column.thousands,
        numeric=column.numeric,
        century=column.century,
        timezone=column.timezone,
        offsets=column.offsets,
        max_characters=None if column.text is None else column.text.max_characters,
        languages=None if column.text is None else column.text.languages,
        actions=with_bounds(column, span, len(listed), whole=whole),
    )


def _array_input(column: Column, kind: ColumnType) -> Input:
    assert column.shape is not None, "an array has a shape"
    mode = _MODES.get(column.shape[-1] or 0) if kind == "picture" else None
    return Input(name=column.name, type=kind, unit=column.unit, shape=column.shape, dtype=column.dtype, mode=mode)


def _derivation(column: Column, kind: ColumnType, cells: list[Cell]) -> Derivation:
    known = [cell for cell in cells if cell is not None]
    match kind:
        case "number":
            return NumberDerivation(column=column.name)
        case "boolean":
            return BooleanDerivation(column=column.name)
        case "category":
            # ties by the value itself, so that the order of the rows does not matter
            ranked = sorted(Counter(map(canonical, known)).items(), key=lambda item: (-item[1], item[0]))
            kept = [value for value, _ in ranked[:MAX_CATEGORIES]]
            return CategoryDerivation(column=column.name, categories=sorted(kept), impute=kept[0] if kept else None)
        case "identifier":
            return IdentifierDerivation(column=column.name, values=sorted(set(map(canonical, known))))
        case "date":
            return _date(column, [str(cell) for cell in known])
        case _:
            raise AssertionError(f"{kind} is no type of single values")


def _date(column: Column, timestamps: list[str]) -> DateDerivation:
    parts = column.parts
    if parts is None:
        timed = any(not timestamp.endswith("T00:00:00") for timestamp in timestamps)
        parts = [*_DATE_PARTS, "hour"] if timed else _DATE_PARTS
    return DateDerivation(column=column.name, parts=parts, start=min(timestamps, default=_EPOCH))
