"""What an experiment declares of its rows: where they come from, the columns, what is expected of them."""

from typing import Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import Field, field_validator, model_validator

from schemas.actions import ACTION_KEYS, ActionKeys, require_fitting_actions
from schemas.base import Scalar, Strict, Task
from schemas.choice import Choice
from schemas.column_names import composed
from schemas.column_types import (
    ARRAY_TYPES,
    CHANNELS,
    MOST_AXES,
    PICTURE_DTYPES,
    TEXT,
    ColumnType,
    DatePart,
    DType,
    Shape,
    Spellings,
    TargetMissing,
)
from schemas.forecast import SHORTEST_HISTORY
from schemas.frequency import parse_frequency
from schemas.table_checks import TableChecks
from schemas.text import TEXT_KEYS, Language, MaxCharacters, MaxTokens, MaxWords, Ngrams, TextForm


class ColumnSpec(ActionKeys):
    """One column's declaration under `data.columns`; what is not declared is inferred."""

    type: ColumnType | Literal["drop"] | None = Field(default=None, description="null: inferred; drop leaves it out")
    nullable: bool | None = Field(
        default=None, description="whether a request may leave it out; null: if a training row does"
    )
    min: float | None = Field(default=None, description="smallest number expected")
    max: float | None = Field(default=None, description="largest number expected")
    allowed: list[Scalar] | None = Field(default=None, min_length=1, description="the only values expected")
    unique: bool = Field(default=False, description="whether no value may come twice")
    parts: list[DatePart] | None = Field(
        default=None, min_length=1, description="what of a date the model gets; null: all but the hour of mere days"
    )
    format: str | None = Field(default=None, min_length=2, description="how a date is written, %d/%m/%Y; else ISO 8601")
    missing: list[str] | None = Field(
        default=None, description="texts that mean that a value is missing; null: as the source says, [] none"
    )
    century: int | None = Field(
        default=None, ge=1, le=9900, description="first of the hundred years that two digits mean: 1950 is 1950 to 2049"
    )
    timezone: str | None = Field(
        default=None, description="place whose time the hours are, Europe/Berlin; times with a UTC offset are converted"
    )
    shape: Shape | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_AXES,
        description="axes of a tensor, sequence or picture (height, width, channels); null: an axis of any length",
    )
    dtype: DType | None = Field(default=None, description="of the numbers of a tensor, a sequence or a picture")
    max_characters: MaxCharacters | None = Field(
        default=None, description="of a text, at most; longer ones are refused; null: 10000"
    )
    languages: list[Language] | None = Field(
        default=None, min_length=1, description="ISO 639 codes of the only languages of a text taken; null: any, untold"
    )
    max_words: MaxWords | None = Field(
        default=None, description="words of a text that count: those in most training rows; null: 20000"
    )
    min_rows: int | None = Field(default=None, ge=1, description="training rows that have a word that counts; null: 2")
    ngrams: Ngrams | None = Field(
        default=None, description="up to so many words in a row count as one too (not for keras_text); null: 1"
    )
    sublinear: bool | None = Field(
        default=None, description="whether a word that comes n times counts 1 + ln(n), else n; null: true"
    )
    max_tokens: MaxTokens | None = Field(
        default=None, description="words of a text that keras_text sees, from its beginning; null: 256"
    )
    unit: str | None = Field(default=None, description="for reports and the service's documentation")
    on_violation: Literal["warn", "fail"] = Field(default="fail", description="what a broken expectation does")

    @field_validator("timezone")
    @classmethod
    def _is_a_place(cls, name: str | None) -> str | None:
        if name is not None and name not in available_timezones():
            raise ValueError(f"{name!r} is no time zone of the IANA database, such as Europe/Berlin or UTC")
        return name

    @model_validator(mode="after")
    def _keys_fit_the_type(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        if self.parts is not None and self.type not in (None, "date"):
            raise ValueError(f"parts belong to a date, but the type declared is {self.type!r}")
        for key in ("format", "century", "timezone"):
            if getattr(self, key) is not None and self.type not in (None, "date"):
                raise ValueError(f"{key} belongs to a date, but the type declared is {self.type!r}")
        if (self.min is not None or self.max is not None) and self.type not in (None, "number"):
            raise ValueError(f"min and max belong to a number, but the type declared is {self.type!r}")
        return self

    @model_validator(mode="after")
    def _shape_fits_the_type(self) -> Self:
        for key in ("shape", "dtype"):
            if getattr(self, key) is not None and self.type not in ARRAY_TYPES:
                raise ValueError(f"{key} belongs to a tensor, a sequence or a picture: declare its type")
        if (
            self.type == "picture"
            and self.shape is not None
            and (len(self.shape) != 3 or self.shape[2] not in CHANNELS)
        ):
            raise ValueError(
                f"the shape of a picture is [height, width, channels], of 1, 3 or 4 channels, not {self.shape}; other "
                "arrays are of type tensor"
            )
        if self.type == "picture" and self.dtype not in (None, *PICTURE_DTYPES):
            raise ValueError(f"a picture is of dtype uint8 (0 to 255) or float32 (0 to 1), not {self.dtype}")
        if self.type == "sequence" and self.shape is not None and self.shape[0] is not None:
            raise ValueError(f"the first axis of a sequence is its length, which is free: [null, …], not {self.shape}")
        return self

    @model_validator(mode="after")
    def _arrays_have_no_single_values(self) -> Self:
        if self.type not in ARRAY_TYPES:
            return self
        if self.nullable:
            raise ValueError(f"nullable: every row needs its array, so that a {self.type} cannot be left out")
        for key in ("missing", "allowed"):
            if getattr(self, key) is not None:
                raise ValueError(f"{key} belongs to single values, but the type declared is {self.type!r}")
        return self

    @property
    def text(self) -> TextForm:
        """What a column of free text takes, with defaults for what is not declared."""
        return TextForm.declared({key: getattr(self, key) for key in TEXT_KEYS})

    @model_validator(mode="after")
    def _actions_fit_the_type(self) -> Self:
        require_fitting_actions(self, self.type, nullable=self.nullable)
        return self

    @model_validator(mode="after")
    def _words_belong_to_text(self) -> Self:
        for key in sorted(TEXT_KEYS):
            if getattr(self, key) is not None and self.type not in (None, TEXT):
                raise ValueError(f"{key} belongs to a text, but the type declared is {self.type!r}")
        return self


HISTORY = "history"
"""The column of windows that holds the last points of a series."""


class TargetReading(Strict):
    """The column to predict, and what is done about rows without it and about classes that differ in spelling only."""

    name: str
    missing: TargetMissing = "refuse"
    spellings: Spellings = "keep"


class DataSpec(ActionKeys):
    """Where the rows come from (`source`), what is predicted, and what the rows must satisfy."""

    source: Choice
    target: str = Field(description="the column to predict")
    target_missing: TargetMissing = Field(
        default="refuse", description="what becomes of rows whose target is not known; drop leaves them out and says so"
    )
    spellings: Spellings = Field(
        default="keep", description="merge: classes that differ in case, blanks or the form of letters are one"
    )
    task: Task | Literal["auto", "classification"] = Field(
        default="auto", description="auto: text, booleans and whole numbers with at most 10 values are classes"
    )
    unit: str | None = Field(default=None, description="of the target, for a regression or a forecast")
    time: str | None = Field(default=None, description="of a forecast: the column that says when a row was")
    series: str | None = Field(default=None, description="of a forecast: the column that names the series; null: one")
    horizon: int | None = Field(
        default=None, ge=1, le=1_000, description="the next so many points are forecast; null: this is no forecast"
    )
    frequency: str | None = Field(
        default=None,
        description="minute, hour, day, week, month, quarter, year, 15 minutes; null: as most rows have it",
    )
    history: int | None = Field(
        default=None,
        ge=SHORTEST_HISTORY,
        le=10_000,
        description="last points that a forecast looks at; null: several seasons",
    )
    interval: float = Field(
        default=0.9, gt=0, lt=1, description="share of the targets that prediction intervals are to cover"
    )
    windows: int = Field(
        default=20_000,
        ge=100,
        description="most origins of all series together that teach, and that validate; thinned evenly",
    )
    columns: dict[str, ColumnSpec] = Field(default={}, description="declarations by column; in YAML only")
    checks: TableChecks = Field(default=TableChecks(), description="checks of the whole table")

    @field_validator("target", "time", "series")
    @classmethod
    def _composed(cls, name: str | None) -> str | None:
        return None if name is None else composed(name)

    @field_validator("columns")
    @classmethod
    def _names_are_composed(cls, columns: dict[str, ColumnSpec]) -> dict[str, ColumnSpec]:
        return {composed(name): spec for name, spec in columns.items()}

    @field_validator("frequency")
    @classmethod
    def _is_a_frequency(cls, text: str | None) -> str | None:
        return None if text is None else str(parse_frequency(text))

    @model_validator(mode="before")
    @classmethod
    def _a_horizon_asks_for_a_forecast(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("horizon") is not None and given.get("task", "auto") == "auto":
            return {**given, "task": "forecast"}
        return given

    @model_validator(mode="after")
    def _forecasts_have_a_time_and_a_horizon(self) -> Self:
        if self.horizon is None:
            named = [key for key in ("time", "series", "frequency", "history") if getattr(self, key) is not None]
            if named or self.task == "forecast":
                raise ValueError(
                    f"{' and '.join(named) or 'task: forecast'} belongs to a forecast: declare its horizon"
                )
            return self
        self._require_no_actions()
        if self.time is None:
            raise ValueError("horizon: a forecast needs the column that says when a row was: declare time")
        if self.task != "forecast":
            raise ValueError(f"horizon belongs to a forecast, but task is {self.task}; leave it out")
        if len({self.target, self.time, self.series}) < 3:
            raise ValueError("target, time and series are three columns")
        if taken := [key for key in ("target", "time", "series") if getattr(self, key) == HISTORY]:
            raise ValueError(
                f"{taken[0]}: a forecast calls the last points of a series {HISTORY!r}, so no other column of it can "
                "be called so; give the column another name (SQL: AS)"
            )
        return self

    def _require_no_actions(self) -> None:
        for name, keys in (("", self), *((f"columns.{name}.", column) for name, column in self.columns.items())):
            if given := [key for key in ACTION_KEYS if getattr(keys, key) is not None]:
                raise ValueError(f"{name}{given[0]} belongs to rows of a table, and this is a forecast: leave it out")

    @property
    def forecasts(self) -> bool:
        """Whether the next points of series are asked for."""
        return self.horizon is not None

    @property
    def reading(self) -> TargetReading:
        """How the target is read."""
        return TargetReading(name=self.target, missing=self.target_missing, spellings=self.spellings)

    @property
    def arrays(self) -> list[str]:
        """The columns declared to hold arrays, which a text file or a database keeps as JSON."""
        return [name for name, spec in self.columns.items() if spec.type in ARRAY_TYPES]

    @property
    def missing(self) -> dict[str, list[str]]:
        """The texts that mean a missing value, of each column that declares them."""
        return {name: spec.missing for name, spec in self.columns.items() if spec.missing is not None}
