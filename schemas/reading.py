"""How text is read: what the cells of a text file mean, and a string in a request to a model that learnt from one."""

from typing import Literal, NamedTuple

from schemas.base import Strict

Decimal = Literal[".", ","]
Thousands = Literal[",", ".", " ", "'", "_"]


class Marks(NamedTuple):
    """The marks in numbers that text writes; None: there is none between thousands."""

    decimal: Decimal
    thousands: Thousands | None


POINT = Marks(".", None)
"""As programs write numbers."""


class Dates(NamedTuple):
    """How dates and times are read.

    `form` is a strptime form, None ISO 8601 alone; `century` the first year that two digits mean (1950: 1950 to 2049),
    None as Python has it; `zone` what times with a UTC offset are converted to, None: they keep the wall time of their
    own offset.
    """

    form: str | None = None
    century: int | None = None
    zone: str | None = "UTC"


IN_UTC = Dates()
"""ISO 8601, in UTC."""


class TextReading(Strict):
    """Which texts mean that a value is missing, and with which marks numbers are written."""

    missing: list[str] = []
    decimal: Decimal = "."
    thousands: Thousands | None = None

    @property
    def marks(self) -> Marks:
        """The marks in numbers."""
        return Marks(self.decimal, self.thousands)


class Written(Strict):
    """How a source's rows are written, and what was done about their target.

    `text` is None where values have types of their own; `gaps` counts the texts that count as missing, by column;
    `unlabelled` and `merged` are as in `TableSchema`.
    """

    text: TextReading | None = None
    gaps: dict[str, dict[str, int]] = {}
    unlabelled: int = 0
    merged: dict[str, list[str]] = {}
