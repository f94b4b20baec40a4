"""One reading of a row: training, a batch from the same file, and a request with its cells as text find the same."""

import csv
import json
import unicodedata
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, DateTime, Double, MetaData, Table, Text, create_engine, insert

from ml.batch.rows import raw_rows
from ml.components.source import Source
from ml.features.cells import cells
from ml.features.derive import derive
from ml.features.signature import fit_signature
from ml.schema_inference.infer import infer_schema
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.sources.parquet import ParquetParams, ParquetSource
from ml.sources.sql import SqlSource
from ml.sources.sql_params import SqlParams
from ml.validation.checked import Checked
from ml.validation.rows import Validator
from ml.values.canonical import canonical
from schemas.choice import Choice
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.errors import ContentError
from schemas.reading import TextReading
from schemas.signature import Signature
from steps.secrets import reveal
from tests.soak import count

pytestmark = pytest.mark.untraced

Cells = dict[str, list[str]]
ROWS = 24
GAPS = ["", "NA", "N/A", "null", " NA ", "nan"]
WORDS = ["?", "-", "unknown", "0000-00-00", "inf", "-inf", "None"]


def numbers(point: str, group: str) -> st.SearchStrategy[str]:
    whole = st.integers(-5_000_000, 5_000_000)
    grouped = whole.map(lambda number: f"{number:,}".replace(",", group))
    fraction = st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: f"{number:.3f}".replace(".", point))
    other = st.sampled_from([f"1{point}0", f"{point}5", "+7", "1e3", f"3{point}"])
    return st.one_of(fraction, fraction, whole.map(str), grouped, other)


def dates() -> st.SearchStrategy[st.SearchStrategy[str]]:
    days = st.datetimes(min_value=pd.Timestamp("1970-01-02"), max_value=pd.Timestamp("2030-01-01"))
    forms = ["%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%d %b %Y", "%m/%d/%y", "%d.%m.%y"]
    local = st.tuples(days, st.sampled_from(["+01:00", "+02:00", "Z", "-0530"])).map(
        lambda pair: pair[0].strftime("%Y-%m-%dT%H:%M:%S") + pair[1]
    )
    return st.one_of(st.sampled_from(forms).map(lambda form: days.map(lambda day: day.strftime(form))), st.just(local))


LABELS = ["a", " a", "B ", "Köln", unicodedata.normalize("NFD", "Köln"), "TRUE", "x,y", 'say "hi"', "007", "7", "1.0"]


@st.composite
def columns(draw: st.DrawFn, point: str, group: str) -> list[str]:
    """Return one column's texts."""
    kinds: list[st.SearchStrategy[st.SearchStrategy[str]]] = [
        st.just(numbers(point, group)),
        st.just(st.sampled_from(["TRUE", "false", "True", "FALSE"])),
        st.just(st.sampled_from(LABELS)),
        st.just(st.sampled_from(["08383", "04711", "10115", "8383"])),
        st.just(st.sampled_from(["1", "2", "3.0", "1.0"])),
        dates(),
    ]
    values = draw(draw(st.sampled_from(kinds)))
    others = draw(st.sampled_from([[], GAPS, WORDS[:2], ["inf"], ["0000-00-00"], [*GAPS, "?"]]))
    one = st.one_of(values, values, values, st.sampled_from(others)) if others else values
    return draw(st.lists(one, min_size=ROWS, max_size=ROWS))


@st.composite
def tables(draw: st.DrawFn) -> tuple[Cells, dict[str, Any], dict[str, ColumnSpec]]:
    """Return a table's texts, how its file says that it is written, and what is declared of its columns."""
    point, group = draw(st.sampled_from([(".", ","), (",", ".")]))
    names = [f"c{number}" for number in range(draw(st.integers(1, 3)))]
    table = {name: draw(columns(point, group)) for name in names}
    options: dict[str, Any] = {"decimal": point} if draw(st.booleans()) else {"thousands": group}
    specs = {name: draw(st.sampled_from(DECLARED)) for name in names}
    return table, options, {name: spec for name, spec in specs.items() if spec is not None}


DECLARED = [
    None,
    None,
    None,
    ColumnSpec(type="category"),
    ColumnSpec(type="identifier"),
    ColumnSpec(missing=[]),
    ColumnSpec(missing=["?", "None"]),
    ColumnSpec(type="date", century=1930),
    ColumnSpec(type="date", timezone="America/New_York"),
]


