"""Values that once meant one thing in training and another where a row is predicted."""

import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml.batch.rows import raw_rows
from ml.checks.types import check_types
from ml.features.cells import cells
from ml.features.signature import fit_signature
from ml.monitoring.drift import window_of
from ml.schema_inference.infer import infer_schema
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.sources.parquet import ParquetParams, ParquetSource
from ml.split.time import TimeSplit
from ml.split.time_params import TimeSplitParams
from ml.validation.rows import Validator
from schemas.choice import Choice
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.errors import ContentError
from schemas.signature import CategoryDerivation, Input, Output, Signature

NFD = unicodedata.normalize("NFD", "Köln")


def spec(source: str, **columns: ColumnSpec) -> DataSpec:
    return DataSpec(source=Choice(name=source), target="y", columns=columns)


def from_csv(
    folder: Path, values: list[str], declared: ColumnSpec | None = None, **options: Any
) -> tuple[pd.DataFrame, Signature, CsvParams]:
    """Write a file of one column `c` and a target, and fit a signature."""
    path = folder / "table.csv"
    lines = [f"{value};{'no' if number % 2 else 'yes'}" for number, value in enumerate(values)]
    path.write_text("\n".join(["c;y", *lines]) + "\n", encoding="utf-8")
    params = CsvParams(path=str(path), **options)
    data = spec("csv", **({} if declared is None else {"c": declared}))
    frame, written = CsvSource(params).read_as_written(data.missing)
    return frame, fit_signature(frame, infer_schema(frame, data, written=written)), params


