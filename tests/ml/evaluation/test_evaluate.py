"""Evaluation of a packaged model, its pictures and its page."""

from xml.etree import ElementTree

import numpy as np
import pytest
from markupsafe import Markup

from ml.evaluation.evaluate import evaluate, target_and_predictions
from ml.evaluation.plots import calibration_curve, confusion_matrix, pictures, predicted_against_actual, residuals
from ml.evaluation.report import render_evaluation
from ml.predictions.predictor import Predictions
from ml.trainers.sklearn.presets import LogisticRegression, Ridge
from schemas.data import Problem
from schemas.evaluation import CheckOutcome, Evaluation, GateVerdict

REGRESSION = Problem(target="y", task="regression")


def marks(picture: Markup, path: str) -> list[dict[str, str]]:
    return [mark.attrib for mark in ElementTree.fromstring(picture).iterfind(path)]


def dots(picture: Markup) -> list[tuple[float, float]]:
    return [(float(dot["cx"]), float(dot["cy"])) for dot in marks(picture, "g[@class='points']/circle")]


@pytest.mark.parametrize(
    ("trainer", "task", "metric"), [(LogisticRegression, "binary", "roc_auc"), (Ridge, "regression", "r2")]
)
def test_packaged_model_is_scored_on_raw_rows(trainer, task, metric, benches, packaged, tmp_path):
    bench = benches[task]
    fitted = trainer(trainer.Params()).fit(bench.matrix, bench.matrix, bench.signature, seed=0)
    model = packaged(fitted, bench, tmp_path / "package")
    answered = target_and_predictions(model, bench.asked, bench.problem)
    found, bounds = evaluate(bench.problem, *answered, seed=4)
    score, (low, high) = found[metric], bounds[metric]
    assert score is not None and 0.5 < score < 1 and low < score < high
    drawn = pictures(bench.problem, *answered)
    assert len(drawn) == 2 and all(ElementTree.fromstring(picture).tag == "svg" for picture in drawn.values())


def test_confusion_matrix_has_a_count_and_a_colour_for_each_pair_of_classes():
    target, codes = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 1])
    drawn = confusion_matrix(target, codes, ["<no>", "yes"])
    root = ElementTree.fromstring(drawn)
    texts = [text.text for text in root.iterfind("text")]
    assert texts[:4] == ["3", "1", "0", "2"] and texts[4:] == ["<no>", "<no>", "yes", "yes", "predicted", "actual"]
    assert [float(cell["fill-opacity"]) for cell in marks(drawn, "rect")] == [0.375, 0.125, 0, 0.5]


def test_confusion_matrix_of_many_classes_keeps_the_frequent_ones():
    problem = Problem(target="y", task="multiclass", classes=[f"class {n}" for n in range(40)])
    target = np.random.default_rng(0).integers(-1, 40, 500)
    (title, drawn), *others = pictures(problem, target, Predictions(codes=np.maximum(target, 0))).items()
    assert title == "Confusion matrix" and not others
    texts = [str(text.text) for text in ElementTree.fromstring(drawn).iterfind("text")]
    assert texts.count("other") == 2 and len({text for text in texts if text.startswith("class")}) == 20
    assert sum(int(text) for text in texts if text.isdigit()) == 500


def test_predictions_that_are_exact_lie_on_the_dashed_line():
    values = np.array([1.0, 3.0, 2.0])
    drawn = predicted_against_actual(values, values, REGRESSION)
    (guide,) = [line["d"] for line in marks(drawn, "path[@class='guide']") if "L" in line["d"]]
    start, end = (tuple(map(float, place.split())) for place in guide[1:].split("L"))
    low, high, middle = dots(drawn)
    assert (low, high) == (start, end)
    assert middle == pytest.approx(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), abs=0.1)


def test_residuals_are_predicted_less_actual_beside_their_histogram():
    target, values = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 2.0, 3.0, 3.0])
    drawn = residuals(target, values, REGRESSION)
    heights = [y for _, y in dots(drawn)]
    zero = float(marks(drawn, "path[@class='guide']")[0]["d"].split()[1].partition("L")[0])
    assert heights[0] < zero == heights[1] == heights[2] < heights[3]
    (histogram,) = marks(drawn, "path[@class='columns']")
    assert histogram["d"].count("M") == 3
    assert max(x for x, _ in dots(drawn)) < 358 * 0.8 + 40


