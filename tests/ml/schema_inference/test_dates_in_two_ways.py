"""Dates that can be read in two ways are asked about; declared, they are read as declared, in requests too."""

import pandas as pd
import pytest

from ml.checks.types import check_types
from ml.features.cells import cells
from ml.features.signature import fit_signature
from ml.schema_inference.infer import infer_schema
from ml.validation.checked import Checked
from ml.validation.rows import Validator
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.errors import ContentError

BORN = ["05/22/65", "10/29/61", "01/31/84", "12/24/09"] * 8
EVENTS = ["2024-01-10T12:30:00+01:00", "2024-07-10T12:30:00+02:00", "2024-07-11T09:00:00+02:00"] * 8


def table(values: list[str], spec: ColumnSpec) -> tuple[pd.DataFrame, TableSchema, DataSpec]:
    frame = pd.DataFrame({"when": pd.Series(values, dtype="str"), "y": ["a", "b"] * (len(values) // 2)})
    data = DataSpec(source=Choice(name="parquet"), target="y", columns={"when": spec})
    return frame, infer_schema(frame, data), data


def asked(schema: TableSchema, frame: pd.DataFrame, *texts: str) -> Checked:
    return Validator(fit_signature(frame, schema)).check([{"when": text} for text in texts])


@pytest.mark.parametrize("spec", [ColumnSpec(), ColumnSpec(type="date"), ColumnSpec(format="%m/%d/%y")])
def test_two_digit_years_of_two_centuries_are_asked_about(spec: ColumnSpec) -> None:
    with pytest.raises(ContentError, match=r"'05/22/65'.*data\.columns\.when\.century: 1930"):
        table(BORN, spec)


def test_two_digit_years_that_can_be_of_this_century_only_are_not() -> None:
    _, schema, _ = table(["05/22/18", "10/29/21", "01/31/22", "12/24/25"] * 8, ColumnSpec())
    assert schema.columns[0].type == "date"


@pytest.mark.parametrize(("century", "years"), [(1930, (1965, 2009)), (1900, (1965, 1909)), (1970, (2065, 2009))])
def test_a_century_says_which_years_they_are(century: int, years: tuple[int, int]) -> None:
    frame, schema, _ = table(BORN, ColumnSpec(century=century))
    read = [pd.Timestamp(str(cell)).year for cell in cells(frame, fit_signature(frame, schema))["when"]]
    assert (read[0], read[3]) == years
    served = asked(schema, frame, "05/22/65", "12/24/09", "1965-05-22").cells["when"]
    assert [pd.Timestamp(str(cell)).year for cell in served] == [*years, 1965]


def test_a_day_that_its_century_does_not_have_is_no_date() -> None:
    values = ["02/29/00", *["03/01/01"] * 31]
    _, schema, _ = table(values, ColumnSpec(type="date", format="%m/%d/%y", century=1900))
    assert schema.columns[0].missing == ["02/29/00"]


def test_hours_are_those_of_each_offset_and_different_ones_are_told() -> None:
    frame, schema, data = table(EVENTS, ColumnSpec(type="date"))
    assert schema.columns[0].offsets is True
    read = cells(frame, fit_signature(frame, schema))["when"]
    assert read[:3] == ["2024-01-10T12:30:00", "2024-07-10T12:30:00", "2024-07-11T09:00:00"]
    (check,) = [check for check in check_types(frame, schema, data) if check.name == "offsets"]
    assert "+01:00, +02:00" in check.message and "data.columns.when.timezone" in check.message
    found = asked(schema, frame, "2024-01-10T12:30:00-05:00", "2024-01-10T12:30:00")
    assert found.cells["when"] == ("2024-01-10T12:30:00",)
    assert "needs a UTC offset" in found.errors[1]["message"]


def test_a_declared_zone_is_what_hours_are_of() -> None:
    frame, schema, data = table(EVENTS, ColumnSpec(timezone="America/New_York"))
    read = cells(frame, fit_signature(frame, schema))["when"]
    assert read[:2] == ["2024-01-10T06:30:00", "2024-07-10T06:30:00"]
    assert not [check for check in check_types(frame, schema, data) if check.name == "offsets"]
    found = asked(schema, frame, "2024-07-10T10:30:00Z", "2024-07-10T06:30:00", "2024-07-10T12:30:00+02:00")
    assert set(found.cells["when"]) == {"2024-07-10T06:30:00"} and not found.errors


def test_times_without_offset_take_none_in_a_request() -> None:
    frame, schema, _ = table(["2024-01-10T12:30:00", "2024-01-11T12:30:00"] * 12, ColumnSpec())
    found = asked(schema, frame, "2024-01-10T12:30:00", "2024-01-10T12:30:00Z")
    assert found.positions == [0] and "no UTC offset" in found.errors[1]["message"]


def test_a_zone_that_does_not_exist_is_a_fault() -> None:
    with pytest.raises(ValueError, match="IANA"):
        ColumnSpec(timezone="Europe/Bern")