def learnt(
    table: Cells, options: dict[str, Any], declared: dict[str, ColumnSpec], folder: Path
) -> tuple[pd.DataFrame, Signature, CsvSource]:
    """Write the table with a target, read it and fit a signature. Raises ContentError where nothing can be learnt."""
    path = folder / "table.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([*table, "y"])
        writer.writerows(zip(*table.values(), ["yes", "no"] * (ROWS // 2), strict=True))
    source = CsvSource(CsvParams(path=str(path), separator=";", **options))
    spec = DataSpec(source=Choice(name="csv"), target="y", columns=declared)
    frame, text = source.read_as_written(spec.missing)
    schema = infer_schema(frame, spec, written=text)
    return frame, fit_signature(frame, schema), source


def matrices(signature: Signature, checked: Checked) -> np.ndarray:
    return derive(signature, checked.cells)


def same(one: Any, other: Any) -> bool:
    """Say whether two cells mean the same: numbers by value, points in time, labels by their text."""
    if one is None or other is None:
        return one is other
    return canonical(one) == canonical(other) or one == other or _same_time(str(one), str(other))


def _same_time(one: str, other: str) -> bool:
    return "T" in one and pd.Timestamp(one) == pd.Timestamp(other)


@settings(
    max_examples=count(150, 2500),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(tables())
def test_a_file_a_batch_of_it_and_its_cells_as_text_are_read_alike(
    given_table: tuple[Cells, dict[str, Any], dict[str, ColumnSpec]],
) -> None:
    table, options, declared = given_table
    with TemporaryDirectory() as folder:
        try:
            frame, signature, source = learnt(table, options, declared, Path(folder))
        except ContentError:
            return  # a table that cannot be learnt from; what it says is tested elsewhere
        trained = cells(frame, signature)
        taken = [item.name for item in signature.inputs]
        sent = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
        service = Validator(signature).check([{name: row[name] for name in taken} for row in sent])
        known = CsvSource.written_as(signature.text or TextReading(), source.params.model_dump(exclude_unset=True))
        (chunk,) = CsvSource(CsvParams(**known)).chunks_as_stored(1000, taken)
        batch = Validator(signature, chunk.text).check(raw_rows(chunk.cells, signature))
    assert not service.errors, "every row of the training table is one that the service takes"
    assert batch.errors == {} and batch.cells == service.cells
    features = derive(signature, trained)
    assert np.array_equal(features, matrices(signature, service), equal_nan=True)
    for name in taken:
        assert all(map(same, trained[name], service.cells[name])), name


@settings(max_examples=count(60, 1000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(tables(), tables())
def test_rows_that_training_never_saw_are_read_alike_or_refused_by_both(
    first: tuple[Cells, dict[str, Any], dict[str, ColumnSpec]],
    second: tuple[Cells, dict[str, Any], dict[str, ColumnSpec]],
) -> None:
    with TemporaryDirectory() as folder:
        try:
            _, signature, source = learnt(*first, Path(folder))
        except ContentError:
            return
        others = list(second[0].values())
        taken = [item.name for item in signature.inputs]
        table = {name: others[place % len(others)] for place, name in enumerate(taken)}
        path = Path(folder) / "new.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerow(taken)
            writer.writerows(zip(*table.values(), strict=True))
        params = {**source.params.model_dump(exclude_unset=True), "path": str(path)}
        try:
            known = CsvSource.written_as(signature.text or TextReading(), params)
            (chunk,) = CsvSource(CsvParams(**known)).chunks_as_stored(1000, taken)
        except ContentError:
            return
    rows = [dict(zip(taken, row, strict=True)) for row in zip(*table.values(), strict=True)]
    service = Validator(signature).check(rows)
    batch = Validator(signature, chunk.text).check(raw_rows(chunk.cells, signature))
    assert (batch.errors, batch.positions, batch.cells) == (service.errors, service.positions, service.cells)


TYPED: dict[str, st.SearchStrategy[Any]] = {
    "number": st.floats(-1e6, 1e6, allow_nan=False) | st.sampled_from([float("inf"), 1.0]),
    "whole": st.integers(-(2**53), 2**53),
    "flag": st.booleans(),
    "label": st.sampled_from(LABELS),
    "day": st.datetimes(min_value=pd.Timestamp("1970-01-02"), max_value=pd.Timestamp("2030-01-01")),
}


@st.composite
def typed_tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Return columns of values with types, gaps among them."""
    names = draw(st.lists(st.sampled_from(sorted(TYPED)), min_size=1, max_size=3, unique=True))
    table = {}
    for name in names:
        one = TYPED[name] | st.none() if draw(st.booleans()) else TYPED[name]
        table[name] = draw(st.lists(one, min_size=ROWS, max_size=ROWS))
    return table


def parquet(table: dict[str, list[Any]], folder: Path) -> Source:
    path = folder / "table.parquet"
    pd.DataFrame(table).to_parquet(path)
    return ParquetSource(ParquetParams(path=str(path)))


SQL_TYPES = {"number": Double, "whole": BigInteger, "flag": Boolean, "label": Text, "day": DateTime, "y": Text}


def sql(table: dict[str, list[Any]], folder: Path) -> Source:
    engine = create_engine(f"sqlite:///{folder / 'table.db'}")
    made = Table("t", MetaData(), *(Column(name, SQL_TYPES[name]()) for name in table))
    made.create(engine)
    with engine.begin() as connection:
        rows = zip(*table.values(), strict=True)
        connection.execute(insert(made), [dict(zip(table, row, strict=True)) for row in rows])
    engine.dispose()
    return SqlSource(SqlParams(url=f"sqlite:///{folder / 'table.db'}", table="t"), reveal)


def as_json(value: Any, has_booleans: bool) -> Any:
    """Return a typed value as a client sends it; what JSON has no number for was missing in training, too."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool) and not has_booleans:
        return int(value)
    return None if isinstance(value, float) and not np.isfinite(value) else value


@pytest.mark.parametrize("write", [parquet, sql])
@settings(max_examples=count(40, 2000), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(typed_tables(), st.booleans())
def test_a_table_with_types_is_read_alike(
    write: Callable[[dict[str, list[Any]], Path], Source], table: dict[str, list[Any]], as_category: bool
) -> None:
    declared = {name: ColumnSpec(type="category") for name in table if as_category and name in ("whole", "flag")}
    with TemporaryDirectory() as folder:
        source = write({**table, "y": ["yes", "no"] * (ROWS // 2)}, Path(folder))
        spec = DataSpec(source=Choice(name="x"), target="y", columns=declared)
        frame, text = source.read_as_written(spec.missing)
        try:
            signature = fit_signature(frame, infer_schema(frame, spec, written=text))
        except ContentError:
            return
        trained = cells(frame, signature)
        (chunk,) = source.chunks_as_stored(1000, list(table))
        batch = Validator(signature, chunk.text).check(raw_rows(chunk.values, signature))
    assert text.text is None and not batch.errors
    assert np.array_equal(derive(signature, trained), matrices(signature, batch), equal_nan=True)
    for item in signature.inputs:
        assert all(map(same, trained[item.name], batch.cells[item.name])), item.name
    taken = [item.name for item in signature.inputs]
    sent = [{name: as_json(table[name][row], write is parquet) for name in taken} for row in range(ROWS)]
    service = Validator(signature).check(json.loads(json.dumps(sent)))
    assert not service.errors
    assert np.array_equal(matrices(signature, service), matrices(signature, batch), equal_nan=True)


@pytest.mark.parametrize(
    ("declared", "missing", "cells_read"),
    [(ColumnSpec(), 1 / 3, {"DE", "FR"}), (ColumnSpec(missing=[]), 0.0, {"DE", "FR", "NA"})],
)
def test_a_column_may_keep_what_means_missing_elsewhere(
    declared: ColumnSpec, missing: float, cells_read: set[str], tmp_path: Path
) -> None:
    table = {"country": ["DE", "NA", "FR"] * (ROWS // 3), "size": ["1", "NA", "2"] * (ROWS // 3)}
    frame, signature, _ = learnt(table, {}, {"country": declared}, tmp_path)
    assert frame["country"].isna().mean() == pytest.approx(missing)
    assert frame["size"].isna().mean() == pytest.approx(1 / 3)
    read = Validator(signature).check([{"country": text, "size": "NA"} for text in ("DE", "NA", "FR")])
    assert {cell for cell in read.cells["country"] if cell is not None} == cells_read
    assert read.cells["size"] == (None, None, None)
