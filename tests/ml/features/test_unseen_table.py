"""A table with everything that real ones have, from the file to the features."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml.checks.page import render
from ml.checks.run import check_data
from ml.features.cells import rows
from ml.features.derive import derive
from ml.features.matrix import make_matrix
from ml.features.signature import fit_signature
from ml.schema_inference.infer import infer_schema
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.split.stratified import StratifiedSplit, StratifiedSplitParams
from schemas.choice import Choice
from schemas.data_spec import DataSpec

ROWS = 300


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw = np.random.default_rng(5)
    lines = ["Größe in m²;Kunden Nr;Stadt 城市;gekauft am;mixed;only one;müde?;note;Zielwert"]
    for number in range(ROWS):
        size = "" if number % 11 == 0 else f"{draw.normal(80, 20):.2f}".replace(".", ",")
        city = draw.choice(["Köln", "東京", "São Paulo", ""])
        day = f"{draw.integers(1, 29):02d}.{draw.integers(1, 13):02d}.{draw.integers(2018, 2025)}"
        mixed = "unbekannt" if number % 20 == 0 else str(draw.integers(0, 90))
        label = "selten" if number == 17 else draw.choice(["ja", "nein"])
        words = f'"a; ""b""\n{number}"'
        lines.append(
            f"{size};{4_900_000_000_000 + draw.integers(60)};{city};{day};{mixed};x;"
            f"{draw.choice(['true', 'false'])};{words};{label}"
        )
    file = tmp_path_factory.mktemp("unseen") / "Kunden 2024.csv"
    file.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig", newline="")
    return file


def test_it_is_read_typed_split_checked_and_derived(path: Path) -> None:
    source = CsvSource(CsvParams(path=str(path)))
    assert source.preflight() == []
    table = source.read()
    spec = DataSpec(source=Choice(name="csv"), target="Zielwert")
    schema = infer_schema(table, spec)
    types = {column.name: column.type for column in schema.columns}
    assert types == {
        "Größe in m²": "number", "Kunden Nr": "identifier", "Stadt 城市": "category", "gekauft am": "date",
        "mixed": "number", "only one": "drop", "müde?": "boolean", "note": "drop",
    }  # fmt: skip
    assert schema.problem.classes == ["ja", "nein", "selten"]
    sets = StratifiedSplit(StratifiedSplitParams()).assign(
        table, "Zielwert", test=0.2, validation=0.2, by=None, salt=source.label
    )
    train, validation, test = (table[sets == name].reset_index(drop=True) for name in ("train", "validation", "test"))
    report = check_data(table, train, validation, test, schema, spec)
    assert report.passed and "selten" in render(report)
    signature = fit_signature(train, schema)
    matrix = make_matrix(test, signature, schema.problem)
    sent = json.loads(json.dumps(rows(test, signature)))
    served = derive(signature, {item.name: [row[item.name] for row in sent] for item in signature.inputs})
    np.testing.assert_array_equal(served, matrix.features)
