"""Rules that people write: ordered if-then-else conditions on raw columns, in a configuration and in `rules.json`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from schemas.base import Scalar, Strict
from schemas.column_names import composed
from schemas.column_types import ColumnType
from schemas.patterns import pattern_fault

Bound = Annotated[float, Field(strict=True, allow_inf_nan=False)] | str
Operator = Literal[
    "above", "at_least", "below", "at_most", "equals", "not_equals", "in", "not_in", "missing", "matches"
]
OPERATORS: tuple[Operator, ...] = get_args(Operator)
BOUNDS: tuple[Operator, ...] = ("above", "at_least", "below", "at_most")
_EXACT = 2**53
_YAML = "YAML reads an unquoted yes, no, on or off as true or false"


class Condition(Strict):
    """A comparison of one column, or `all` or `any` of several conditions.

    A comparison has one operator, or a lower and an upper bound. With a missing value it is false, whatever the
    operator; only `missing` sees those.
    """

    all: list["Condition"] | None = Field(default=None, description="conditions that must all hold")
    any: list["Condition"] | None = Field(default=None, description="conditions of which one must hold")
    column: str | None = Field(default=None, description="the raw column that is compared")
    above: Bound | None = Field(default=None, description="a number, or a date as ISO 8601 text")
    at_least: Bound | None = Field(default=None, description="a number, or a date as ISO 8601 text")
    below: Bound | None = Field(default=None, description="a number, or a date as ISO 8601 text")
    at_most: Bound | None = Field(default=None, description="a number, or a date as ISO 8601 text")
    equals: Scalar | None = Field(default=None, description="the value itself")
    not_equals: Scalar | None = Field(default=None, description="any other value, but not a missing one")
    in_: list[Scalar] | None = Field(default=None, alias="in", description="one of these values")
    not_in: list[Scalar] | None = Field(default=None, description="none of these values, and not a missing one")
    missing: bool | None = Field(default=None, description="true: there is no value; false: there is one")
    matches: str | None = Field(default=None, description="a regular expression, searched in the first 500 characters")

    @field_validator("all", "any", "in_", "not_in")
    @classmethod
    def _holds_something(cls, items: list[Any] | None) -> list[Any] | None:
        if items is not None and not items:
            raise ValueError("is empty; name at least one, or leave the condition out")
        return items

    @field_validator("column", mode="before")
    @classmethod
    def _is_a_name(cls, column: Any) -> Any:
        if isinstance(column, bool):
            raise ValueError(f"{str(column).lower()} is no column's name; {_YAML}: quote it")
        return composed(column) if isinstance(column, str) else column

    @field_validator(*BOUNDS, mode="before")
    @classmethod
    def _is_a_number_or_a_date(cls, bound: Any) -> Any:
        what = "neither a number nor a date in ISO 8601, such as '2026-01-31'"
        if isinstance(bound, bool):
            raise ValueError(f"{str(bound).lower()} is {what}; {_YAML}")
        if isinstance(bound, str) and timestamp(bound) is None:
            hint = f"; write {bound} without quotes" if _is_number(bound) else ""
            raise ValueError(f"{bound!r} is {what}{hint}")
        return bound

    @field_validator("equals", "not_equals", "in_", "not_in")
    @classmethod
    def _is_exact(cls, value: Any) -> Any:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, int) and abs(one) > _EXACT:
                raise ValueError(f"{one} is too long a number to be compared exactly; quote it where it is an id")
        return value

    @field_validator("matches")
    @classmethod
    def _is_a_pattern(cls, pattern: str | None) -> str | None:
        fault = None if pattern is None else pattern_fault(pattern)
        if fault:
            raise ValueError(f"{pattern!r} {fault}")
        return pattern

    @field_validator("equals", "not_equals", "in_", "not_in", *BOUNDS, mode="before")
    @classmethod
    def _is_a_value(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("null is no value to compare with; a missing value is asked for by missing: true")
        return value

    @model_validator(mode="after")
    def _decides_one_thing(self) -> Self:
        kinds = [name for name in ("all", "any", "column") if getattr(self, name) is not None]
        operators = self.operators()
        if len(kinds) > 1:
            raise ValueError(f"has {' and '.join(kinds)}; it takes one of all, any, column")
        if not kinds:
            what = f"compares ({', '.join(operators)}), but names no column" if operators else "is empty"
            raise ValueError(f"{what}; it takes all, any, or column with one operator: {', '.join(OPERATORS)}")
        if kinds != ["column"] and operators:
            raise ValueError(
                f"has {kinds[0]} and {', '.join(operators)}; put the comparison into the list, as one more"
            )
        if kinds == ["column"]:
            _require_one_comparison(operators)
        return self

    def operators(self) -> dict[Operator, Any]:
        """Return the operators given, with what each compares with."""
        values = ((name, getattr(self, "in_" if name == "in" else name)) for name in OPERATORS)
        return {name: value for name, value in values if value is not None}

    def points(self) -> list[Scalar]:
        """Return the values that a cell is asked to equal, or not to equal."""
        given = [self.equals, self.not_equals, *(self.in_ or []), *(self.not_in or [])]
        return [value for value in given if value is not None]

    def leaves(self, path: str) -> Iterator[tuple[str, "Condition"]]:
        """Yield every comparison of a column with its key path; `path` is this condition's own."""
        if self.column is not None:
            yield path, self
        for key, parts in (("all", self.all), ("any", self.any)):
            for position, part in enumerate(parts or []):
                yield from part.leaves(f"{path}.{key}[{position}]")


