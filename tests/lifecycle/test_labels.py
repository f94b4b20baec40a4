"""Labels over HTTP: counted exactly, scored as scikit-learn scores them, and worse predictions are drift."""

import json
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as theirs
from sqlalchemy import text

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from pipelines.execution.outcome import Outcome
from schemas.monitoring import MonitoringReport
from serving.journal.tables import open_existing
from steps.components import create
from tests.lifecycle.conftest import Result, World, ask

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]
PREDICTIONS, LABELLED, UNKNOWN, TWICE = 500, 270, 20, 10
Answered = list[tuple[str, int, dict[str, Any], Any]]


def frame_of(experiment: str) -> tuple[pd.DataFrame, str]:
    """Return the experiment's rows and the name of their target."""
    declared = load_run(compose(parse_arguments([f"+experiment={experiment}"])))
    return create("load", declared.data.source).read(), declared.data.target


def play(url: str, experiment: str, count: int) -> Answered:
    """Send rows one by one and in batches; return (request id, index, prediction, truth) for each."""
    frame, target = frame_of(experiment)
    rows = json.loads(frame.drop(columns=target).head(count).to_json(orient="records"))
    answered: Answered = []
    sizes, start = [1, 1, 7, 1, 20], 0
    while start < len(rows):
        chunk = rows[start : start + sizes[len(answered) % len(sizes)]]
        answer = ask(url, "/predict", {"instances": chunk})
        for index, one in enumerate(answer["predictions"]):
            answered.append((answer["request_id"], index, one, frame[target].tolist()[start + index]))
        start += len(chunk)
    return answered


def say(url: str, request_id: str, index: int, label: Any) -> str:
    """Send a label; return its status in words."""
    body = json.dumps({"request_id": request_id, "index": index, "label": label}).encode()
    request = urllib.request.Request(f"{url}/feedback", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            status: str = json.load(response)["status"]
            return status
    except urllib.error.HTTPError as error:
        assert error.code == 404
        return str(json.load(error)["error"]["message"])


def report_of(result: Result) -> MonitoringReport:
    from zenml.client import Client

    assert result.code == 0, result.said
    report = Outcome(Client().get_pipeline_run(result.summary["runs"][-1])).output("detect_drift", "report")
    assert isinstance(report, MonitoringReport)
    return report


@pytest.fixture(scope="module")
def served(world: World) -> str:
    url: str = world.run("+experiment=breast_cancer").summary["deployment"]["url"]
    return url


@pytest.fixture(scope="module")
def answered(served: str) -> Answered:
    found = play(served, "breast_cancer", PREDICTIONS)
    assert len(found) == PREDICTIONS
    return found


@pytest.fixture(scope="module")
def labelled(served: str, answered: Answered) -> Counter[str]:
    """300 labels: 270 first ones, 10 of them twice, 20 for predictions that do not exist."""
    said = [say(served, request_id, index, truth) for request_id, index, _, truth in answered[:LABELLED]]
    said += [say(served, request_id, index, truth) for request_id, index, _, truth in answered[:TWICE]]
    said += [say(served, f"01981c5e-7a40-7c1e-8f0a-{number:012}", 0, 1) for number in range(UNKNOWN)]
    return Counter(said)


@pytest.fixture(scope="module")
def monitored(world: World, labelled: Counter[str]) -> Result:
    return world.run("+experiment=breast_cancer", "pipeline=monitoring", f"monitor.window={PREDICTIONS}")


def test_three_hundred_labels_are_counted_exactly(served: str, labelled: Counter[str], world: World) -> None:
    assert labelled == {"recorded": LABELLED, "known": TWICE, "no prediction has this request_id": UNKNOWN}
    with urllib.request.urlopen(f"{served}/metrics", timeout=30) as response:
        lines = response.read().decode().splitlines()
    counted = {line.split('"')[3]: float(line.split()[-1]) for line in lines if line.startswith("drivetrain_labels_")}
    assert counted == {"recorded": LABELLED, "known": TWICE, "corrected": 0, "unknown": UNKNOWN, "refused": 0}
    with open_existing(f"sqlite:///{world.home / 'journals' / 'breast_cancer.db'}").connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM labels")).scalar() == LABELLED


def test_monitoring_counts_them_and_scores_as_scikit_learn_does(monitored: Result, answered: Answered) -> None:
    report = report_of(monitored)
    (found,) = report.performance
    pairs = answered[:LABELLED]
    truth = np.array([target for _, _, _, target in pairs])
    classes = list(pairs[0][2]["probabilities"])
    table = np.array([list(answer["probabilities"].values()) for _, _, answer, _ in pairs])
    chosen = [answer["label"] for _, _, answer, _ in pairs]
    assert (found.labelled, found.predictions) == (LABELLED, PREDICTIONS)
    assert [str(name) for name in sorted(set(truth))] == classes
    expected = {
        "accuracy": theirs.accuracy_score(truth, chosen),
        "balanced_accuracy": theirs.balanced_accuracy_score(truth, chosen),
        "roc_auc": theirs.roc_auc_score(truth, table[:, 1]),
        "log_loss": theirs.log_loss(truth, table),
    }
    assert {name: found.scores[name] for name in expected} == pytest.approx(
        expected, abs=1e-7
    )  # float32 probabilities do not sum to 1 to the last digit
    assert (found.verdict, report.verdict, monitored.summary["monitoring"]["verdict"]) == ("ok", "ok", "ok")
    assert found.metric == "roc_auc" and found.expected is not None and found.expected_interval is not None
    assert report.review is not None and report.review.handed_over == 0


def test_corrected_labels_that_contradict_the_predictions_are_drift_of_the_target_alone(
    monitored: Result, served: str, answered: Answered, world: World
) -> None:
    target = frame_of("breast_cancer")[1]
    first, second = sorted({truth for *_, truth in answered})
    other = {first: second, second: first}
    for request_id, index, _, truth in answered[:LABELLED:3]:
        assert say(served, request_id, index, other[truth]) == "corrected"
    result = world.run("+experiment=breast_cancer", "pipeline=monitoring", f"monitor.window={PREDICTIONS}")
    report, told = report_of(result), result.summary["monitoring"]
    assert all(column.verdict == "ok" for column in report.columns) and report.performance[0].verdict == "drift"
    assert report.performance[0].labelled == LABELLED
    assert told["verdict"] == "drift"
    assert [column["column"] for column in told["columns"] if column["verdict"] == "drift"] == [target]
    assert "The predictions have become worse" in Path(told["report"]).read_text(encoding="utf-8")
    assert result.err.count("The predictions have become worse: roc_auc") == 1 and "note: labels:" not in result.err


def test_a_regression_is_scored_as_scikit_learn_scores_it(world: World) -> None:
    trained = world.run("+experiment=houses")
    assert trained.code == 0, trained.said
    answered = play(trained.summary["deployment"]["url"], "houses", 60)
    for request_id, index, _, truth in answered:
        assert say(trained.summary["deployment"]["url"], request_id, index, truth) == "recorded"
    (found,) = report_of(world.run("+experiment=houses", "pipeline=monitoring")).performance
    truth, values = ([one[3] for one in answered], [one[2]["value"] for one in answered])
    assert found.labelled == len(answered) == 60
    assert found.scores["r2"] == pytest.approx(theirs.r2_score(truth, values))
    assert found.scores["mean_absolute_error"] == pytest.approx(theirs.mean_absolute_error(truth, values))
