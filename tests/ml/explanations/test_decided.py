"""What rules and constants say of their predictions."""

from typing import Any

import numpy as np
from pydantic_core import to_json

from ml.explanations.explainers import explainer_of
from ml.runtimes.rules import Constant, ConstantModel, DecisionList
from schemas.rules import RuleSet
from schemas.signature import Input, NumberDerivation, Output, Signature

OUTPUT = Output(task="binary", target="late", classes=["no", "yes"])
SIGNATURE = Signature(
    inputs=[Input(name="distance", type="number", nullable=True), Input(name="weather", type="category")],
    derivations=[NumberDerivation(column="distance")],
    features=["distance"],
    output=OUTPUT,
)
RULES = RuleSet.model_validate(
    {
        "rules": [
            {"when": {"column": "weather", "matches": "^storm"}, "then": "yes"},
            {
                "when": {
                    "all": [
                        {"column": "distance", "above": 100.0},
                        {"any": [
                            {"column": "weather", "equals": "rain"},
                            {"all": [
                                {"column": "distance", "above": 300.0},
                                {"column": "weather", "not_equals": "snow"},
                            ]},
                        ]},
                    ]
                },
                "then": "yes",
            },
            {"when": {"column": "distance", "missing": True}, "abstain": True},
        ],
        "otherwise": "no",
        "columns": {"distance": "number", "weather": "category"},
    }
)  # fmt: skip
CELLS: dict[str, Any] = {
    "distance": [5.0, 150.0, 400.0, 400.0, None, 5.0],
    "weather": ["stormy", "rain", "rain", "sun", "sun", "sun"],
}


def test_rules_say_which_one_decided_and_which_of_its_conditions_held() -> None:
    model = DecisionList(RULES, OUTPUT)
    explainer = explainer_of(model, SIGNATURE, None, CELLS)
    found = list(explainer.explain(CELLS, model.predict_cells(CELLS), lambda: 60.0))
    assert [one["rule"]["index"] for one in found] == [0, 1, 1, 1, 2, None]
    assert [one["conditions"] for one in found] == [
        ["weather matches '^storm'"],
        ["distance is above 100", "weather is 'rain'"],
        ["distance is above 100", "weather is 'rain'", "distance is above 300", "weather is not 'snow'"],
        ["distance is above 100", "distance is above 300", "weather is not 'snow'"],
        ["distance is missing"],
        [],
    ]
    assert [one["rule"]["text"] for one in found[-2:]] == ["if distance is missing: abstain", "otherwise: 'no'"]
    assert {(one["method"], one["of"]) for one in found} == {("exact", "label")}
    assert max(len(to_json(one)) for one in found) <= explainer.bytes_per_row
    assert list(explainer.explain(CELLS, model.predict_cells(CELLS), lambda: 0.0)) == []


def test_nothing_moves_a_constant() -> None:
    model = ConstantModel(Constant(probabilities=[0.3, 0.7]), OUTPUT)
    predicted = model.predict(np.zeros((2, 1), dtype=np.float32))
    explainer = explainer_of(model, SIGNATURE, None, CELLS)
    assert (
        list(explainer.explain(CELLS, predicted, lambda: 60.0))
        == [{"method": "exact", "of": "probability", "base": 0.7, "contributions": {"distance": 0.0, "weather": 0.0}}]
        * 2
    )
    assert list(explainer.explain(CELLS, predicted, lambda: 0.0)) == []