def test_a_target_that_never_varies_and_more_rows_than_are_shown_are_drawn():
    constant = np.full(9, 5.0)
    assert len(dots(predicted_against_actual(constant, constant, REGRESSION))) == 9
    assert len(dots(residuals(constant, constant, REGRESSION))) == 9
    many = np.arange(5000.0)
    assert len(dots(residuals(many, many + 1, REGRESSION))) == 3000


@pytest.mark.parametrize("values", [[1.0, np.nan, 3.0], [np.inf, -np.inf, np.nan], [1e308, -1e308, 0.0]])
def test_predictions_that_are_not_finite_or_far_too_large_are_left_out(values):
    target, predicted = np.array([1.0, 2.0, 3.0]), np.array(values)
    drawn = [predicted_against_actual(target, predicted, REGRESSION), residuals(target, predicted, REGRESSION)]
    shown = int((np.abs(predicted) < 1e300).sum())
    assert [len(dots(picture)) for picture in drawn] == [shown, shown]


def test_errors_that_are_alike_but_for_rounding_have_a_histogram():
    target = np.random.default_rng(0).normal(size=100)
    assert marks(residuals(target, target + 1, REGRESSION), "path[@class='columns']")[0]["d"]


def test_page_is_self_contained_and_escapes_names():
    evaluation = Evaluation(
        metrics={"test": {"roc_auc": 0.9, "f1": None}}, intervals={"test": {"roc_auc": (0.8, 0.95)}}, rows={"test": 9}
    )
    made_by = "Trainer ridge, runtime onnx"
    page = render_evaluation(
        "<b>m</b>", evaluation, {"A": Markup("<svg></svg>")}, made_by=made_by, baseline={"roc_auc": 0.5}
    )
    assert "&lt;b&gt;m" in page and "<b>m" not in page
    assert "0.8 to 0.95" in page and "<svg></svg></figure>" in page and 'name="viewport"' in page
    assert "http" not in page
    assert f"{made_by}. Rows: 9 test" in page and "They are of the test set." in page
    assert '<td data-name="test">0.9' in page and '<td data-name="baseline">0.5' in page


def test_page_has_the_gates_outcome_and_every_check_with_value_threshold_and_reason():
    checks = [
        CheckOutcome(
            name="min.roc_auc", value=0.912, threshold=0.95, passed=False, why="roc_auc 0.912 is below <0.95>"
        ),
        CheckOutcome(name="no_worse_than_production", value=0.9, threshold=None, passed=True, why="first version"),
    ]
    evaluation = Evaluation(metrics={"test": {"roc_auc": 0.912}})
    page = render_evaluation("m", evaluation, {}, gate=GateVerdict(passed=False, checks=checks))
    section = page.split('id="gate"')[1].split("</table>")[0]
    assert '>Gate: <span class="state failed">refused</span>' in section
    refused, passed = section.split("<tr>")[2:]
    for part in ("min.roc_auc", 'class="state failed">refused', ">0.912<", ">0.95<", "is below &lt;0.95&gt;"):
        assert part in refused
    for part in ("no_worse_than_production", 'class="state held">passed', ">0.9<", ">–<", "first version"):
        assert part in passed
    assert section.index("Gate") < page.index("<h2>Metrics")
    nothing = render_evaluation("m", evaluation, {}, gate=GateVerdict(passed=True, checks=[]))
    assert "No check is declared: every model passes." in nothing
    assert 'id="gate"' not in render_evaluation("m", evaluation, {})


def test_calibration_leaves_out_bins_that_hold_next_to_no_rows_and_joins_nothing():
    sure = np.array([0.95] * 60 + [0.55] * 4 + [0.75] * 20)
    target = np.array([0] * 57 + [1] * 3 + [1] * 4 + [0] * 14 + [1] * 6)
    drawn = calibration_curve(target, np.zeros(84, dtype=np.int64), np.column_stack([sure, 1 - sure]))
    low, high = dots(drawn)
    assert low[0] < high[0] and low[1] > high[1], "0.75 sure and 0.7 right, 0.95 sure and 0.95 right"
    intervals = [
        [tuple(map(float, end.split())) for end in line["d"][1:].split("L")]
        for line in marks(drawn, "path[@class='interval']")
    ]
    for (x, right), ((left, lower), (_, upper)) in zip((low, high), intervals, strict=True):
        assert x == left and lower > right > upper
    assert not marks(drawn, "path[@class='curve']")


def test_calibration_of_too_few_rows_is_an_empty_picture():
    sure, codes = np.array([0.9, 0.6]), np.zeros(2, dtype=np.int64)
    drawn = calibration_curve(codes, codes, np.column_stack([sure, 1 - sure]))
    assert not dots(drawn) and marks(drawn, "path[@class='frame']")
