"""The components of the OpenAPI document that depend on the current version: its columns and its classes."""

from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from ml.values.tensor_form import form_of
from ml.values.text import ISO, example_of_day, is_time_of_day
from schemas.base import Scalar
from schemas.column_types import TEXT
from schemas.lookups import LookupSpec
from schemas.signature import Input, Output, Signature
from schemas.text import TextForm
from serving.http.json_schema import Json, schema_of
from serving.http.looked_up import with_lookups
from serving.http.models import Explanation, Flag, Label, Prediction, Row, unasked

_NUMBERS = {"float32": "number", "float64": "number", "bool": "boolean"}
_SHOWN, _WORDS = 20, 12  # categories, and words for missing


class _Cells(BaseModel):
    """What a cell of a column of each type may be, beside null."""

    number: float
    integer: int
    boolean: bool | int = Field(description="0 is false, 1 true", json_schema_extra={"enum": [True, False, 0, 1]})
    category: str | float | bool
    identifier: str | float | bool
    date: str = Field(description="ISO 8601, such as 2024-05-31 or 2024-05-31T09:30:00")


class _Forecast(BaseModel):
    """The forecast for one row: when each step is, its value, and the ends of its prediction interval."""

    times: list[str] = Field(description="ISO 8601; hours and minutes of a declared time zone with their UTC offset")
    value: list[float]
    lower: list[float] | None = None
    upper: list[float] | None = None
    naive_error: float | None = Field(
        description="mean absolute difference between points a season apart in the history: errors of series are "
        "comparable when divided by it; null: the history never changes"
    )
    needs_review: bool


class _Value(BaseModel):
    """The prediction of a regression for one row."""

    value: float
    needs_review: bool
    explanation: Explanation = Field(default_factory=unasked)  # absent unless it is asked for
    flags: list[Flag] = Field(default_factory=list)  # absent where there is nothing to tell


def live_schemas(signature: Signature, lookups: Sequence[LookupSpec] = ()) -> dict[str, Json]:
    """Return the schemas of Row, Prediction and Label for a version; lookups give columns that a row leaves out."""
    return {
        "Row": with_lookups(_row(signature), () if signature.arrays else lookups),
        "Prediction": schema_of(_prediction(signature.output)),
        "Label": schema_of(_label(signature.output)),
    }


def _row(signature: Signature) -> Json:
    """Return the schema of a row; not from a model of its own: for a thousand columns pydantic takes 0.3 s."""
    window = signature.window
    kept = {window.time, window.column} if window is not None and window.latest else set()
    ignored = {name: {"description": "left out in training: has no effect"} for name in signature.ignored}
    return schema_of(Row) | {
        "properties": {column.name: _column(column) for column in signature.inputs} | ignored,
        "required": [one.name for one in signature.inputs if not one.nullable and one.name not in kept],
        "additionalProperties": False,
    }


def _column(column: Input) -> Json:
    if column.shape is not None:
        return _array(column)
    if column.type == TEXT:
        return _free_text(column)
    shape = dict(_cells()["integer" if column.integer else column.type])
    what = _written(column) if is_time_of_day(column.format) else shape.get("description")
    notes = [what, *_notes(column)]
    if column.decimal is not None and column.type in ("number", "boolean"):
        shape["type"] = [*([shape["type"]] if isinstance(shape["type"], str) else shape["type"]), "string"]
        shape.pop("enum", None)
    if column.actions is not None and column.actions.out_of_range == "reject":
        shape |= {"minimum": column.actions.low, "maximum": column.actions.high}
    if any(notes):
        shape["description"] = "; ".join(filter(None, notes))
    if column.nullable:
        shape["type"] = [*([shape["type"]] if isinstance(shape["type"], str) else shape["type"]), "null"]
        if "enum" in shape:
            shape["enum"] = [*shape["enum"], None]
    return shape


def _array(column: Input) -> Json:
    """Return nested arrays, the outermost axis first."""
    assert column.shape is not None, "an array has a shape"
    inner: Json = {"type": _NUMBERS.get(column.dtype or "", "integer")}
    if column.dtype == "uint8":
        inner |= {"minimum": 0, "maximum": 255}
    if column.dtype == "float32" and column.type == "picture":
        inner |= {"minimum": 0, "maximum": 1}
    for length in reversed(column.shape):
        inner = {"type": "array", "items": inner, "minItems": length or 1} | (
            {} if length is None else {"maxItems": length}
        )
    notes = [f"{form_of(column)}", *([f"a picture, {column.mode}"] if column.mode else [])]
    return inner | {"description": "; ".join([*notes, *([f"unit {column.unit}"] if column.unit else [])])}


