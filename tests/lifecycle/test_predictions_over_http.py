"""What a service predicts over HTTP equals what the trained object predicts, refitted here from the run's artifacts."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from schemas.home import ROOT
from tests.lifecycle.conftest import World, ask
from tests.lifecycle.parcels import YAML, parcels
from tests.lifecycle.refitted import ROWS, Deployed, Fresh, asked, instance, refitted

BATCH = 125


@pytest.fixture(scope="module")
def houses(world: World) -> Deployed:
    fresh: Fresh = {
        "agency_id": lambda draw: str(draw.randint(10**11, 10**12)),
        "district": lambda draw: f"Quartier {draw.randint(0, 9)} ☃",
        "condition": lambda draw: "never seen",
    }
    return refitted(world, "houses", ROOT / "examples" / "houses.csv", fresh)


@pytest.fixture(scope="module")
def mixed(world: World) -> Deployed:
    table = parcels(world.folder / "parcels.csv")
    text = YAML.format(path=table)
    assert len(text.splitlines()) <= 15
    fresh: Fresh = {
        "customer": lambda draw: f"K-{draw.randint(5000, 9000)}",
        "Farbe ✓": lambda draw: draw.choice(["ultraviolett", "", "紫"]),
    }
    return refitted(world, "parcels", table, fresh, world.experiment("parcels", text))


@pytest.fixture(params=["houses", "mixed"])
def deployed(request: pytest.FixtureRequest) -> Deployed:
    found: Deployed = request.getfixturevalue(request.param)
    return found


def status_of(url: str, body: Any) -> int:
    request = urllib.request.Request(f"{url}/predict", json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            code: int = response.status
            return code
    except urllib.error.HTTPError as error:
        return error.code


def page(url: str, path: str) -> str:
    with urllib.request.urlopen(f"{url}{path}", timeout=5) as response:
        assert response.status == 200
        text: str = response.read().decode()
        return text


@pytest.mark.untraced
def test_a_thousand_rows_over_http_are_predicted_as_the_trained_object_does(deployed: Deployed, tmp_path: Path) -> None:
    rows = asked(deployed, tmp_path / "asked.csv")
    sent = [instance(deployed, row, number) for number, row in enumerate(rows)]
    assert any(None in row.values() for row in sent) and any(len(row) < len(deployed.signature.inputs) for row in sent)
    answers = [
        answer
        for start in range(0, ROWS, BATCH)
        for answer in ask(deployed.url, "/predict", {"instances": sent[start : start + BATCH]})["predictions"]
    ]
    assert len(answers) == ROWS and not [answer for answer in answers if "error" in answer]
    expected = deployed.expected(tmp_path / "asked.csv")
    if expected.values is not None:
        np.testing.assert_allclose([answer["value"] for answer in answers], expected.values, rtol=1e-4)
        return
    classes = deployed.schema.problem.classes
    assert classes is not None and expected.codes is not None and expected.probabilities is not None
    assert [answer["label"] for answer in answers] == [classes[code] for code in expected.codes]
    given = np.array([[answer["probabilities"][str(label)] for label in classes] for answer in answers])
    assert np.abs(given - expected.probabilities).max() <= 1e-4
    assert len({answer["label"] for answer in answers}) == len(classes), "every class is among the predictions"


def test_unseen_values_and_gaps_change_predictions_so_that_the_comparison_means_something(
    mixed: Deployed, tmp_path: Path
) -> None:
    rows = asked(mixed, tmp_path / "asked.csv")
    known = {column.name: set(column.categories or ()) for column in mixed.signature.inputs}
    assert sum(row["Farbe ✓"] not in {*known["Farbe ✓"], ""} for row in rows) > 50
    assert sum(row["customer"].startswith(("K-5", "K-6", "K-7", "K-8")) for row in rows) > 50


def test_a_column_without_gaps_in_training_may_not_be_missing(mixed: Deployed, tmp_path: Path) -> None:
    row = instance(mixed, asked(mixed, tmp_path / "asked.csv")[0], 0)
    assert status_of(mixed.url, {"instances": [{**row, "Gewicht in kg": None}]}) == 422


def test_docs_and_openapi_name_every_column_also_the_ignored_ones(deployed: Deployed) -> None:
    ignored = deployed.signature.ignored
    assert ignored
    described = json.loads(page(deployed.url, "/openapi.json"))["components"]["schemas"]["Row"]["properties"]
    assert set(described) == {*(column.name for column in deployed.signature.inputs), *ignored}
    shown = page(deployed.url, "/docs")
    assert all(f"<code>{name}</code>" in shown for name in described)


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


ABSURD = [None, True, "r00001", "\ud800", "x" * 100_000, 10**400, nested(300), {"\udfff": [{}]}, float("nan")]


def test_whatever_stands_in_an_ignored_column_the_row_is_predicted_or_refused(
    deployed: Deployed, tmp_path: Path
) -> None:
    row = instance(deployed, asked(deployed, tmp_path / "asked.csv")[0], 0)
    plain = ask(deployed.url, "/predict", {"instances": [row]})["predictions"]
    seen: list[int] = []
    for value in ABSURD:
        sent = {**row, **dict.fromkeys(deployed.signature.ignored, value)}
        seen.append(status_of(deployed.url, {"instances": [sent]}))
    assert seen[:3] == [200] * 3, "what a table holds is answered"
    assert all(code == 200 or 400 <= code < 500 for code in seen), seen
    usual = {**row, **dict.fromkeys(deployed.signature.ignored, "r00001")}
    assert ask(deployed.url, "/predict", {"instances": [usual]})["predictions"] == plain, "it has no effect"
