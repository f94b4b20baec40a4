"""The bundled datasets and the example data."""

import runpy
from pathlib import Path

import pytest
from pydantic import ValidationError

from ml.schema_inference.infer import infer_schema
from ml.sources.csv import CsvSource
from ml.sources.csv_params import CsvParams
from ml.sources.sklearn_dataset import SklearnDataset, SklearnDatasetParams
from schemas.choice import Choice
from schemas.data_spec import DataSpec
from schemas.home import ROOT

EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize(
    ("name", "task", "classes"),
    [
        ("breast_cancer", "binary", ["benign", "malignant"]),
        ("iris", "multiclass", ["setosa", "versicolor", "virginica"]),
        ("wine", "multiclass", ["class_0", "class_1", "class_2"]),
        ("digits", "multiclass", list(range(10))),
        ("diabetes", "regression", None),
    ],
)
def test_a_bundled_dataset_has_its_task_and_class_names(name: str, task: str, classes: object) -> None:
    source = SklearnDataset(SklearnDatasetParams.model_validate({"dataset": name}))
    rows = source.read()
    problem = infer_schema(rows, DataSpec(source=Choice(name="sklearn_dataset"), target="target")).problem
    assert (problem.task, problem.classes) == (task, classes)
    assert source.header() == list(rows.columns)
    assert source.preflight() == [] and source.label == name and name in str(source.fingerprint())


def test_a_dataset_that_is_not_bundled_is_refused() -> None:
    with pytest.raises(ValidationError):
        SklearnDatasetParams.model_validate({"dataset": "california_housing"})


def test_the_example_data_is_what_its_generator_writes(tmp_path: Path) -> None:
    runpy.run_path(str(EXAMPLES / "make_houses.py"))["write"](tmp_path / "houses.csv")
    assert (tmp_path / "houses.csv").read_bytes() == (EXAMPLES / "houses.csv").read_bytes()


def test_the_example_data_has_a_column_of_every_type() -> None:
    rows = CsvSource(CsvParams(path=str(EXAMPLES / "houses.csv"))).read()
    schema = infer_schema(rows, DataSpec(source=Choice(name="csv"), target="price"))
    types = {column.name: column.type for column in schema.columns}
    assert types == {
        "listing_id": "drop", "agency_id": "identifier", "Fläche m²": "number", "rooms": "number",
        "district": "category", "built": "number", "condition": "category", "energy class": "category",
        "balcony": "boolean", "country": "drop", "sold_on": "date",
    }  # fmt: skip
    assert schema.problem.task == "regression"
