"""`explain=true`: what moved each prediction, within the deadline, and nothing else for those who do not ask."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from jsonschema import Draft202012Validator

from ml.explanations.explainer import Explainer, Explanation, SecondsLeft
from ml.explanations.explainers import explainer_of
from ml.explanations.shapley import SampledExplainer
from ml.predictions.predictor import FEATURES, ArrayPredictor, Arrays, Cells, Predictions
from ml.validation.rows import Validator
from ml.values.tensor import Tensor
from schemas.deploy_spec import DeploySpec
from schemas.signature import Input, NumberDerivation, Output, Signature, TensorDerivation
from serving.http.errors import HttpError
from serving.http.pulse import Pulse
from serving.http.reading import reader
from serving.journal.predictions import window
from serving.releases.publisher import publish
from tests.serving import packages
from tests.serving.conftest import Local, LocalApp

ROW = packages.ROW


def asked(local: Local, *bodies: Any) -> list[httpx.Response]:
    """Send bodies at the same time; return the responses in their order."""

    async def scenario() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(local.app), base_url="http://service") as http:
            return list(await asyncio.gather(*(http.post("/predict", json=body) for body in bodies)))

    return asyncio.run(scenario())


@pytest.fixture
def sampling(local: LocalApp, tmp_path: Path) -> Iterator[Local]:
    """An application that predicts with a package of before there were explanations."""
    with local(DeploySpec(), 5.0) as opened:
        publish(opened.journal_url, "2", str(packages.write_onnx(tmp_path / "onnx")), timeout=10)
        while opened.follower.current is None or opened.follower.current.version != "2":
            time.sleep(0.01)
        yield opened


@pytest.fixture
def constant(local: LocalApp) -> Iterator[Local]:
    """An application that predicts the same for every row."""
    with local(DeploySpec(), 5.0) as opened:
        yield opened


class Stuck(Explainer):
    """Explains a row at once, and stands still at the second one until it is released, whatever time it is."""

    def __init__(self, size: int = 100) -> None:
        self.bytes_per_row = size
        self.released = threading.Event()

    def explain(self, cells: Cells, predictions: Predictions, left: SecondsLeft) -> Iterator[Explanation]:
        while True:
            yield {"method": "exact", "of": "value", "base": 0.0, "contributions": {}}
            assert self.released.wait(30)
            if left() <= 0:
                return


@contextmanager
def stuck(local: LocalApp, spec: DeploySpec, size: int = 100) -> Iterator[Local]:
    explainer = Stuck(size)
    with local(spec, 5.0) as opened:
        object.__setattr__(opened.follower.current, "explainer", explainer)
        try:
            yield opened
        finally:
            explainer.released.set()


def test_a_model_of_an_old_package_is_explained_by_sampling_as_the_document_says(sampling: Local) -> None:
    first, again = asked(sampling, *[{"explain": True, "instances": [ROW, {**ROW, "size": 9.5}]}] * 2)
    predictions = first.json()["predictions"]
    for one in predictions:
        said = one["explanation"]
        assert list(one) == ["label", "probabilities", "needs_review", "explanation"]
        assert list(said) == ["method", "of", "base", "contributions", "error"]
        assert (said["method"], said["of"]) == ("sampled", "probability")
        assert set(said["contributions"]) == set(said["error"]) == set(ROW)
        total = said["base"] + sum(said["contributions"].values())
        assert total == pytest.approx(one["probabilities"][one["label"]], abs=1e-6)
    assert again.json()["predictions"] == predictions
    components, schema = described(sampling)
    assert components["schemas"]["PredictRequest"]["properties"]["explain"]["type"] == "boolean"
    valid = Draft202012Validator(schema | {"components": components}).is_valid
    broken = json.loads(first.text)
    broken["predictions"][0]["explanation"]["method"] = "guessed"
    assert valid(first.json()) and not valid(broken)


def described(local: Local) -> tuple[Any, Any]:
    """Return the components of the document, and the schema of an answer."""

    async def scenario() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(local.app), base_url="http://service") as http:
            return await http.get("/openapi.json")

    document = asyncio.run(scenario()).json()
    replies = document["paths"]["/predict"]["post"]["responses"]
    return document["components"], replies["200"]["content"]["application/json"]["schema"]


def test_who_does_not_ask_gets_none_rows_with_errors_keep_them_and_the_journal_keeps_none(constant: Local) -> None:
    explained = {"explain": True, "instances": [{"size": "big"}, ROW, {**ROW, "extra": 1}]}
    without, declined, asked_for = (
        response.json()["predictions"]
        for response in asked(constant, {"instances": [ROW]}, {"instances": [ROW], "explain": False}, explained)
    )
    assert without == declined and "explanation" not in without[0]
    first, predicted, last = asked_for
    assert list(first) == list(last) == ["error"]
    assert predicted.pop("explanation") == {
        "method": "exact",
        "of": "probability",
        "base": pytest.approx(0.7),
        "contributions": dict.fromkeys(ROW, 0.0),
    }
    assert [predicted] == without
    assert window(constant.journal_url, rows=3).records == [predicted] * 3


def test_it_is_true_or_false_beside_the_rows(constant: Local) -> None:
    words: list[Any] = ["true", 1, 0, None, [], {}]
    for response in asked(constant, *({"instances": [ROW], "explain": word} for word in words)):
        assert response.status_code == 400
        assert response.json() == {"error": {"message": '"explain" must be true or false'}}
    alone, other = asked(constant, {"explain": True}, {"instances": [ROW], "explian": True})
    assert alone.status_code == other.status_code == 400
    assert 'the key "instances" is missing' in alone.json()["error"]["message"]
    assert "unknown keys ['explian']" in other.json()["error"]["message"]


def test_what_would_pass_the_deadline_is_left_out_and_says_so(local: LocalApp) -> None:
    with stuck(local, DeploySpec(deadline=2.0)) as opened:
        (response,) = asked(opened, {"instances": [ROW] * 3, "explain": True})
    assert response.status_code == 200
    assert [one["label"] for one in response.json()["predictions"]] == ["yes"] * 3
    first, *others = (one["explanation"] for one in response.json()["predictions"])
    assert first["method"] == "exact"
    assert others == [{"skipped": "it would have passed the deadline of 2 seconds (deploy.deadline)"}] * 2


class Fails(Explainer):
    """Explains the first row, and cannot explain the second."""

    bytes_per_row = 100

    def explain(self, cells: Cells, predictions: Predictions, left: SecondsLeft) -> Iterator[Explanation]:
        yield {"method": "exact", "of": "value", "base": 0.0, "contributions": {}}
        raise MemoryError("no room for mixed rows")


def test_where_an_explanation_fails_the_predictions_are_answered_and_it_is_said_and_logged(
    local: LocalApp, caplog: pytest.LogCaptureFixture
) -> None:
    with local(DeploySpec(), 5.0) as opened:
        object.__setattr__(opened.follower.current, "explainer", Fails())
        (response,) = asked(opened, {"instances": [ROW] * 3, "explain": True})
        assert len(window(opened.journal_url, rows=3).records) == 3
    assert response.status_code == 200
    predictions = response.json()["predictions"]
    assert [one["label"] for one in predictions] == ["yes"] * 3
    first, *others = (one["explanation"] for one in predictions)
    assert first["method"] == "exact"
    assert others == [{"skipped": "it failed; the service's log says why"}] * 2
    assert "no room for mixed rows" in caplog.text


def test_who_waits_behind_another_explanation_is_answered_without_and_who_asks_for_none_does_not_wait(
    local: LocalApp,
) -> None:
    ended: list[str] = []
    with stuck(local, DeploySpec(deadline=2.0)) as opened:

        async def scenario() -> list[httpx.Response]:
            transport = httpx.ASGITransport(opened.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:

                async def post(name: str, **more: Any) -> httpx.Response:
                    response = await http.post("/predict", json={"instances": [ROW] * 2, **more})
                    ended.append(name)
                    return response

                first, second = post("first", explain=True), post("second", explain=True)
                return [*await asyncio.gather(first, second, post("plain"))]

        first, second, plain = (response.json()["predictions"] for response in asyncio.run(scenario()))
    assert [list(one["explanation"])[-1] for one in first] == ["contributions", "skipped"]
    assert [list(one["explanation"]) for one in second] == [["skipped"]] * 2
    assert ended[0] == "plain" and all("explanation" not in one for one in plain)


def test_the_bound_on_an_answer_counts_explanations(local: LocalApp) -> None:
    rows = [ROW] * 20
    with local(DeploySpec(max_answer=3_000), 5.0) as opened:
        plain, explained, fewer = asked(
            opened,
            {"instances": rows},
            {"instances": rows, "explain": True},
            {"instances": rows[:5], "explain": True},
        )
    assert (plain.status_code, explained.status_code, fewer.status_code) == (200, 413, 200)
    message = explained.json()["error"]["message"]
    assert message.startswith("the explained answer to 20 rows is too large (deploy.max_answer): send ")
    assert len(fewer.content) < 3_000


def test_where_not_even_one_explained_row_is_small_enough_it_says_to_leave_them_out(local: LocalApp) -> None:
    with stuck(local, DeploySpec(max_answer=1_000), size=5_000) as opened:
        (response,) = asked(opened, {"instances": [ROW], "explain": True})
    assert response.status_code == 413 and response.json()["error"]["message"].endswith(": leave out explain")


def test_each_thread_is_watched_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[int] = []
    monkeypatch.setattr("serving.http.pulse.os.kill", lambda process, _signal: killed.append(process))
    pulse = Pulse(-10.0)  # so that whatever has begun has taken too long
    other = threading.Thread(target=pulse.begin)
    other.start()
    other.join()
    pulse.begin()
    pulse.end()
    pulse.look(None)
    assert len(killed) == 1


GRID = Signature(
    inputs=[Input(name="grid", type="tensor", shape=[2, 2], dtype="float32"), Input(name="size", type="number")],
    derivations=[TensorDerivation(column="grid", shape=[2, 2], dtype="float32"), NumberDerivation(column="size")],
    features=["size"],
    output=Output(task="regression", target="t"),
)


class Adds(ArrayPredictor):
    """The sum of an array, and twice a number."""

    def predict_arrays(self, arrays: Arrays) -> Predictions:
        sums = np.asarray(arrays["grid"]).sum(axis=(1, 2)).astype(np.float64)
        return Predictions(values=sums + 2 * np.asarray(arrays[FEATURES])[:, 0])


def test_an_array_is_one_input_whichever_way_round_the_request_is_written() -> None:
    rows = '"instances": [{"grid": [[1, 2], [3, 4]], "size": 5}, {"grid": [[1, 2]], "size": 5}]'
    admitted: list[tuple[int, bool]] = []
    reads = reader(GRID, Validator(GRID), DeploySpec(), "digest", {})
    asked_first, asked_last, unasked = (
        reads.read(body.encode(), lambda count, explain: admitted.append((count, explain)), lambda: None)
        for body in (f'{{"explain": true, {rows}}}', f'{{{rows}, "explain": true}}', f'{{{rows}, "explain": false}}')
    )
    assert (asked_first.explain, asked_last.explain, unasked.explain) == (True, True, False)
    assert admitted[3:6] == [(1, False), (2, False), (2, True)], "what is said at the end counts for all rows"
    assert asked_first.checked == asked_last.checked and list(asked_first.checked.errors) == [1]
    background: dict[str, Any] = {"grid": [Tensor(np.zeros((2, 2), dtype=np.float32))] * 3, "size": [1.0] * 3}
    explainer = explainer_of(Adds(), GRID, None, background)
    assert isinstance(explainer, SampledExplainer)
    (said,) = explainer.explain(asked_last.checked.cells, Predictions(values=np.array([20.0])), lambda: 60.0)
    assert (said["base"], said["contributions"]) == (2, {"grid": 10, "size": 8})


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ('"explain": 1, ', '"explain" must be true or false'),
        ('"explain": true, "explain": true, ', "stands twice"),
        ('"explian": true, ', "unknown keys ['explian']"),
    ],
)
def test_a_request_of_arrays_says_it_once_and_strictly(more: str, what: str) -> None:
    body = f'{{{more}"instances": [{{"grid": [[1, 2], [3, 4]], "size": 5}}]}}'.encode()
    with pytest.raises(HttpError) as caught:
        reader(GRID, Validator(GRID), DeploySpec(), "digest", {}).read(
            body, lambda _count, _explain: None, lambda: None
        )
    assert caught.value.status == 400 and what in caught.value.message
