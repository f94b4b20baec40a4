"""The OpenAPI document: it says of bodies what the service takes and answers, for every task."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from ml.validation.rows import Validator
from schemas.deploy_spec import DeploySpec
from schemas.signature import Input, Output, Signature
from serving.http.app import ENDPOINTS
from serving.http.openapi import document
from tests.serving import packages
from tests.serving.conftest import LocalApp

INPUTS = [
    Input(name="size", type="number", range=(0, 10), unit="m²"),
    Input(name="rooms", type="number", integer=True, nullable=True),
    Input(name="garden", type="boolean"),
    Input(name="lift", type="boolean", nullable=True),
    Input(name="city", type="category", categories=["Bern", "Genève"]),
    Input(name="who", type="identifier", nullable=True),
    Input(name="built", type="date", nullable=True),
    Input(name="model_config", type="number", nullable=True),
    Input(name="note", type="text", nullable=True, max_characters=20, languages=["de", "en"]),
]
ROW = {"size": 3.5, "garden": True, "city": "Bern"}
OUTPUTS = {
    "binary": Output(task="binary", target="t", classes=["no", "yes"]),
    "truths": Output(task="binary", target="t", classes=[False, True]),
    "multiclass": Output(task="multiclass", target="t", classes=[0, 1, 2]),
    "fractions": Output(task="multiclass", target="t", classes=[1.0, 2.5]),
    "mixed": Output(task="multiclass", target="t", classes=["a", 1, True]),
    "one class": Output(task="multiclass", target="t", classes=["a"]),
    "regression": Output(task="regression", target="t", unit="CHF"),
}


def signature(output: Output) -> Signature:
    return Signature(inputs=INPUTS, ignored=["listing id"], derivations=[], features=[], output=output)


def made(output: Output | None) -> dict[str, Any]:
    if output is None:
        return document(ENDPOINTS, "house", None, None)
    return document(ENDPOINTS, "house", "1", signature(output), ROW)


def takes(found: dict[str, Any], name: str, body: Any) -> bool:
    schema = {"$ref": f"#/components/schemas/{name}", "components": found["components"]}
    return bool(Draft202012Validator(schema).is_valid(body))


def references(content: Any) -> Iterator[str]:
    if isinstance(content, dict):
        yield from (value for key, value in content.items() if key == "$ref")
        content = list(content.values())
    if isinstance(content, list):
        for value in content:
            yield from references(value)


@pytest.mark.parametrize("output", [None, *OUTPUTS.values()], ids=["none", *OUTPUTS])
def test_it_is_whole_and_its_examples_are_what_it_takes(output: Output | None) -> None:
    found = made(output)
    schemas = found["components"]["schemas"]
    assert set(schemas) == {
        *("Row", "PredictRequest", "Prediction", "RowError", "PredictResponse", "Label", "FeedbackRequest"),
        *("FeedbackResponse", "Release", "RolloutProgress", "SignalProgress", "Error", "ErrorDetail", "Ready"),
        *("Contributions", "Decision", "Skipped", "Rule", "Flag", "Moved"),
        *("InferRequest", "InferInput", "InferWanted", "InferResponse", "InferOutput", "ProtocolError"),
        *("ServerMetadata", "Live", "ServerReady", "ModelMetadata", "TensorMetadata", "ModelReady"),
    }
    assert {one.rsplit("/", 1)[1] for one in references(found)} <= set(schemas)
    Draft202012Validator.check_schema({"$defs": schemas})
    for path, name in (
        ("/predict", "PredictRequest"),
        ("/feedback", "FeedbackRequest"),
        ("/v2/models/{model_name}/infer", "InferRequest"),
    ):
        body = found["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        assert body["schema"] == {"$ref": f"#/components/schemas/{name}"} and takes(found, name, body["example"])


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"size": 3, "rooms": None, "garden": 0, "city": 7, "who": 1.5, "built": "2024-05-31", "listing id": [1]},
        {"rooms": 2, "lift": 1, "garden": False, "city": True, "who": "a", "model_config": 1.5},
        {"rooms": 2.0, "lift": None, "built": None, "who": None, "listing id": None},
        {"size": None},
        {"size": "3"},
        {"rooms": 2.5},
        {"garden": None},
        {"garden": 2},
        {"lift": "yes"},
        {"city": None},
        {"city": []},
        {"built": 3},
        {"extra": 1},
        {"note": "lovely and bright"},
        {"note": "x" * 21},
        {"note": 3},
        {"note": None},
    ],
)
def test_a_row_is_valid_by_the_document_where_it_is_valid_by_the_service(change: dict[str, Any]) -> None:
    row = ROW | change
    checked = Validator(signature(OUTPUTS["binary"])).check([row])
    assert takes(made(OUTPUTS["binary"]), "Row", row) == (not checked.errors)


def test_a_time_of_day_is_offered_in_its_own_form_and_never_as_a_date() -> None:
    opens = Input(name="opens", type="date", format="%H:%M", missing=[], decimal=".", offsets=False)
    output = OUTPUTS["binary"]
    clock = Signature(inputs=[opens], derivations=[], features=[], output=output)
    found = document(ENDPOINTS, "house", "1", clock, {"opens": "1900-01-01T08:30:00"})
    shape = found["components"]["schemas"]["Row"]["properties"]["opens"]
    assert shape == {"type": "string", "description": "written as %H:%M, as in training, such as 09:30"}
    example = found["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert example == {"instances": [{"opens": "08:30"}]}
    validator = Validator(clock)
    assert validator.check(example["instances"]).cells["opens"] == ("1900-01-01T08:30:00",)
    for value, words in (
        ("2024-05-31", "is not a time of day written as %H:%M, such as \"09:30\": '2024-05-31'"),
        ("soon", "is not a time of day written as %H:%M, such as \"09:30\": 'soon'"),
        (8, 'must be a time of day written as %H:%M, such as "09:30", not the number 8'),
    ):
        assert validator.check([{"opens": value}]).errors[0]["message"] == words


def test_a_text_is_a_string_of_bounded_length_and_no_text_of_training_is_an_example() -> None:
    notes = [Input(name="note", type="text", max_characters=4), Input(name="more", type="text", nullable=True)]
    texts = Signature(inputs=notes, derivations=[], features=[], output=OUTPUTS["binary"])
    found = document(ENDPOINTS, "house", "1", texts, {"note": "a secret of training", "more": None})
    row = found["components"]["schemas"]["Row"]["properties"]
    assert row["note"] == {
        "type": "string", "maxLength": 4, "minLength": 1, "description": "free text; of one word at least"
    }  # fmt: skip
    assert row["more"] == {"type": ["string", "null"], "maxLength": 10_000, "description": "free text"}
    example = found["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert not Validator(texts).check(example["instances"]).errors and "secret" not in str(found)
    spoken = made(OUTPUTS["binary"])["components"]["schemas"]["Row"]["properties"]["note"]
    assert spoken["description"] == "free text; in de or en"


def test_only_a_column_without_missing_values_is_required() -> None:
    row = made(OUTPUTS["binary"])["components"]["schemas"]["Row"]
    assert row["required"] == ["size", "garden", "city"] and row["additionalProperties"] is False
    assert row["properties"]["size"] == {"type": "number", "description": "unit m²; 0 to 10 in training"}
    assert row["properties"]["rooms"] == {"type": ["integer", "null"]}
    assert row["properties"]["lift"]["type"] == ["boolean", "integer", "null"]


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
def test_an_answer_and_a_label_are_of_the_task(output: Output) -> None:
    found = made(output)
    labels = [*(output.classes or [1.5]), "another", 9]
    wanted = [label in (output.classes or [1.5, 9]) for label in labels]
    assert [takes(found, "Label", label) for label in labels] == wanted and not takes(found, "Label", None)
    regression = output.task == "regression"
    assert takes(found, "Prediction", {"value": 1.5, "needs_review": False}) == regression
    assert takes(found, "Prediction", {"label": labels[0], "needs_review": False}) != regression
    assert takes(found, "Prediction", {"label": None, "needs_review": True}) != regression, "rules may abstain"
    assert not takes(found, "Prediction", {"label": "another", "needs_review": False})


def test_what_a_living_service_answers_is_as_its_document_says(local: LocalApp) -> None:
    requests: list[tuple[str, str, Any]] = [
        ("post", "/predict", {"instances": [packages.ROW, {"size": "big"}]}),
        ("post", "/predict", {"instances": [{"size": "big"}]}),
        ("post", "/predict", {"rows": []}),
        ("post", "/feedback", {"request_id": "none", "label": "yes"}),
        *(("get", path, None) for path in ("/releases", "/readyz", "/livez", "/metrics", "/docs", "/openapi.json")),
    ]

    async def scenario(app: Any) -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as http:
            answers = [await http.request(method, path, json=body) for method, path, body in requests]
            label = {"request_id": answers[0].json()["request_id"], "index": 0, "label": "yes"}
            requests.append(("post", "/feedback", label))
            return [*answers, await http.post("/feedback", json=label)]

    with local(DeploySpec(), 5.0) as opened:
        answers = asyncio.run(scenario(opened.app))
    found = next(one for one in answers if one.url.path == "/openapi.json").json()
    assert {answer.status_code for answer in answers} == {200, 400, 404, 422}
    for (method, path, _), answer in zip(requests, answers, strict=True):
        content = found["paths"][path][method]["responses"][str(answer.status_code)]["content"]
        ((media, body),) = content.items()
        assert answer.headers["content-type"].split(";")[0] == media
        said = answer.json() if media == "application/json" else answer.text
        Draft202012Validator(body["schema"] | {"components": found["components"]}).validate(said)
