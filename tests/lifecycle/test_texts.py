"""Free text goes all the way round: learnt by weights and by order, served, refused by row, kept, watched."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from zenml.client import Client

from ml.features.derive import Deriver
from ml.features.matrix import make_matrix
from ml.package.storage import read_manifest
from ml.predictions.predictions import on_cells
from schemas.home import Home
from serving.journal import location
from serving.journal.predictions import window
from steps.components import create
from tests.lifecycle.conftest import Result, World, ask

pytestmark = [pytest.mark.own_worker, pytest.mark.slow, pytest.mark.untraced]
GOOD = ["lovely", "great", "joyful", "bright", "kind"]
BAD = ["awful", "poor", "muddy", "late", "rude"]
PLAIN = [
    "the",
    "room",
    "was",
    "and",
    "breakfast",
    "in",
    "street",
    "we",
    "stayed",
    "nights",
    "with",
    "view",
    "of",
    "sea",
]
YAML = """# @package _global_
defaults: [{{override /data: csv}}, {{override /trainer: logistic_regression}}]
name: {name}
data:
  path: {path}
  target: kind
  columns: {{note: {{type: text, max_characters: 400, languages: [en], max_tokens: 40}}}}
"""


def rows(count: int, seed: int, odd: float = 0.0) -> pd.DataFrame:
    """Notes on stays, `odd` of whose plain words are ones that nobody used before, beside the nights stayed."""
    draw = np.random.default_rng(seed)
    kinds = draw.integers(0, 2, count)
    notes = []
    for kind in kinds:
        words = [str(draw.choice(PLAIN)) if draw.random() >= odd else f"zq{draw.integers(0, 99)}" for _ in range(14)]
        words[int(draw.integers(0, 14))] = str(draw.choice(GOOD if kind else BAD))
        notes.append(" ".join(["We", "stayed", "here", *words]).capitalize() + ".")
    return pd.DataFrame({"note": notes, "nights": draw.integers(1, 9, count), "kind": np.where(kinds, "good", "bad")})


@pytest.fixture(scope="module")
def words(world: World) -> Iterator[tuple[str, ...]]:
    path = world.folder / "stays.csv"
    rows(500, 1).to_csv(path, index=False)
    yield (world.experiment("stays", YAML.format(name="stays", path=path)), "+experiment=stays")


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


def package_of(result: Result) -> Path:
    """Return the folder of the run's package."""
    steps = Client().get_pipeline_run(result.summary["runs"][0]).steps
    return Path(steps["package"].outputs["model"][0].uri) / "package"


def trained(result: Result) -> tuple[Any, Any]:
    """Fit the run's trainer once more on the run's own sets; return it and the signature."""
    steps = Client().get_pipeline_run(result.summary["runs"][0]).steps
    outputs = {name: step.outputs for name, step in steps.items()}
    schema = outputs["infer_schema"]["schema"][0].load()
    signature = outputs["fit_features"]["signature"][0].load()
    sets = [outputs["split"][which][0].load() for which in ("train_set", "validation_set")]
    chosen = read_manifest(package_of(result))
    matrices = [make_matrix(frame, signature, schema.problem) for frame in sets]
    return create("train", chosen.trainer).fit(*matrices, signature, seed=chosen.seed), signature


def require_equal(result: Result, asked: list[dict[str, Any]]) -> None:
    """Check that the service's predictions are the trained object's, classes equal and probabilities to 1e-4."""
    fitted, signature = trained(result)
    found = ask(str(result.summary["deployment"]["url"]), "/predict", {"instances": asked})["predictions"]
    cells = {name: [row[name] for row in asked] for name in ("note", "nights")}
    expected = on_cells(fitted, Deriver(signature))(cells)
    assert expected.codes is not None and expected.probabilities is not None
    assert [row["label"] for row in found] == [["bad", "good"][code] for code in expected.codes]
    served = [[row["probabilities"][label] for label in ("bad", "good")] for row in found]
    assert np.abs(np.array(served) - expected.probabilities).max() < 1e-4


def test_a_thousand_predictions_over_http_are_those_of_the_trained_object(deployed: Result) -> None:
    asked = [*instances(rows(990, 2, odd=0.3)), *({"note": f"word{place}", "nights": place} for place in range(10))]
    require_equal(deployed, asked)
    assert "py3langid" in read_manifest(package_of(deployed)).libraries
    assert deployed.summary["metrics"]["test"]["accuracy"] > 0.9


def test_words_in_their_order_are_served_as_they_were_learnt(world: World, words: tuple[str, ...]) -> None:
    small = ("trainer=keras_text", "trainer.epochs=6", "trainer.embedding=8", "trainer.learning_rate=0.02")
    result = world.run(*words, "name=stays_in_order", *small)
    assert result.code == 0, result.said
    require_equal(result, instances(rows(1000, 3, odd=0.3)))


