"""Evaluation of a packaged model, its pictures and its page."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from ml.evaluation.evaluate import evaluate, target_and_predictions
from ml.evaluation.plots import calibration_curve, pictures
from ml.evaluation.report import render_evaluation
from ml.predictions.predictor import Predictions
from ml.trainers.sklearn.presets import LogisticRegression, Ridge
from schemas.data import Problem
from schemas.evaluation import Evaluation

PNG = b"\x89PNG\r\n\x1a\n"


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
    assert len(drawn) == 2 and all(data.startswith(PNG) for data in drawn.values())


def test_confusion_matrix_of_many_classes_keeps_the_frequent_ones():
    problem = Problem(target="y", task="multiclass", classes=[f"class {n}" for n in range(40)])
    target = np.random.default_rng(0).integers(-1, 40, 500)
    drawn = pictures(problem, target, Predictions(codes=np.maximum(target, 0)))
    assert list(drawn) == ["Confusion matrix"]


def test_page_is_self_contained_and_escapes_names():
    evaluation = Evaluation(
        metrics={"test": {"roc_auc": 0.9, "f1": None}}, intervals={"test": {"roc_auc": (0.8, 0.95)}}, rows={"test": 9}
    )
    made_by = "Trainer ridge, runtime onnx"
    page = render_evaluation("<b>m</b>", evaluation, {"A": PNG}, made_by=made_by, baseline={"roc_auc": 0.5})
    assert "&lt;b&gt;m" in page and "<b>m" not in page
    assert "0.8 to 0.95" in page and "data:image/png;base64," in page and 'name="viewport"' in page
    assert "http" not in page
    assert f"{made_by}. Rows: 9 test" in page and "They are of the test set." in page
    assert '<td data-name="test">0.9' in page and '<td data-name="baseline">0.5' in page


def test_calibration_leaves_out_bins_that_hold_next_to_no_rows_and_joins_nothing():
    sure = np.array([0.95] * 60 + [0.55] * 4 + [0.75] * 20)
    target = np.array([0] * 57 + [1] * 3 + [1] * 4 + [0] * 14 + [1] * 6)
    figure = calibration_curve(target, np.zeros(84, dtype=np.int64), np.column_stack([sure, 1 - sure]))
    (axes,) = figure.axes
    intervals, dots = axes.collections
    assert isinstance(intervals, LineCollection)
    drawn = np.asarray(dots.get_offsets())
    assert drawn == pytest.approx(np.array([[0.75, 0.7], [0.95, 0.95]]))
    for (_, right), segment in zip(drawn, intervals.get_segments(), strict=True):
        assert segment[0, 1] < right < segment[1, 1]
    assert [line.get_linestyle() for line in axes.lines] == ["--"]


def test_calibration_of_too_few_rows_is_an_empty_picture():
    sure, codes = np.array([0.9, 0.6]), np.zeros(2, dtype=np.int64)
    (axes,) = calibration_curve(codes, codes, np.column_stack([sure, 1 - sure])).axes
    assert not any(len(np.asarray(drawn.get_offsets())) for drawn in axes.collections[1:])
