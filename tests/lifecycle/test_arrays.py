"""A trainer of two inputs, an 8 × 8 array and two columns, goes all the way round."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ml.features.matrix import make_matrix
from ml.features.tensors import with_tensors
from ml.package.model import PackagedModel
from schemas.data import Problem
from schemas.home import Home
from serving.journal import location
from serving.journal.predictions import window
from steps import registry
from tests.lifecycle import two_inputs
from tests.lifecycle.conftest import Result, World, ask

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]
ROWS, MANY = 600, 1000
PROBLEM = Problem(target="kind", task="binary", classes=["even", "odd"])


@pytest.fixture(scope="module")
def words(world: World) -> Iterator[tuple[str, ...]]:
    """The words that run the experiment, while its plug-in is installed."""
    with two_inputs.installed(world.folder / "site"):
        path = two_inputs.write(two_inputs.rows(ROWS, 1), world.folder / "rows.parquet")
        two_inputs.option(world.folder / "mine")
        text = two_inputs.YAML.format(path=path, keep="digest")
        yield (world.experiment("two_inputs", text), "+experiment=two_inputs")


@pytest.fixture(scope="module")
def deployed(world: World, words: tuple[str, ...]) -> Result:
    result = world.run(*words)
    assert result.code == 0, result.said
    return result


@pytest.fixture(scope="module")
def url(deployed: Result) -> str:
    return str(deployed.summary["deployment"]["url"])


def instances(table: pd.DataFrame) -> list[dict[str, Any]]:
    found = json.loads(table.drop(columns="kind").to_json(orient="records"))
    return [dict(row) for row in found]


def package(world: World) -> PackagedModel:
    (root,) = (path.parent for path in Home(world.home).root.rglob("manifest.json") if "evaluation" in path.read_text())
    return PackagedModel.open(root)


def test_what_it_predicts_over_http_is_what_the_trained_object_predicts(world: World, url: str) -> None:
    table = two_inputs.rows(MANY, 2)
    found = ask(url, "/predict", {"instances": instances(table)})["predictions"]
    model = package(world)
    train = with_tensors(pd.read_parquet(world.folder / "rows.parquet"), [])
    fitted = registry.lookup("train", "two_inputs")
    trainer = fitted(fitted.Params())
    # Refitted on the run's own training rows, which the split gives again.
    rows = _training_rows(world, train)
    trained = trainer.fit(make_matrix(rows, model.signature, PROBLEM), None, model.signature, seed=3)
    asked = make_matrix(with_tensors(table, []), model.signature, PROBLEM)
    expected = trained.predict_arrays(asked.all_arrays)
    classes = ["even", "odd"]
    assert [row["label"] for row in found] == [classes[code] for code in expected.codes]
    gaps = [
        abs(row["probabilities"]["odd"] - share[1]) for row, share in zip(found, expected.probabilities, strict=True)
    ]
    assert max(gaps) < 1e-4
    assert 0.05 < np.mean([row["label"] != kind for row, kind in zip(found, table["kind"], strict=True)]) < 0.4


def _training_rows(world: World, table: pd.DataFrame) -> pd.DataFrame:
    from zenml.client import Client

    run = next(run for run in Client().list_pipeline_runs(pipeline="training", size=1))
    stored: pd.DataFrame = run.steps["split"].outputs["train_set"][0].load()
    assert 0 < len(stored) < len(table)
    return stored


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ([1, 2], "has fewer axes than are wanted"),
        ([[1] * 8] * 7, "has the shape 7 × 8"),
        ([[1] * 8] * 7 + [[1] * 7], "is ragged"),
        ([["a"] * 8] * 8, "holds a string at [0, 0]"),
        ([[None] * 8] * 8, "holds null at [0, 0]"),
        ([[float("nan")] * 8] * 8, "holds NaN at [0, 0]"),
        ([[1e39] * 8] * 8, "holds too large a number"),
        ("nothing", "is text that is no JSON"),
    ],
)
def test_a_wrong_array_is_an_error_of_its_row_alone(url: str, value: Any, what: str) -> None:
    (row,) = instances(two_inputs.rows(1, 3))
    found = ask(url, "/predict", {"instances": [row, {**row, "grid": value}]})["predictions"]
    assert found[0]["label"] in ("even", "odd")
    error = found[1]["error"]
    assert error["column"] == "grid" and what in error["message"] and "of the shape 8 × 8" in error["message"]


def test_a_missing_array_is_an_error_of_its_row(url: str) -> None:
    (row,) = instances(two_inputs.rows(1, 3))
    without = {name: value for name, value in row.items() if name != "grid"}
    for given in (without, {**row, "grid": None}):
        found = ask(url, "/predict", {"instances": [row, given]})["predictions"]
        assert found[1]["error"]["column"] == "grid"
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(url, "/predict", {"instances": [without]})
    assert caught.value.code == 422


def test_the_document_says_what_an_array_looks_like(url: str) -> None:
    row = ask(url, "/openapi.json")["components"]["schemas"]["Row"]
    shape = row["properties"]["grid"]
    assert shape["minItems"] == shape["maxItems"] == 8 and shape["items"]["items"] == {"type": "number"}
    assert "grid" in row["required"] and "8 × 8" in shape["description"]
    with urllib.request.urlopen(f"{url}/docs", timeout=5) as page:
        assert "8 × 8" in page.read().decode()


def test_a_quiet_window_is_ok_and_a_shifted_one_drifts(world: World, words: tuple[str, ...], url: str) -> None:
    for shift, verdict in ((0.0, "ok"), (1.0, "drift")):
        ask(url, "/predict", {"instances": instances(two_inputs.rows(300, 4, shift))})
        result = world.run(*words, "pipeline=monitoring")
        assert result.summary["monitoring"]["verdict"] == verdict, result.said
    drifted = {one["column"] for one in result.summary["monitoring"]["columns"] if one["verdict"] == "drift"}
    assert "grid.mean" in drifted and "size" not in drifted


def test_the_journal_keeps_a_digest_and_the_summary(world: World, url: str) -> None:
    (row,) = instances(two_inputs.rows(1, 5))
    ask(url, "/predict", {"instances": [row]})
    kept = window(location.journal_url(Home(world.home), "two_inputs"), rows=1).inputs[0]
    assert {name: kept[name] for name in ("size", "wet")} == {name: row[name] for name in ("size", "wet")}
    assert set(kept["grid"]) == {"sha256", "summary"} and len(kept["grid"]["sha256"]) == 64
    assert kept["grid"]["summary"]["mean"] == pytest.approx(np.mean(row["grid"]), abs=1e-6)


def test_a_batch_predicts_what_the_service_predicts(world: World, words: tuple[str, ...], url: str) -> None:
    table = two_inputs.rows(60, 6)
    two_inputs.write(table, world.folder / "new.parquet")
    served = [row["label"] for row in ask(url, "/predict", {"instances": instances(table)})["predictions"]]
    for output in ("out.parquet", "out.csv"):
        asked = ("batch.input.path=new.parquet", f"batch.output.path={output}")
        result = world.run(*words, "pipeline=batch_inference", *asked)
        assert result.code == 0, result.said
    found = pq.read_table(world.folder / "out.parquet").to_pydict()
    assert found["prediction"] == served and found["grid"] == table["grid"].tolist()
    text = pd.read_csv(world.folder / "out.csv")
    assert text["prediction"].tolist() == served and json.loads(text["grid"][0]) == table["grid"][0]


def test_arrays_in_a_text_file_are_json(world: World, words: tuple[str, ...], url: str) -> None:
    table = two_inputs.rows(20, 7)
    served = [row["label"] for row in ask(url, "/predict", {"instances": instances(table)})["predictions"]]
    table.assign(grid=table["grid"].map(json.dumps)).drop(columns="kind").to_csv(world.folder / "new.csv", index=False)
    asked = ("batch.input.path=new.csv", "batch.output.path=text.parquet")
    result = world.run(*words, "pipeline=batch_inference", *asked)
    assert result.code == 0, result.said
    assert pq.read_table(world.folder / "text.parquet").to_pydict()["prediction"] == served


def test_a_trainer_that_takes_no_arrays_is_refused_before_it_trains(world: World, words: tuple[str, ...]) -> None:
    result = world.run(*words, "pipeline=training", "trainer=random_forest")
    assert result.code == 1
    assert "'random_forest' does not take the columns 'grid' (tensor)" in result.summary["error"]
    assert "data.columns.grid.type: drop" in result.summary["error"]
    result = world.run(
        *words, "pipeline=training", "trainer=rules", "trainer.rules=[{when: {column: size, above: 10}, then: odd}]"
    )
    assert result.code in (0, 3), result.said


def test_exploring_shows_arrays_by_their_summaries(world: World, words: tuple[str, ...]) -> None:
    result = world.run(*words, "pipeline=explore")
    assert result.code == 0, result.said
    (page,) = (world.home / "reports" / "two_inputs").glob("explore-*.html")
    text = page.read_text(encoding="utf-8")
    assert "grid.mean" in text and "type: tensor" in text
