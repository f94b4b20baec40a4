"""Permutation importance: what it is, how sure it is, what it costs, and how it is shown."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from ml.evaluation.importance import REPEATS, measure
from ml.evaluation.importance_plot import importance_picture
from ml.evaluation.report import render_evaluation
from ml.package import model_card
from ml.package.model import PackagedModel
from ml.predictions.predictor import Cells, Predictions, Predictor
from schemas.base import Scalar, Task
from schemas.choice import Choice
from schemas.data import Problem
from schemas.evaluation import Evaluation, Importance, InputImportance
from schemas.rules import RuleSet
from schemas.signature import DateDerivation, Derivation, Input, NumberDerivation, Output, Signature
from steps.components import create
from tests.ml.bench import Bench, rows

Packaged = Callable[..., PackagedModel]
NAMES = ("used", "twin", "noise")


class Weighing(Predictor):
    """A known function of the features, to the digit."""

    def __init__(self, *weights: float, seconds: float = 0.0) -> None:
        self._weights, self._seconds = np.array(weights), seconds
        self.asked = 0

    def predict(self, features: np.ndarray) -> Predictions:
        self.asked += len(features)
        time.sleep(self._seconds)
        return Predictions(values=features.astype(np.float64) @ self._weights)


def model_of(runtime: Predictor, names: tuple[str, ...] = NAMES, task: Task = "regression") -> PackagedModel:
    derivations: list[Derivation] = [NumberDerivation(column=name) for name in names]
    classes: list[Scalar] | None = None if task == "regression" else ["no", "yes"]
    output = Output(task=task, target="y", classes=classes)
    inputs = [Input(name=name, type="number") for name in names]
    signature = Signature(inputs=inputs, derivations=derivations, features=list(names), output=output)
    return PackagedModel(None, None, signature, runtime)  # type: ignore[arg-type]


def table(count: int = 400, names: tuple[str, ...] = NAMES) -> pd.DataFrame:
    draw = np.random.default_rng(3)
    return pd.DataFrame({name: draw.normal(size=count) for name in names} | {"y": 0.0})


REGRESSION = Problem(target="y", task="regression", classes=None)


def test_the_drop_is_that_of_the_definition() -> None:
    """Of y = 3 x without error, shuffling x makes an error of 3 |x - x'|, whose mean square is 18 for normal x."""
    frame = table().assign(y=lambda known: 3 * known["used"])
    found = measure(model_of(Weighing(3, 0, 0)), frame, REGRESSION, "root_mean_squared_error", 1)
    assert [one.input for one in found.inputs] == ["used", "noise", "twin"] and found.score == pytest.approx(
        0, abs=1e-6
    )
    used, *others = found.inputs
    assert used.drop == pytest.approx(np.sqrt(18), rel=0.06)
    assert used.interval[0] < np.sqrt(18) < used.interval[1] and used.interval[1] - used.interval[0] < 1
    assert all((one.drop, one.interval) == (0, (0, 0)) for one in others), "what is not used is certainly not"
    assert (found.rows, found.repeats, found.left_out, found.why_not) == (400, REPEATS, 0, None)


def test_a_metric_that_should_be_high_drops_as_one_that_should_be_low_rises() -> None:
    frame = table().assign(y=lambda known: 3 * known["used"] + known["noise"])
    for metric in ("r2", "mean_absolute_error"):
        found = measure(model_of(Weighing(3, 0, 0)), frame, REGRESSION, metric, 1)
        assert found.inputs[0].input == "used" and found.inputs[0].interval[0] > 0
        assert found.inputs[0].drop > 0.5 and found.metric == metric


def test_inputs_that_say_the_same_share_their_importance() -> None:
    frame = table().assign(twin=lambda known: known["used"], y=lambda known: 3 * known["used"])
    alone = measure(model_of(Weighing(3, 0, 0)), frame, REGRESSION, "root_mean_squared_error", 1).inputs[0]
    shared = measure(model_of(Weighing(1.5, 1.5, 0)), frame, REGRESSION, "root_mean_squared_error", 1).inputs
    assert {one.input for one in shared[:2]} == {"used", "twin"}
    assert all(one.drop == pytest.approx(alone.drop / 2, rel=0.1) for one in shared[:2])


