"""The table's schema: what is declared, and for the rest what the rows show."""

from typing import Any, Literal

import pandas as pd

from ml.schema_inference.actions import actions_of
from ml.schema_inference.arrays import guess_arrays
from ml.schema_inference.column_types import Guess, guess, read_date_format, refuse_two_digit_years
from ml.schema_inference.task import infer_problem
from ml.validation.examples import examples
from ml.values.canonical import canonical
from ml.values.columns import fits, have_offsets, is_text
from ml.values.counted import counted
from ml.values.tensor import holds_tensors
from ml.values.text import ISO, normal
from ml.values.units import format_hint, quantity_note
from schemas.column_types import ARRAY_TYPES, TEXT, ColumnType
from schemas.data import Column, Drawn, TableSchema
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.errors import ContentError, did_you_mean
from schemas.reading import POINT, Dates, Marks, TextReading, Written
from schemas.signature import MOST_INPUTS
from schemas.text import TEXT_KEYS

_MOST_WORDS = 100
"""Texts of other types that count as missing for ever; beyond, such a text is refused where a row is predicted."""
OF_GROUPS = (
    "the split goes by it: a group's name says nothing about the rows of other groups, and only such are predicted; "
    "declare its type to keep it"
)


def infer_schema(
    frame: pd.DataFrame, spec: DataSpec, group: str | None = None, written: Written | None = None
) -> TableSchema:
    """Return the problem and the type of every input column, in the frame's order.

    Args:
        frame: All rows.
        spec: What is declared of them.
        group: The column that names the groups which the split keeps together; left out unless its type is declared.
        written: How the rows are written, and what was done about their target; None for rows with types as they are.

    Raises:
        ContentError: Naming everything that keeps the rows from being learnt from: a column that is not there, a
            target with gaps, one class, text or infinite values where a number is predicted, dates that can be read in
            two ways.
    """
    written = written or Written()
    text = written.text
    names = [str(name) for name in frame.columns]
    faults = [
        f"there is no column {name!r}{did_you_mean(name, names)}; the columns are {', '.join(map(repr, names))}"
        for name in dict.fromkeys(name for name in [spec.target, spec.time, spec.series, *spec.columns] if name)
        if name not in names
    ]
    if not len(frame):
        raise ContentError("there are no rows")
    problem, why = None, ""
    if spec.target in names:
        problem, why, target_faults = infer_problem(frame[spec.target], spec, POINT if text is None else text.marks)
        faults += target_faults
    columns: list[Column] = []
    for name in counted(names, "inferring types: column"):
        if name == spec.target:
            continue
        try:
            declared = _of_forecast(name, spec) if spec.forecasts else spec.columns.get(name, ColumnSpec())
            found = _column(name, frame[name], declared, name == group, written)
            columns.append(found.model_copy(update=actions_of(found, declared, spec)))
        except ContentError as error:
            faults.append(str(error))
    faults += _number_faults(columns)
    if faults or problem is None:
        raise ContentError("The rows cannot be learnt from:\n" + "\n".join(f"  - {fault}" for fault in faults))
    return TableSchema(
        problem=problem,
        columns=columns,
        why=why,
        text=text,
        spellings=spec.spellings,
        drawn=_drawn(frame, spec, is_from_text=text is not None),
        unlabelled=written.unlabelled,
        merged=written.merged,
    )


def _drawn(frame: pd.DataFrame, spec: DataSpec, *, is_from_text: bool) -> Drawn:
    inputs = [name for name in map(str, frame.columns) if name != spec.target] if is_from_text else []
    numbers = [name for name in inputs if pd.api.types.is_any_real_numeric_dtype(frame[name].dtype)]
    return Drawn(missing=spec.missing, numbers=numbers)


def _number_faults(columns: list[Column]) -> list[str]:
    """Return what is wrong with how many columns are left."""
    kept = sum(column.type != "drop" for column in columns)
    if columns and not kept:
        left_out = "; ".join(f"{column.name!r}: {column.why}" for column in columns)
        return [f"no column is left to learn from: {left_out}"]
    if kept > MOST_INPUTS:
        leave_out = "leave some out with data.columns.NAME.type: drop, or select fewer where the rows come from"
        return [f"{kept:,} columns are left to learn from, a model takes at most {MOST_INPUTS:,}; {leave_out}"]
    return []


def _column(name: str, column: pd.Series, spec: ColumnSpec, is_group: bool, written: Written) -> Column:
    text, kind = written.text, declared_type(spec)
    if kind in ARRAY_TYPES or (kind is None and not is_group and holds_tensors(column)):
        return _arrays(name, column, spec)
    if spec.timezone is not None and not is_text(column):
        raise ContentError(
            f"column {name!r} has data.columns.{name}.timezone, but its values are points in time without a "
            "place; only text that a source gives can be read as the time of one"
        )
    marks = POINT if text is None else text.marks
    if kind is None and is_group:
        found = Guess("drop", OF_GROUPS)
    else:
        found = _declared(name, column, kind, spec, marks) if kind else guess(name, column, marks)
    return Column(
        name=name,
        type=found.type,  # type: ignore[arg-type]
        declared=kind is not None,
        why=found.why,
        nullable=spec.nullable,
        parts=spec.parts if found.type == "date" else None,
        format=found.format,
        unit=spec.unit,
        century=spec.century,
        timezone=spec.timezone,
        offsets=_offsets(column, found),
        text=spec.text if found.type == TEXT else None,
        numeric=found.type in ("category", "identifier") and pd.api.types.is_any_real_numeric_dtype(column.dtype),
        **_reading(column, found, spec, written),
    )