class Rule(Strict):
    """If the condition holds, the prediction; the first rule that holds decides."""

    when: Condition = Field(description="the condition")
    then: Scalar | None = Field(default=None, description="the class predicted, as the data has it")
    abstain: bool | None = Field(default=None, description="true: predict nothing and route the row to review")

    @field_validator("then", mode="before")
    @classmethod
    def _is_a_class(cls, then: Any) -> Any:
        if then is None:
            raise ValueError("null is no class; where nothing is to be predicted write abstain: true")
        return then

    @model_validator(mode="after")
    def _has_one_outcome(self) -> Self:
        if (self.then is None) == (not self.abstain):
            what = "has neither" if self.then is None else "has both"
            raise ValueError(f"{what} then: CLASS and abstain: true; it takes one of them")
        return self


class RuleList(Strict):
    """Rules in order; `otherwise` is the prediction where none holds, and left out it abstains."""

    rules: list[Rule] = Field(description="when and then (or abstain), in order; the first that holds decides")
    otherwise: Scalar | None = Field(default=None, description="the class where no rule holds; null: abstain")

    @field_validator("rules", mode="before")
    @classmethod
    def _are_given(cls, rules: Any) -> Any:
        if rules is None or rules == []:
            raise ValueError(
                "must be given: a list of when and then in the experiment's file, under trainer or under baseline"
            )
        return rules

    def leaves(self) -> Iterator[tuple[str, Condition]]:
        """Yield every comparison of a column with its key path."""
        for position, rule in enumerate(self.rules):
            yield from rule.when.leaves(f"rules[{position}].when")


class RuleSet(RuleList):
    """`rules.json`: the rules, and the types of the columns that they read."""

    kind: Literal["rules"] = "rules"
    columns: dict[str, ColumnType]


class RuleRecord(Strict):
    """One rule as text, on how many training rows it decided, and how many of those it got right (None: abstains)."""

    text: str
    rows: int
    right: int | None = None


def timestamp(text: str) -> datetime | None:
    """Return what ISO 8601 text means, or None where it is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _require_one_comparison(operators: dict[Operator, Any]) -> None:
    names = list(operators)
    if not names:
        raise ValueError(f"names a column and no operator; it takes one of {', '.join(OPERATORS)}")
    lower, upper = [name for name in names if name in BOUNDS[:2]], [name for name in names if name in BOUNDS[2:]]
    if len(names) > 1 and not (len(names) == 2 and lower and upper):
        raise ValueError(f"has {' and '.join(names)}; it takes one operator, or a lower and an upper bound")
    if len({isinstance(value, str) for name, value in operators.items() if name in BOUNDS}) > 1:
        raise ValueError("has a number and a date as its bounds; they must be alike")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