def _free_text(column: Input) -> Json:
    """Return a string of bounded length. JSON Schema counts characters as we do."""
    notes = [f"in {' or '.join(column.languages)}"] if column.languages else []
    shape: Json = {"type": "string", "maxLength": column.max_characters or TextForm().max_characters}
    if column.nullable:
        shape["type"] = ["string", "null"]
    else:
        shape["minLength"] = 1
        notes.append("of one word at least")
    return shape | {"description": "; ".join(["free text", *notes, *_notes(column)])}


@cache
def _cells() -> Json:
    properties: Json = schema_of(_Cells)["properties"]
    return properties


def _notes(column: Input) -> list[str]:
    notes = [f"unit {column.unit}"] if column.unit else []
    if column.range is not None:
        notes.append(f"{column.range[0]:g} to {column.range[1]:g} in training")
    if column.decimal is not None and column.type in ("number", "boolean"):
        notes.append(f"or text, as the rows of training have it{_example(column)}")
    if column.type == "date" and not is_time_of_day(column.format):
        notes += [*([f"or {_written(column)}"] if column.format not in (None, ISO) else []), _zone(column)]
    if words := [repr(word) for word in column.missing or () if word][:_WORDS]:
        notes.append(f"{', '.join(words)} as text: missing")
    if column.categories:
        shown = ", ".join(column.categories[:_SHOWN]) + (" …" if len(column.categories) > _SHOWN else "")
        notes.append(f"seen in training: {shown}; {_others(column)}")
    return notes + _acted(column)


def _others(column: Input) -> str:
    unseen = "accept" if column.actions is None else column.actions.unseen
    return {
        "accept": "others are taken as unknown",
        "flag": "others are taken as unknown and flagged",
        "missing": "others are taken as missing and flagged",
        "reject": "others are refused",
    }[unseen]


def _acted(column: Input) -> list[str]:
    """Return what becomes of numbers out of range, and of a missing value where that is told."""
    actions = column.actions
    if actions is None:
        return []
    told = {"flag": "flagged", "clip": "clipped and flagged", "reject": "refused"}.get(actions.out_of_range)
    notes = [f"outside of {actions.low:.12g} to {actions.high:.12g}: {told}"] if told else []
    return notes + (["without a value it is imputed and flagged"] if actions.missing == "flag" else [])


def _written(column: Input) -> str:
    """Return how the rows of training write the column, with an example where that is a time of day."""
    form = column.format or ISO
    example = f", such as {example_of_day(form)}" if is_time_of_day(form) else ""
    return f"written as {form}, as in training{example}"


def _zone(column: Input) -> str:
    """Return what becomes of UTC offsets."""
    if column.timezone is not None:
        return f"in the time of {column.timezone}; with a UTC offset it is converted"
    if column.offsets is None:
        return "with a UTC offset it becomes UTC"
    return "with its UTC offset" if column.offsets else "without a UTC offset"


def _example(column: Input) -> str:
    if column.type != "number" or (column.decimal == "." and column.thousands in (None, ",")):
        return ""
    whole = f"1{column.thousands}234" if column.thousands else "1234"
    return f": {whole}{column.decimal}5 is 1234.5"


def _prediction(output: Output) -> type[BaseModel]:
    if output.forecast is not None:
        steps = Annotated[list[float], Field(description=output.unit)]
        return create_model("Prediction", __base__=_Forecast, __doc__=_Forecast.__doc__, value=(steps, ...))
    if output.task == "regression":
        value = Annotated[float, Field(description=output.unit)]
        return create_model("Prediction", __base__=_Value, __doc__=_Value.__doc__, value=(value, ...))
    if not output.classes:
        return Prediction
    label = _one_of([*output.classes, None])
    return create_model("Prediction", __base__=Prediction, __doc__=Prediction.__doc__, label=(label, ...))


def _label(output: Output) -> Any:
    if output.forecast is not None:
        return Annotated[list[float | None], Field(description="what came, step after step; null: not measured")]
    if output.task == "regression":
        return Annotated[float, Field(description=output.unit)]
    return _one_of(output.classes) if output.classes else Label


def _one_of(values: Sequence[Scalar | None]) -> Any:
    return Literal[tuple(values)]