def from_parquet(
    folder: Path, values: list[Any], declared: ColumnSpec | None = None
) -> tuple[pd.DataFrame, Signature, ParquetSource]:
    path = folder / "table.parquet"
    pd.DataFrame({"c": values, "y": ["yes", "no"] * (len(values) // 2)}).to_parquet(path)
    source = ParquetSource(ParquetParams(path=str(path)))
    data = spec("parquet", **({} if declared is None else {"c": declared}))
    frame, written = source.read_as_written(data.missing)
    return frame, fit_signature(frame, infer_schema(frame, data, written=written)), source


def sent(signature: Signature, *values: Any) -> list[Any]:
    """Return what each value means, the message where it is refused."""
    checked = Validator(signature).check([{"c": value} for value in values])
    found = dict(zip(checked.positions, checked.cells["c"], strict=True))
    return [found[place] if place in found else checked.errors[place]["message"] for place in range(len(values))]


def in_batch(signature: Signature, params: CsvParams, text: str, **own: Any) -> list[Any]:
    """Return what the first column of a file means in a batch."""
    path = Path(params.path).with_name("new.csv")
    path.write_text(text, encoding="utf-8")
    given = {**params.model_dump(exclude_unset=True), "path": str(path), **own}
    filled = given if signature.text is None else CsvSource.written_as(signature.text, given)
    (chunk,) = CsvSource(CsvParams.model_validate(filled)).chunks_as_stored(100, ["c"])
    return list(Validator(signature, chunk.text).check(raw_rows(chunk.cells, signature)).cells["c"])


def test_a_declared_separator_that_is_the_other_mark_of_numbers_is_no_contradiction(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("c,y\n" + "".join(f"{number}.5,{number % 2}\n" for number in range(30)), encoding="utf-8")
    params = CsvParams(path=str(path), separator=",")
    frame, written = CsvSource(params).read_as_written({})
    signature = fit_signature(frame, infer_schema(frame, spec("csv"), written=written))
    assert in_batch(signature, params, "c,y\n7.5,1\n8.5,0\n") == [7.5, 8.5]


def test_long_numbers_that_name_things_keep_all_their_digits(tmp_path: Path) -> None:
    names = [str(123456789012345678 + 2 * number) for number in range(30)] * 4
    _, signature, _ = from_csv(tmp_path, names, ColumnSpec(type="identifier"))
    assert sent(signature, *names[:30]) == names[:30]
    assert sent(signature, 123456789012345678, 123456789012345679) == ["123456789012345678", "123456789012345679"]


def test_words_declared_for_a_column_with_types_are_missing_in_training_too(tmp_path: Path) -> None:
    frame, signature, source = from_parquet(tmp_path, ["a", "b", "?", " ? "] * 8, ColumnSpec(missing=["?"]))
    assert cells(frame, signature)["c"][:4] == ["a", "b", None, None]
    (chunk,) = source.chunks_as_stored(100, ["c"])
    batch = Validator(signature).check(raw_rows(chunk.values, signature)).cells["c"][:4]
    assert list(batch) == ["a", "b", None, None] and sent(signature, "?", "a") == [None, "a"]


def old(known: list[str], name: str = "c") -> Signature:
    """Return a signature as it was before texts and words were kept in it."""
    return Signature(
        inputs=[Input(name=name, type="category", categories=sorted(known), nullable=True)],
        derivations=[CategoryDerivation(column=name, categories=sorted(known))],
        features=[name],
        output=Output(task="regression", target="t"),
    )


def test_packages_of_before_know_their_labels_as_they_are(tmp_path: Path) -> None:
    assert sent(old(["a ", " x", NFD]), "a ", " x", NFD, "Köln", "a") == ["a ", " x", NFD, NFD, "a "]
    named = old(["b"], NFD)
    assert raw_rows(pd.DataFrame({NFD: ["b"]}), named) == raw_rows(pd.DataFrame({"Köln": ["b"]}), named) == [{NFD: "b"}]
    assert window_of([{NFD: "b"}], [{"value": 1.0}], named).columns == {NFD: ["b"]}


def test_iso_dates_are_read_beside_the_declared_form_in_training_too(tmp_path: Path) -> None:
    values = [*["01.05.2024", "17.10.2021", "30.12.2023"] * 9, "2021-10-17", "2010-01-01", "x"]
    frame, signature, params = from_csv(tmp_path, values, ColumnSpec(format="%d.%m.%Y"))
    read = cells(frame, signature)["c"]
    assert [str(cell)[:10] for cell in read[-3:-1]] == ["2021-10-17", "2010-01-01"] and read[-1] is None
    assert sent(signature, "2010-01-01", "01.01.2010", "x") == ["2010-01-01T00:00:00"] * 2 + [None]
    assert [cell and str(cell) for cell in in_batch(signature, params, "c;y\n2021-10-17;a\nx;a\n")] == [
        "2021-10-17T00:00:00",
        None,
    ]


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_the_ends_of_the_calendar_are_read_without_an_accident(zone: str | None, tmp_path: Path) -> None:
    ends = ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+02:00"]
    values = [*ends, *["2024-07-06T05:00:00+02:00"] * 21]
    frame, signature, _ = from_csv(tmp_path, values, ColumnSpec(type="date", timezone=zone))
    read = [str(cell) for cell in cells(frame, signature)["c"]]
    assert read[:2] == ["9999-12-31T23:59:59"] * 2 and read[2] == "0001-01-01T00:00:00"
    assert sent(signature, *ends) == read[:3]


def test_a_zone_is_for_text_and_points_in_time_have_none(tmp_path: Path) -> None:
    times = pd.date_range("2024-07-06T05:00", periods=24, freq="h")
    with pytest.raises(ContentError, match=r"data\.columns\.c\.timezone"):
        from_parquet(tmp_path, list(times), ColumnSpec(timezone="Europe/Berlin"))
    _, signature, _ = from_csv(tmp_path, ["2024-07-06T05:00:00+02:00", "2024-07-07T09:00:00+02:00"] * 12)
    with pytest.raises(ContentError, match="points in time"):
        raw_rows(pd.DataFrame({"c": times}), signature)


def test_a_century_counts_where_rows_are_split_by_time_as_well() -> None:
    rows = pd.DataFrame({"when": [f"01.05.{year:02}" for year in [*range(50, 100), *range(10)]], "y": range(60)})
    split = TimeSplit(TimeSplitParams(format="%d.%m.%y", century=1930))
    sets = split.assign(rows, "y", test=0.2, validation=0.2, by="when", salt="s")
    assert set(sets[:30]) == {"train"} and set(sets[-10:]) == {"test"}


@pytest.mark.parametrize(
    ("value", "said"),
    [("1" + "\u0300\u0316" * 40_000, "characters"), ("9" * 5_000, "characters")],
)
def test_text_that_is_made_to_take_long_is_refused_at_once(value: str, said: str, tmp_path: Path) -> None:
    for values in ([str(number) for number in range(30)], ["true", "false"] * 15, ["2024-05-31", "2024-06-01"] * 15):
        _, signature, _ = from_csv(tmp_path, values, ColumnSpec(type="number") if values[0] == "0" else None)
        assert said in sent(signature, value)[0]
    checked = Validator(signature).check([{"c": values[0], value: 1}])
    assert "no input of this name" in checked.errors[0]["message"]


def test_numbers_in_a_column_of_text_are_the_text_that_stands_there(tmp_path: Path) -> None:
    frame, signature, params = from_csv(tmp_path, ["1", "2", "A", "1.10"] * 8, ColumnSpec(type="category"))
    assert cells(frame, signature)["c"][:4] == ["1", "2", "A", "1.10"]
    assert sent(signature, "1.0", "1.1", "1e5", 1) == ["1.0", "1.1", "1e5", "1"]
    assert in_batch(signature, params, "c;y\n1.0;a\n1.10;a\n") == ["1.0", "1.10"]


def test_a_value_that_training_met_has_lost_no_zeros(tmp_path: Path) -> None:
    many = [*[f"0{number}" for number in range(1000, 1050)] * 2, "1000", "x"]
    _, signature, _ = from_csv(tmp_path, many, ColumnSpec(type="category"))
    assert sent(signature, "1000")[0] == "1000" and "leading zeros" in sent(signature, "1001")[0]


def test_monitoring_reads_values_with_types_as_the_labels_that_they_mean(tmp_path: Path) -> None:
    _, signature, _ = from_csv(tmp_path, ["TRUE", "FALSE", "maybe", "1.0"] * 8, ColumnSpec(type="category"))
    window = window_of([{"c": True}, {"c": 1}, {"c": "maybe"}, {"c": 7.5}], [{"label": "yes"}] * 4, signature)
    assert window.columns["c"] == ["TRUE", "1.0", "maybe", 7.5]


def test_a_label_of_a_model_of_values_with_types_is_no_word_for_missing_in_a_file(tmp_path: Path) -> None:
    _, signature, _ = from_parquet(tmp_path, ["NA", "DE", "FR", None] * 8)
    given = CsvParams(path=str(tmp_path / "any.csv"))
    assert in_batch(signature, given, "c;y\nNA;a\nDE;a\nN/A;a\n") == ["NA", "DE", None]
    assert sent(signature, "NA") == ["NA"]


def test_a_number_that_means_missing_does_so_as_a_number_too(tmp_path: Path) -> None:
    values = [*["-999", "1,5", "2,5"] * 8]
    frame, signature, _ = from_csv(tmp_path, values, ColumnSpec(missing=["-999"]))
    assert cells(frame, signature)["c"][:3] == [None, 1.5, 2.5]
    assert sent(signature, "-999", -999, -999.0, "-999,0", 999) == [None, None, None, None, 999]


def test_words_are_compared_as_text_is_read(tmp_path: Path) -> None:
    words = ["keine Angabe ", unicodedata.normalize("NFD", "n. verfügbar")]
    values = ["a", "keine Angabe", "b", "n. verfügbar"] * 8
    frame, signature, params = from_csv(tmp_path, values, missing=words)
    assert cells(frame, signature)["c"][:4] == sent(signature, *values[:4]) == ["a", None, "b", None]
    assert in_batch(signature, params, "c;y\nkeine Angabe;a\na;a\n") == [None, "a"]


def test_two_names_that_look_alike_are_refused(tmp_path: Path) -> None:
    signature = old(["b"], "Köln")
    assert Validator(signature).check([{"Köln": "a", NFD: "b"}]).errors
    with pytest.raises(ContentError, match="form of their letters"):
        raw_rows(pd.DataFrame([["a", "b"]], columns=["Köln", NFD]), signature)


def test_true_and_false_written_as_numbers_with_gaps(tmp_path: Path) -> None:
    values = ["1.0", "0.0", "", "2.0"] * 8
    frame, signature, params = from_csv(tmp_path, values, ColumnSpec(type="boolean", on_violation="warn"))
    assert cells(frame, signature)["c"][:4] == [True, False, None, None]
    assert sent(signature, "1.0", "0.0", "", "2.0", "2", 2, 1) == [True, False, None, None, None, None, True]
    assert in_batch(signature, params, "c;y\n1.0;a\n0;b\n2.0;b\n") == [True, False, None]


def test_a_word_among_true_and_false_counts_as_missing_everywhere(tmp_path: Path) -> None:
    values = [*(["TRUE", "FALSE"] * 12), "?", "TRUE"]
    frame, signature, params = from_csv(tmp_path, values)
    assert cells(frame, signature)["c"][-4:] == [True, False, None, True]
    assert sent(signature, "TRUE", "false", "?", True)[:4] == [True, False, None, True]
    assert "must be true, false, 0 or 1" in sent(signature, "-")[0]
    assert in_batch(signature, params, "c;y\nTRUE;a\n?;b\nfalse;b\n") == [True, None, False]
    data = spec("csv")
    schema = infer_schema(frame, data, written=CsvSource(params).read_as_written({})[1])
    (check,) = check_types(frame, schema, data)
    assert check.severity == "warn" and "1 of 26 values are no boolean and count as missing ('?')" in check.message


def test_minutes_behind_a_hyphen_are_no_offset(tmp_path: Path) -> None:
    values = ["2024-05-01 09-30", "2024-05-02 10-45"] * 12
    frame, signature, _ = from_csv(tmp_path, values, ColumnSpec(format="%Y-%m-%d %H-%M"))
    assert sent(signature, values[0]) == cells(frame, signature)["c"][:1] == ["2024-05-01T09:30:00"]


def test_a_batchs_own_words_for_missing_take_the_place_of_the_experiments(tmp_path: Path) -> None:
    _, signature, params = from_csv(tmp_path, ["DE", "FR", "NA"] * 8)
    text = "c;y\nNA;a\nDE;a\n?;a\n"
    assert in_batch(signature, params, text) == [None, "DE", "?"]
    assert in_batch(signature, params, text, missing=[]) == ["NA", "DE", "?"]
    assert in_batch(signature, params, text, missing=["?"]) == ["NA", "DE", None]
    _, kept, params = from_csv(tmp_path, ["DE", "FR", "NA", ""] * 8, ColumnSpec(missing=[]))
    assert in_batch(kept, params, text) == ["NA", "DE", "?"]


def test_spellings_that_are_to_be_merged_are_so_for_labels_of_any_spelling() -> None:
    frame = pd.DataFrame({"c": range(20), "y": ["yes", "no"] * 10})
    data = spec("csv", c=ColumnSpec(type="number")).model_copy(update={"spellings": "merge"})
    assert fit_signature(frame, infer_schema(frame, data)).output.merged


@pytest.mark.parametrize("decimal", [".", ","])
def test_a_number_that_means_missing_does_so_however_it_is_written(decimal: str, tmp_path: Path) -> None:
    cells_written = ["-999.0", "-999.00", "-9.99e2", "-999", "1.5", "2.5"]
    values = [cell.replace(".", decimal) for cell in cells_written] * 5
    frame, signature, params = from_csv(tmp_path, values, ColumnSpec(missing=["-999"]), decimal=decimal)
    expected = [None, None, None, None, 1.5, 2.5]
    assert cells(frame, signature)["c"][:6] == sent(signature, *values[:6]) == expected
    text = "c;y\n" + "".join(f"{value};a\n" for value in values[:6])
    assert in_batch(signature, params, text, decimal=decimal) == expected


@pytest.mark.parametrize("kind", ["number", "category"])
def test_so_does_one_of_values_with_types(kind: str, tmp_path: Path) -> None:
    declared = ColumnSpec.model_validate({"missing": ["-1"], "type": kind})
    frame, signature, source = from_parquet(tmp_path, [-1, 1, 2, 3] * 8, declared)
    expected = [None, 1, 2, 3] if kind == "number" else [None, "1", "2", "3"]
    assert [
        cell if cell is None or kind == "number" else str(cell) for cell in cells(frame, signature)["c"][:4]
    ] == expected
    (chunk,) = source.chunks_as_stored(100, ["c"])
    assert list(Validator(signature).check(raw_rows(chunk.values, signature)).cells["c"][:4]) == expected
    assert sent(signature, -1, -1.0, 1) == [None, None, expected[1]]


def test_a_header_of_decomposed_letters_has_the_words_of_its_column(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    lines = [f"{value};{'no' if place % 2 else 'yes'}" for place, value in enumerate(["a", "?", "b", "c"] * 8)]
    path.write_text("\n".join([f"{NFD};y", *lines]) + "\n", encoding="utf-8")
    _, written = CsvSource(CsvParams(path=str(path))).read_as_written({"Köln": ["?"]})
    assert written.gaps == {"Köln": {"?": 8}}


@pytest.mark.parametrize("value", [True, False])
def test_a_boolean_is_no_label_where_training_had_numbers(tmp_path: Path, value: bool) -> None:
    """A database without booleans has 0 and 1; the client's `false` must not be an unknown category."""
    _, signature, _ = from_parquet(tmp_path, [0, 1] * 10, ColumnSpec(type="category"))
    read = Validator(signature).check([{"c": value}, {"c": int(value)}, {"c": str(int(value))}])
    assert read.errors[0]["message"].startswith("must be a number or text, as the rows of training have it, not ")
    assert read.cells["c"] == (str(int(value)),) * 2
