"""The types that a column may be declared or found to have."""

from typing import Annotated, Literal, get_args

from pydantic import Field

ScalarType = Literal["number", "boolean", "category", "identifier", "date"]
"""Types whose cells are single values; features of one float matrix are made of them."""
ColumnType = Literal[ScalarType, "text", "tensor", "sequence", "picture"]
TEXT: Literal["text"] = "text"
"""The type of free text, of which words are made."""
ArrayType = Literal["tensor", "sequence", "picture"]
"""Types whose cells are arrays of numbers: any, one of free length, or height, width and channels."""
SCALAR_TYPES: frozenset[ColumnType] = frozenset(get_args(ScalarType))
ARRAY_TYPES: frozenset[ColumnType] = frozenset(get_args(ArrayType))
DType = Literal["float32", "int64", "int32", "uint8", "bool"]
HeldDType = DType | Literal["float64"]
"""That of a column: histories of series keep all digits, until their level is taken out."""
Shape = list[Annotated[int, Field(ge=1)] | None]
"""How long each axis of an array is; None: as long as it comes."""
MOST_AXES = 8
CHANNELS = (1, 3, 4)
"""Of a picture: grey, RGB, RGBA."""
PICTURE_DTYPES = ("uint8", "float32")
TargetMissing = Literal["refuse", "drop"]
Spellings = Literal["keep", "merge"]
DatePart = Literal["year", "month", "weekday", "day", "hour", "days_since_start"]