def test_all_that_is_derived_from_an_input_is_shuffled_with_it() -> None:
    output = Output(task="regression", target="y")
    signature = Signature(
        inputs=[Input(name="when", type="date"), Input(name="used", type="number")],
        derivations=[
            DateDerivation(column="when", parts=["year", "month"], start="2000-01-01"),
            NumberDerivation(column="used"),
        ],
        features=["when.year", "when.month", "used"],
        output=output,
    )
    model = PackagedModel(None, None, signature, Weighing(-1, 1, 0))  # type: ignore[arg-type]
    years = np.arange(300) % 12
    frame = pd.DataFrame({"when": [f"20{one + 10}-{one + 1:02}-01" for one in years], "used": 1.0, "y": -2009.0})
    found = measure(model, frame, REGRESSION, "mean_absolute_error", 1)
    assert found.score == 0 and [(one.input, one.drop) for one in found.inputs] == [("used", 0), ("when", 0)], (
        "the parts of one date are moved together, so that their difference stays"
    )


@pytest.mark.parametrize(
    ("task", "name", "metric"),
    [
        ("binary", "logistic_regression", "roc_auc"),
        ("binary", "random_forest", "log_loss"),
        ("multiclass", "gradient_boosting", "balanced_accuracy"),
        ("regression", "ridge", "root_mean_squared_error"),
    ],
)
def test_trained_models_rely_on_what_the_target_is_made_of(
    task: Task, name: str, metric: str, benches: dict[str, Bench], packaged: Packaged, tmp_path: Path
) -> None:
    bench = benches[task]
    fitted = create("train", Choice(name=name, params={})).fit(bench.matrix, bench.matrix, bench.signature, seed=1)
    model = packaged(fitted, bench, tmp_path / "package")
    held = rows(task, 400, seed=9)
    found = measure(model, held, bench.problem, metric, 5)
    assert [one.input for one in found.inputs[:2]] == ["größe in cm", "color"]
    assert all(one.interval[0] > 0 for one in found.inputs[:2]) and len(found.inputs) == 7
    assert found == measure(model, held, bench.problem, metric, 5), "the same seed, the same figures"
    assert found != measure(model, held, bench.problem, metric, 6)


def test_rules_are_measured_on_their_raw_cells() -> None:
    from ml.runtimes.rules import DecisionList

    rules = {
        "rules": [{"when": {"column": "used", "above": 0.0}, "then": "yes"}],
        "otherwise": "no",
        "columns": {"used": "number"},
    }
    model = model_of(Weighing(), task="binary")
    decided = PackagedModel(
        None, None, model.signature, DecisionList(RuleSet.model_validate(rules), model.signature.output)  # type: ignore[arg-type]
    )  # fmt: skip
    frame = table().assign(y=lambda known: np.where(known["used"] > 0, "yes", "no"))
    problem = Problem(target="y", task="binary", classes=["no", "yes"])
    found = measure(decided, frame, problem, "balanced_accuracy", 1)
    assert found.score == 1 and found.inputs[0].input == "used"
    assert found.inputs[0].drop == pytest.approx(0.5, abs=0.08) and {one.drop for one in found.inputs[1:]} == {0}
    missing = measure(decided, frame, problem, "roc_auc", 1)
    assert missing.inputs == [] and missing.why_not == "roc_auc is not defined on these rows"


def test_of_many_inputs_and_rows_some_rows_are_asked_and_the_most_important_inputs_kept() -> None:
    names = tuple(f"column {number}" for number in range(150))
    runtime = Weighing(*range(150))
    frame = table(5_000, names).assign(y=lambda known: known[[*names]].to_numpy() @ np.arange(150.0))
    found = measure(model_of(runtime, names), frame, REGRESSION, "r2", 1)
    assert (found.rows, len(found.inputs), found.left_out) == (100, 100, 50)
    assert runtime.asked == 50 + 100 + 100 * REPEATS * 150


