"""What an experiment declares of a delimited text file."""

from typing import Literal

from pydantic import Field

from schemas.base import Strict

MISSING = ["", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "#N/A"]


class CsvParams(Strict):
    """Where the file is and how it is written. `auto` looks at the file; cells are stripped of surrounding blanks."""

    path: str = Field(min_length=1, description="path or fsspec URL; .gz, .bz2, .xz and .zip are decompressed")
    separator: str = Field(default="auto", description="auto, or one character")
    encoding: str = Field(default="auto", description="auto: UTF-8, or UTF-16 with a byte order mark")
    decimal: Literal["auto", ".", ","] = Field(default="auto", description="auto: what all columns of numbers agree on")
    thousands: Literal[",", ".", " ", "'", "_"] | None = Field(
        default=None, description="null: comma or point where the file leaves no doubt"
    )
    comment: str | None = Field(default=None, description="one character; lines that start with it are skipped")
    skip_lines: int = Field(default=0, ge=0, description="lines above the header: titles, dates of a report")
    skip_end: int = Field(default=0, ge=0, description="lines below the rows that are not empty: totals, notes")
    missing: list[str] = Field(default=MISSING, description="texts that mean that a value is missing")
