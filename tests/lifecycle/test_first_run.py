"""What the first run of a shipped experiment leaves."""

import json
from math import exp
from pathlib import Path
from typing import Any

import pytest
from markupsafe import escape
from zenml.client import Client

from ml.package.storage import verify
from schemas.home import Home
from tests.lifecycle.conftest import Result, World, ask

SUMMARY_KEYS = [
    *("experiment", "pipeline", "stack", "status", "error", "model", "baseline", "metrics", "gate"),
    *("deployment", "monitoring", "capacity", "retraining", "seconds", "runs"),
]


def test_the_run_succeeds_and_its_summary_is_complete(first: Result) -> None:
    assert first.code == 0
    assert list(first.summary) == SUMMARY_KEYS
    assert first.summary["status"] == "succeeded"
    assert first.summary["model"] == {"name": "breast_cancer", "version": "1", "stage": "production"}
    assert first.summary["baseline"]["name"] == "majority"
    assert first.summary["metrics"]["test"]["roc_auc"] > 0.95
    low, high = first.summary["metrics"]["intervals"]["test"]["roc_auc"]
    assert low <= first.summary["metrics"]["test"]["roc_auc"] <= high
    assert first.summary["monitoring"]["verdict"] == "no_verdict"
    assert len(first.summary["runs"]) == 2


def test_the_stack_is_announced_as_it_is_made(first: Result) -> None:
    made = [line.split() for line in first.err.splitlines() if line.startswith("stack: create")]
    assert made and made[-1][2] == "stack" and len(made) == len({tuple(words) for words in made})


def test_the_last_loopback_url_printed_is_the_services(first: Result) -> None:
    urls = [word for word in first.out.split() if word.startswith("http://127.0.0.1")]
    assert urls[-1] == first.summary["deployment"]["url"]


def test_the_service_serves_the_version_of_the_summary(first: Result) -> None:
    releases = ask(first.summary["deployment"]["url"], "/releases")
    assert [(release["version"], release["weight"]) for release in releases] == [("1", 1.0)]
    assert first.summary["deployment"]["releases"][0]["version"] == "1"


def test_the_service_explains_a_prediction_by_the_coefficients(first: Result) -> None:
    url = first.summary["deployment"]["url"]
    document = ask(url, "/openapi.json")
    body = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]
    (one,) = ask(url, "/predict", body | {"explain": True})["predictions"]
    said = one["explanation"]
    assert (said["method"], said["of"], set(said["contributions"])) == ("exact", "log_odds", set(body["instances"][0]))
    total = said["base"] + sum(said["contributions"].values())
    assert 1 / (1 + exp(-total)) == pytest.approx(one["probabilities"][str(one["label"])], abs=1e-4)


def test_the_report_is_a_page_that_needs_no_network(first: Result) -> None:
    page = Path(first.summary["monitoring"]["report"]).read_text(encoding="utf-8")
    assert "<html" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page


def test_the_registered_version_has_metadata_pages_and_a_verified_package(first: Result) -> None:
    version = Client().get_model_version("breast_cancer", "1")
    assert version.stage == "production"
    assert version.run_metadata["gate"] == "passed"
    assert version.run_metadata["roc_auc (test)"] == first.summary["metrics"]["test"]["roc_auc"]
    linked = {name for name in ("model", "evaluation_page", "data_page") if version.get_artifact(name) is not None}
    assert linked == {"model", "evaluation_page", "data_page"}
    artifact = version.get_artifact("model")
    assert artifact is not None and artifact.visualizations is not None
    assert artifact.type == "ModelArtifact"
    assert {visual.type.value for visual in artifact.visualizations} == {"markdown"}
    manifest = verify(Path(artifact.uri) / "package")
    assert (manifest.runtime, manifest.gate is not None and manifest.gate.passed) == ("onnx", True)


def test_the_evaluation_page_has_the_gates_outcome_of_the_summary(first: Result, world: World) -> None:
    page = Home(world.home).report("breast_cancer", "evaluation", first.summary["runs"][0]).read_text(encoding="utf-8")
    assert 'Gate: <span class="state held">passed</span>' in page
    for check in first.summary["gate"]["checks"]:
        assert f'<th scope="row">{check["name"]}</th>' in page
        assert str(escape(check["why"])) in page
    assert "Confusion matrix" in page and "</svg></figure>" in page
    assert "What it relies on" in page and "How much worse roc_auc gets" in page


def test_the_test_set_access_is_recorded(first: Result) -> None:
    run = Client().get_pipeline_run(first.summary["runs"][0])
    metadata = run.steps["split"].outputs["test_set"][0].run_metadata
    looks: list[Any] = [
        json.loads(value) if isinstance(value, str) else value
        for key, value in metadata.items()
        if key.startswith("test-set access ")
    ]
    assert [look["step"] for look in looks] == ["open_test_set"]


def test_the_users_own_active_stack_is_left_alone(first: Result) -> None:
    assert Client().active_stack_model.name == "default"


def test_nothing_is_stored_with_pickle(first: Result, world: World) -> None:
    suspects = [
        path for path in world.folder.rglob("*") if path.suffix in {".pkl", ".pickle", ".joblib", ".cloudpickle"}
    ]
    assert suspects == []
