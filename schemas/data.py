"""What was found of the rows: what is learnt, and the type of every column."""

from typing import Literal

from schemas.actions import Actions
from schemas.base import Scalar, Strict, Task
from schemas.column_types import ColumnType, DatePart, HeldDType, Shape, Spellings
from schemas.forecast import Forecast
from schemas.reading import POINT, Dates, Decimal, Marks, TextReading, Thousands
from schemas.text import TextForm


class Problem(Strict):
    """What is learnt: target, task, and the classes as the data has them (sorted; None for regression)."""

    target: str
    task: Task
    classes: list[Scalar] | None = None
    unit: str | None = None


class Column(Strict):
    """One input column with the type that was declared or inferred, and why.

    `missing` are the texts that count as missing (`inf` and `-inf` for infinite numbers), `decimal` and `thousands` how
    text writes numbers: None where text is no number. `numeric`: the labels of a category or identifier were numbers.
    `century` is the first year that two digits mean, `timezone` where the times are; `offsets` says whether text had
    UTC offsets, None where there was no text, or some had. `gaps` are the rows that count as missing by the text that
    stands there, the empty text for no value. `shape` and `dtype` are those of arrays, `text` is what is said of
    free text; None of all other types. `actions` are what is declared about values that training does not have.
    """

    name: str
    type: ColumnType | Literal["drop"]
    declared: bool
    why: str
    nullable: bool | None = None
    parts: list[DatePart] | None = None
    format: str | None = None
    unit: str | None = None
    missing: list[str] = []
    decimal: Decimal | None = None
    thousands: Thousands | None = None
    numeric: bool | None = None
    century: int | None = None
    timezone: str | None = None
    offsets: bool | None = None
    gaps: dict[str, int] = {}
    shape: Shape | None = None
    dtype: HeldDType | None = None
    text: TextForm | None = None
    actions: Actions | None = None

    @property
    def marks(self) -> Marks:
        """The marks in numbers that text writes."""
        return POINT if self.decimal is None else Marks(self.decimal, self.thousands)

    @property
    def dates(self) -> Dates:
        """How dates are read."""
        return Dates(self.format, self.century, self.timezone or (None if self.offsets else "UTC"))


class Drawn(Strict):
    """How cells were read before the rows were drawn, beside what is the same in all columns of a text file.

    `missing` are the texts that count as missing in the columns that declare their own, `numbers` the columns whose
    text was read as numbers. What a column's type makes of its cells comes after, and changes no row's set.
    """

    missing: dict[str, list[str]] = {}
    numbers: list[str] = []


class TableSchema(Strict):
    """The problem and the type of every input column, in the table's order; `why` is how the task was found.

    `text` is how the cells of a text file were read, None of rows with types; `unlabelled` how many rows were left out
    because they have no target; `merged` the spellings of classes that another one took the place of. `drawn` is None
    where nobody says how cells were read. `forecast` is there where the rows are windows of series.
    """

    problem: Problem
    columns: list[Column]
    why: str = ""
    text: TextReading | None = None
    unlabelled: int = 0
    merged: dict[str, list[str]] = {}
    spellings: Spellings = "keep"
    drawn: Drawn | None = None
    forecast: Forecast | None = None