def _of_forecast(name: str, spec: DataSpec) -> ColumnSpec:
    """Return what a column is to a forecast: the time, the series, or nothing."""
    declared = spec.columns.get(name, ColumnSpec())
    kind: ColumnType | Literal["drop"] = "drop"
    if name in (spec.time, spec.series):
        kind = "date" if name == spec.time else "identifier"
    return declared.model_copy(update={"type": declared.type or kind} if kind != "drop" else {"type": kind})


def _arrays(name: str, column: pd.Series, spec: ColumnSpec) -> Column:
    found = guess_arrays(name, column, spec)
    return Column(
        name=name,
        type=found.type,
        declared=spec.type is not None,
        why=found.why,
        nullable=False,
        unit=spec.unit,
        shape=found.shape,
        dtype=found.dtype,
    )


def _reading(column: pd.Series, found: Guess, spec: ColumnSpec, written: Written) -> dict[str, Any]:
    """Return how the text of a column is read: by its file or, of text without one, with a decimal point."""
    text, words = written.text, written.gaps.get(str(column.name), {})
    empty = int(column.isna().sum()) - sum(words.values())
    gaps = {**words, "": words.get("", 0) + empty} if empty > 0 else words
    dates = Dates(found.format, spec.century, spec.timezone or (None if _offsets(column, found) else "UTC"))
    if text is None and not is_text(column):
        wrong = _unreadable(column, found, dates)
        return {"missing": [*(spec.missing or []), *wrong], "gaps": {**gaps, **wrong}}
    declared = [*(text.missing if text and spec.missing is None else spec.missing or [])]
    by_point = TextReading() if text is None else text
    wrong = _unreadable(column, found, dates, by_point.marks)
    missing = dict.fromkeys([*declared, *([""] if text else []), *wrong])
    style = {"decimal": by_point.decimal, "thousands": by_point.thousands}
    return {"missing": list(missing), "gaps": {**gaps, **wrong}, **style}


def _offsets(column: pd.Series, found: Guess) -> bool | None:
    """Return whether times are written with UTC offsets; None where they are no text, or some have one and some not."""
    if found.type != "date" or not is_text(column):
        return None
    if found.format not in (None, ISO):
        return "%z" in found.format
    offsets = have_offsets(column.dropna())
    return bool(offsets.all()) if offsets.all() or not offsets.any() else None


def _unreadable(column: pd.Series, found: Guess, dates: Dates, marks: Marks = POINT) -> dict[str, int]:
    """Return the texts that count as missing because they are not of the column's type, and how many there are."""
    if found.type not in ("number", "boolean", "date"):
        return {}
    wrong = column[~fits(column, found.type, dates, marks)]
    counts = wrong.map(lambda value: normal(value if isinstance(value, str) else canonical(value))).value_counts()
    return {str(word): int(times) for word, times in counts.iloc[:_MOST_WORDS].items()}


def declared_type(spec: ColumnSpec) -> ColumnType | Literal["drop"] | None:
    """Return the type that a declaration states or implies by keys that belong to one type only."""
    if spec.type is None and (spec.parts or spec.format or spec.century or spec.timezone):
        return "date"
    if spec.type is None and (spec.min is not None or spec.max is not None):
        return "number"
    if spec.type is None and any(getattr(spec, key) is not None for key in TEXT_KEYS):
        return TEXT
    return spec.type


def _declared(
    name: str, column: pd.Series, kind: ColumnType | Literal["drop"], spec: ColumnSpec, marks: Marks
) -> Guess:
    if kind == "drop":
        return Guess("drop", "declared")
    form = spec.format
    if kind == "date" and form is None:
        form = read_date_format(name, column, spec.century)
    known = column.dropna()
    if known.empty or not fits(known, kind, Dates(form, spec.century), marks).any():
        shown = examples(known) or "no value at all"
        hint = _hint(name, kind, form, known)
        raise ContentError(f"column {name!r} is declared a {kind}, but none of its values is one: {shown}{hint}")
    if kind == "date" and spec.century is None:
        refuse_two_digit_years(name, known, form)
    return Guess(kind, "declared", form)


def _hint(name: str, kind: str, form: str | None, known: pd.Series) -> str:
    if kind == "date":
        read = f"they were read as {form!r}" if form and form != ISO else "they are not written as ISO 8601"
        return f". {read[0].upper()}{read[1:]}; {format_hint(name, known)}"
    note = quantity_note(known) if kind == "number" else ""
    return f". {note[0].upper()}{note[1:]}" if note else ""