def test_another_trainer_refuses_a_text_by_its_name(world: World, words: tuple[str, ...]) -> None:
    result = world.run(*words, "trainer=keras_mlp", "pipeline=training")
    assert result.code == 1
    assert "trainer.name: 'keras_mlp' does not take the columns 'note' (text)" in result.summary["error"]


@pytest.mark.parametrize(
    ("note", "what"),
    [
        ("", "counts as missing"),
        ("🎉 \u200b", "counts as missing"),
        ("x" * 401, "has 401 characters; at most 400 are taken"),
        ("Das Zimmer war leider sehr klein und das Frühstück kam immer zu spät.", "is in another language (de)"),
        ("half a \ud83d pair", "half of a surrogate pair"),
        (["a"], "must be a text, not a list"),
        (None, "is null"),
    ],
)
def test_what_is_no_good_text_is_an_error_of_its_row_alone(url: str, note: Any, what: str) -> None:
    row = {"note": "We stayed here in a lovely room.", "nights": 2}
    found = ask(url, "/predict", {"instances": [row, {**row, "note": note}, {**row, "note": "word"}]})["predictions"]
    assert found[0]["label"] == "good" and "label" in found[2]
    assert found[1]["error"]["column"] == "note" and what in found[1]["error"]["message"]


def test_the_documentation_answers_and_shows_no_text_of_training(url: str) -> None:
    for path in ("/docs", "/openapi.json"):
        with urllib.request.urlopen(url + path, timeout=30) as answer:
            content = answer.read().decode()
        assert answer.status == 200 and "some text" in content and "stayed here" not in content


def test_a_text_larger_than_a_request_may_be_harms_nobody(url: str) -> None:
    with pytest.raises((urllib.error.HTTPError, ConnectionError, urllib.error.URLError)):
        ask(url, "/predict", {"instances": [{"note": "a" * 11_000_000, "nights": 1}]})
    assert ask(url, "/predict", {"instances": [{"note": "a lovely room", "nights": 1}]})["predictions"][0]["label"]


def test_the_journal_keeps_what_stands_for_a_text(world: World, url: str) -> None:
    ask(url, "/predict", {"instances": [{"note": "We stayed here in a lovely zeppelin.", "nights": 2}]})
    kept = window(location.journal_url(Home(world.home), "stays"), rows=1).inputs[0]
    assert kept["nights"] == 2 and set(kept["note"]) == {"sha256", "summary"}
    summary = kept["note"]["summary"]
    assert (summary["characters"], summary["words"], summary["language"]) == (36, 7, "en")
    assert 0 < summary["unknown_share"] < 0.5


def test_a_prediction_is_explained_with_the_text_as_one_input(url: str) -> None:
    asked = {"instances": [{"note": "We stayed here in a lovely, great room.", "nights": 2}], "explain": True}
    (found,) = ask(url, "/predict", asked)["predictions"]
    assert set(found["explanation"]["contributions"]) == {"note", "nights"}


def test_a_quiet_window_is_ok_and_strange_words_drift(world: World, words: tuple[str, ...], url: str) -> None:
    for odd, verdict in ((0.0, "ok"), (0.5, "drift")):
        ask(url, "/predict", {"instances": instances(rows(300, 4, odd))})
        result = world.run(*words, "pipeline=monitoring", "monitor.window=300")
        assert result.summary["monitoring"]["verdict"] == verdict, result.said
    drifted = {one["column"] for one in result.summary["monitoring"]["columns"] if one["verdict"] == "drift"}
    assert "note.unknown_share" in drifted and "nights" not in drifted


def test_a_batch_predicts_what_the_service_predicts(world: World, words: tuple[str, ...], url: str) -> None:
    table = rows(60, 5)
    table.drop(columns="kind").to_csv(world.folder / "new.csv", index=False)
    served = [row["label"] for row in ask(url, "/predict", {"instances": instances(table)})["predictions"]]
    asked = ("batch.input.path=new.csv", "batch.output.path=out.csv")
    result = world.run(*words, "pipeline=batch_inference", *asked)
    assert result.code == 0, result.said
    found = pd.read_csv(world.folder / "out.csv")
    assert found["prediction"].tolist() == served and found["note"].tolist() == table["note"].tolist()


def test_the_first_look_shows_the_words_of_each_class(world: World, words: tuple[str, ...]) -> None:
    result = world.run(*words, "pipeline=explore")
    assert result.code == 0, result.said
    (page,) = Home(world.home).root.rglob("explore-*.html")
    text = page.read_text(encoding="utf-8")
    assert "Words of the texts" in text and "lovely" in text and "awful" in text
