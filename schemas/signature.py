"""What a served model takes and gives: the inputs, the derivations to one float matrix, the outputs."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.actions import Actions, require_whole
from schemas.base import Scalar, Strict, Task
from schemas.column_types import TEXT, ColumnType, DatePart, HeldDType, Shape
from schemas.data import Drawn
from schemas.forecast import Forecast
from schemas.reading import POINT, Dates, Decimal, Marks, TextReading, Thousands

MOST_INPUTS = 10_000
PictureMode = Literal["L", "RGB", "RGBA"]


class Input(Strict):
    """One raw column as seen in training; numbers carry `range`, categories carry `categories`.

    `format` is how the training data wrote a date; requests may write ISO 8601 too. `missing` are the texts that count
    as missing (`inf` and `-inf` for infinite numbers), None in packages of 0.1.0 before they were kept; `decimal` and
    `thousands` are the marks with which text writes numbers, None where text is no number. `numeric`: the labels of a
    category or identifier were numbers. `century`, `timezone`, `offsets`, `shape` and `dtype` are as in
    `schemas.data.Column`; `mode` is what the channels of a picture are, by Pillow's names. `shortest` is how long a
    sequence must be at least. `closed`: a label that training did not have is refused. `max_characters` and
    `languages` are those of a text. `actions`: what is done about values that training did not have; None, as in
    packages from before it could be declared: they are taken.
    """

    name: str
    type: ColumnType
    integer: bool = False
    nullable: bool = False
    range: tuple[float, float] | None = None
    categories: list[str] | None = None
    unit: str | None = None
    format: str | None = None
    missing: list[str] | None = None
    decimal: Decimal | None = None
    thousands: Thousands | None = None
    numeric: bool | None = None
    century: int | None = None
    timezone: str | None = None
    offsets: bool | None = None
    shape: Shape | None = None
    dtype: HeldDType | None = None
    mode: PictureMode | None = None
    shortest: int | None = None
    closed: bool = False
    max_characters: int | None = None
    languages: list[str] | None = None
    actions: Actions | None = None

    @model_validator(mode="after")
    def _actions_are_whole(self) -> Self:
        if self.actions is not None:
            require_whole(self.actions, self.type)
        return self

    @property
    def marks(self) -> Marks:
        """The marks in numbers that text writes."""
        return POINT if self.decimal is None else Marks(self.decimal, self.thousands)

    @property
    def dates(self) -> Dates:
        """How dates are read."""
        return Dates(self.format, self.century, self.timezone or (None if self.offsets else "UTC"))


class NumberDerivation(Strict):
    """The number itself, missing as NaN: one feature."""

    kind: Literal["number"] = "number"
    column: str


class BooleanDerivation(Strict):
    """True 1, false 0, missing NaN: one feature."""

    kind: Literal["boolean"] = "boolean"
    column: str


class CategoryDerivation(Strict):
    """Position in `categories`, -1 for a value not among them; missing is first replaced by `impute`: one feature."""

    kind: Literal["category"] = "category"
    column: str
    categories: list[str]
    impute: str | None = None


class IdentifierDerivation(Strict):
    """Consecutive integers 1..n for `values`, 0 for an unknown or missing one: one feature."""

    kind: Literal["identifier"] = "identifier"
    column: str
    values: list[str]


class DateDerivation(Strict):
    """The declared parts of a date, missing as NaN: one feature a part; `start` is the origin of days_since_start."""

    kind: Literal["date"] = "date"
    column: str
    parts: list[DatePart]
    start: str


class TensorDerivation(Strict):
    """The arrays themselves, of no feature: an array of their own, (rows, *shape), free axes filled up with zeros."""

    kind: Literal["tensor"] = "tensor"
    column: str
    shape: Shape
    dtype: HeldDType


class Latest(Strict):
    """The last points of a series as the source had them when the model was trained, and when the newest was."""

    series: str
    time: str
    points: list[float]


class WindowDerivation(Strict):
    """Features of every step ahead, made of the last points of a series, of the times of the targets and of the series.

    `column` holds the points, `time` when the last of them was; `series` names the series, one of `values`, None where
    there is but one. `scales` are the deviations that windows of each of `values` (of the only series) usually have,
    which a history that stands still is measured by; none: unknown. `latest` is what a row gets that names its series
    alone.
    """

    kind: Literal["window"] = "window"
    column: str
    time: str
    series: str | None = None
    values: list[str] = []
    scales: list[float] = []
    forecast: Forecast
    latest: list[Latest] = []


class TfidfDerivation(Strict):
    """Weights of the words of a text, of no feature: sparse rows of their own, (rows, words), each of length 1.

    `words` are those that count, `idf` the weight of each; up to `ngrams` words in a row are one as well. A word that
    comes n times counts 1 + ln(n) where `sublinear` is true, else n. Missing text has no word. `fewest` and `rival` are
    as in `ml.text.vocabulary.Vocabulary`: which words are among them.
    """

    kind: Literal["tfidf"] = "tfidf"
    column: str
    words: list[str]
    idf: list[float]
    ngrams: int = 1
    sublinear: bool = False
    fewest: int = 2
    rival: str | None = None


class TokensDerivation(Strict):
    """The numbers of a text's first words, of no feature: int32 (rows, length), 0 behind the text's end.

    `words[i]` has the number i + 2, a word that is not among them 1. Missing text has no word. `fewest` and `rival` are
    as in a `TfidfDerivation`.
    """

    kind: Literal["tokens"] = "tokens"
    column: str
    words: list[str]
    length: int = Field(ge=1)
    fewest: int = 2
    rival: str | None = None


TextDerivation = TfidfDerivation | TokensDerivation
"""What is made of a text."""
FeatureDerivation = NumberDerivation | BooleanDerivation | CategoryDerivation | IdentifierDerivation | DateDerivation
"""What gives columns of the float matrix."""
Derivation = Annotated[
    FeatureDerivation | TensorDerivation | TfidfDerivation | TokensDerivation | WindowDerivation,
    Field(discriminator="kind"),
]


class Output(Strict):
    """Task, classes as the data has them, unit, and the thresholds on probabilities.

    `merged`: classes were made one that differ in spelling only, so a label may have any spelling. `forecast` is there
    for a forecast.
    """

    task: Task
    target: str
    classes: list[Scalar] | None = None
    unit: str | None = None
    decision_threshold: float | None = None
    review_threshold: float | None = None
    merged: bool = False
    forecast: Forecast | None = None


class Signature(Strict):
    """The whole interface of the packaged model; `features` names the matrix' columns in order.

    `ignored` are columns of the raw rows that the model was not trained on: they may be sent and have no effect.
    `text` is how the cells of the training rows' text file were read, None of rows with types; `drawn` what columns
    have of their own besides, None in packages from before it was kept.
    """

    inputs: list[Input] = Field(max_length=MOST_INPUTS)
    ignored: list[str] = []
    derivations: list[Derivation]
    features: list[str]
    output: Output
    text: TextReading | None = None
    drawn: Drawn | None = None

    def categories(self) -> dict[str, list[str]]:
        """Return for each category column the values that training knew, in the order of their codes."""
        return {one.column: one.categories for one in self.derivations if isinstance(one, CategoryDerivation)}

    def identifiers(self) -> dict[str, list[str]]:
        """Return for each identifier column the values that training knew, in the order of their codes."""
        found = {one.column: one.values for one in self.derivations if isinstance(one, IdentifierDerivation)}
        windows = [one for one in self.derivations if isinstance(one, WindowDerivation)]
        return found | {one.series: one.values for one in windows if one.series is not None}

    @property
    def arrays(self) -> list[str]:
        """The inputs that are arrays, in order."""
        return [one.column for one in self.derivations if isinstance(one, TensorDerivation | WindowDerivation)]

    @property
    def window(self) -> WindowDerivation | None:
        """What is made of the last points of a series, None of what is no forecast."""
        return next((one for one in self.derivations if isinstance(one, WindowDerivation)), None)

    @property
    def texts(self) -> list[str]:
        """The inputs that are free text, in order."""
        return [one.name for one in self.inputs if one.type == TEXT]

    @property
    def words(self) -> list[TextDerivation]:
        """What is made of each input of free text."""
        return [one for one in self.derivations if isinstance(one, TextDerivation)]

    @property
    def can_flag(self) -> bool:
        """Whether a prediction may have to tell something of a value."""
        return any(one.actions is not None and one.actions.can_flag for one in self.inputs)

    def vocabularies(self) -> dict[str, frozenset[str]]:
        """Return for each input of free text the words that count."""
        return {one.column: frozenset(one.words) for one in self.words}

    def known_values(self) -> dict[str, list[str]]:
        """Return for each column of labels, be they categories or identifiers, the values that training knew."""
        return self.categories() | self.identifiers()