def test_a_slow_model_is_asked_fewer_rows_and_a_very_slow_one_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.evaluation.importance._SECONDS", 1.0)
    frame = table().assign(y=1.0)
    slow = measure(model_of(Weighing(1, 1, 1, seconds=0.05)), frame, REGRESSION, "mean_absolute_error", 1)
    assert 20 <= slow.rows < 400 and len(slow.inputs) == 3
    runtime = Weighing(1, 1, 1, seconds=0.4)
    found = measure(model_of(runtime), frame, REGRESSION, "mean_absolute_error", 1)
    assert found.why_not == "the model takes too long to predict" and runtime.asked == 150


@pytest.mark.parametrize("count", [0, 1, 19])
def test_of_too_few_rows_nothing_is_said(count: int) -> None:
    found = measure(model_of(Weighing(1, 1, 1)), table(count), REGRESSION, "r2", 1)
    assert (found.inputs, found.why_not) == ([], "there are too few validation rows")


def test_predictions_that_are_not_finite_are_no_measure() -> None:
    class Diverges(Predictor):
        reads_cells = True

        def predict(self, features: np.ndarray) -> Predictions:
            raise AssertionError

        def predict_cells(self, cells: Cells) -> Predictions:
            known: Any = cells
            beside = np.array(known["used"]) == np.array(known["twin"])
            return Predictions(values=np.where(beside, 1.0, np.inf))

    frame = table().assign(twin=lambda known: known["used"], y=lambda known: known["noise"])
    with np.errstate(invalid="ignore"):
        found = measure(model_of(Diverges()), frame, REGRESSION, "mean_absolute_error", 1)
    assert found.inputs == [] and found.why_not == "mean_absolute_error is not defined on shuffled rows"


MEASURED = Importance(
    metric="roc_auc",
    score=0.93,
    rows=100,
    repeats=5,
    inputs=[
        InputImportance(input="<b>" + "n" * 80, drop=0.25, interval=(0.2, 0.3)),
        *(InputImportance(input=f"i{number}", drop=0.01, interval=(-0.02, 0.03)) for number in range(39)),
    ],
    left_out=7,
)


def test_the_page_shows_bars_a_table_and_what_the_figures_mean() -> None:
    page = render_evaluation("m", Evaluation(metrics={}, importance=MEASURED), {})
    section = page.split('id="importance"')[1]
    assert (
        "How much worse roc_auc gets (from 0.93 on the untouched rows)" in section and "100 validation rows" in section
    )
    assert section.count('<th scope="row">') == 20 and "27 other inputs mattered less." in section
    assert "share their importance" in section and "-0.02 to 0.03" in section and "<b>" not in section
    assert 'id="importance"' not in render_evaluation("m", Evaluation(metrics={}), {})
    refused = Evaluation(metrics={}, importance=Importance(metric="r2", why_not="<few>"))
    assert "Not measured: &lt;few&gt;." in render_evaluation("m", refused, {})


def test_the_picture_has_a_bar_and_an_interval_for_each_input_within_its_frame() -> None:
    drawn = ElementTree.fromstring(str(importance_picture(MEASURED)))
    bars = drawn.findall("rect")
    assert len(bars) == len([one for one in drawn.findall("path") if one.get("class") == "whisker"]) == 20
    assert all(0 <= float(bar.get("x") or -1) <= 360 and float(bar.get("width") or -1) >= 0 for bar in bars)
    assert float(bars[0].get("width") or 0) > 10 * float(bars[1].get("width") or 0) / 2
    none = MEASURED.model_copy(update={"inputs": [InputImportance(input="a", drop=0, interval=(0, 0))]})
    assert len(ElementTree.fromstring(str(importance_picture(none))).findall("rect")) == 1


def test_the_card_names_what_the_model_relies_on_most() -> None:
    card = model_card._importance(Evaluation(metrics={}, importance=MEASURED))
    assert card.startswith("It relies most on (how much worse roc_auc gets") and card.count("`i") == 4
    assert model_card._importance(Evaluation(metrics={})) == model_card._importance(None) == ""
