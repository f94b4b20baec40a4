"""Evaluation of a packaged model, its pictures and its page."""

import numpy as np
import pytest

from ml.answers import Answers
from ml.evaluate import evaluate, predictions
from ml.evaluation_page import render_evaluation
from ml.plots import pictures
from ml.trainers.presets import LogisticRegression, Ridge
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
    found, bounds = evaluate(model, bench.asked, bench.problem, seed=4)
    assert 0.5 < found[metric] < 1 and bounds[metric][0] < found[metric] < bounds[metric][1]
    drawn = pictures(bench.problem, *predictions(model, bench.asked, bench.problem))
    assert len(drawn) == 2 and all(data.startswith(PNG) for data in drawn.values())


def test_confusion_matrix_of_many_classes_keeps_the_frequent_ones():
    problem = Problem(target="y", task="multiclass", classes=[f"class {n}" for n in range(40)])
    target = np.random.default_rng(0).integers(-1, 40, 500)
    drawn = pictures(problem, target, Answers(codes=np.maximum(target, 0)))
    assert list(drawn) == ["Confusion matrix"]


def test_page_is_self_contained_and_escapes_names():
    evaluation = Evaluation(
        metrics={"test": {"roc_auc": 0.9, "f1": None}}, intervals={"test": {"roc_auc": (0.8, 0.95)}}, rows={"test": 9}
    )
    page = render_evaluation("<b>m</b>", evaluation, {"A": PNG}, baseline={"roc_auc": 0.5})
    assert "&lt;b&gt;m" in page and "<b>m" not in page
    assert "0.8 to 0.95" in page and "data:image/png;base64," in page and 'name="viewport"' in page
    assert "http" not in page
