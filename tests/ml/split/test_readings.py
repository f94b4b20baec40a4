"""Production is not compared on rows whose sets changed because their cells are read otherwise, and on others it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.features.signature import fit_signature
from ml.schema_inference.infer import infer_schema
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.split.hashing import HASHING, fractions
from schemas.choice import Choice
from schemas.data import TableSchema
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.package import SplitRecord
from schemas.signature import Signature
from steps.gate import production as gate

AGES = ["NA", "31", "?", "40"]
PLAN = SplitRecord(method=Choice(name="random"), salt="s", test=0.2, validation=0.2, hashing=HASHING)
GROUPED = PLAN.model_copy(update={"method": Choice(name="group"), "by": "plan"})
PRODUCTION = gate.Production(version="1", package_url="file:///nowhere")
DECLARED: dict[str, Any] = {"missing": []}


def loaded(
    folder: Path, ages: list[str], age: dict[str, Any] | None = None, **params: Any
) -> tuple[pd.DataFrame, TableSchema]:
    """Return what the steps `load` and `infer_schema` make of a file of 80 rows."""
    path = folder / "rows.csv"
    lines = [f"{ages[place % len(ages)]};{'abcd'[place % 4]}{place // 4};{'yn'[place % 2]}" for place in range(80)]
    path.write_text("\n".join(["age;plan;gone", *lines]) + "\n", encoding="utf-8")
    columns = {} if age is None else {"age": ColumnSpec(**age)}
    source = Choice(name="csv", params={"path": str(path), "separator": ";", **params})
    spec = DataSpec(source=source, target="gone", columns=columns)
    rows, written = CsvSource(CsvParams.model_validate(source.params)).read_as_written(spec.missing)
    return rows, infer_schema(rows, spec, written=written)


def why_not(
    before: Signature, rows: pd.DataFrame, schema: TableSchema, monkeypatch: pytest.MonkeyPatch, plan: SplitRecord
) -> str | None:
    manifest = SimpleNamespace(data=SimpleNamespace(split=plan, newest=None))

    @contextmanager
    def opened(_: gate.Production) -> Iterator[Any]:
        yield SimpleNamespace(manifest=manifest, signature=before)

    monkeypatch.setattr(gate, "opened", opened)
    monkeypatch.setattr(gate, "target_and_predictions", lambda *_: ())
    monkeypatch.setattr(gate, "scores", lambda *_: {})
    return gate.score_production(PRODUCTION, rows, schema, plan).not_comparable


@pytest.mark.parametrize(
    ("ages", "before", "now"),
    [
        (AGES, {}, {"age": DECLARED}),
        (AGES, {"age": DECLARED}, {}),
        (AGES, {}, {"missing": ["?"]}),
        (AGES, {}, {"age": {"type": "category"}}),
        (AGES, {}, {"age": {"missing": ["?", "NA"]}}),
        (["31", "40", "52"], {}, {"age": DECLARED}),
        (["31", "40", "52"], {}, {"age": {"missing": ["40"]}}),
        (["31", "40", "52"], {"age": {"missing": ["40"]}}, {}),
        (["31", "40", "52"], {}, {"age": {"type": "category", "missing": ["9"]}}),
        (["31", "NA", "52"], {"age": {"type": "category"}}, {"age": {"type": "number"}}),
        (["1.234", "5.678"], {"decimal": "."}, {"decimal": ",", "thousands": "."}),
        (["1,234", "5,678"], {"decimal": ",", "thousands": "."}, {"decimal": ".", "thousands": ","}),
        (["31", "40"], {"decimal": "."}, {"decimal": ",", "thousands": "."}),
        (["1,5", "2,5"], {"decimal": "."}, {"decimal": ","}),
        (["1,5", "2,5"], {"decimal": ","}, {"decimal": "."}),
        (["1,5", "2,5", "?"], {"decimal": ","}, {"decimal": ",", "missing": ["?"]}),
        (["1.5", "2.5", "?"], {"decimal": ".", "missing": ["?"]}, {"decimal": ".", "missing": ["?", "none"]}),
    ],
)
def test_versions_are_comparable_exactly_where_the_same_file_draws_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ages: list[str], before: dict[str, Any], now: dict[str, Any]
) -> None:
    old, schema_of_old = loaded(tmp_path, ages, **before)
    rows, schema = loaded(tmp_path, ages, **now)
    moved = not np.array_equal(fractions(old, ["age", "plan"], "s"), fractions(rows, ["age", "plan"], "s"))
    signature = fit_signature(old, schema_of_old)
    reason = why_not(signature, rows, schema, monkeypatch, PLAN)
    assert (reason is not None) == moved
    if reason:
        assert reason.startswith("version 1 read the cells of 'age' otherwise")
    assert why_not(signature, rows, schema, monkeypatch, GROUPED) is None, "a group's rows are drawn by another column"


def test_a_package_that_does_not_say_how_cells_were_read_is_compared_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature = fit_signature(*loaded(tmp_path, AGES)).model_copy(update={"drawn": None})
    assert why_not(signature, *loaded(tmp_path, AGES, DECLARED), monkeypatch, PLAN) is None
