"""Predictions against labels: the figures are scikit-learn's, the verdict is about the whole interval."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as theirs

from ml.evaluation.metrics import intervals, scores
from ml.monitoring.labelled import Labelled, encode
from ml.monitoring.performance import for_comparison, performance, review_of, with_labels
from ml.monitoring.report import render
from schemas.evaluation import Evaluation
from schemas.metrics import AUTO_WITHOUT_PROBABILITIES
from schemas.monitoring import MonitoringReport
from schemas.review import ReviewRecord
from schemas.run import MonitorSpec
from schemas.signature import Output
from tests.ml.monitoring.conftest import draw

SPEC = MonitorSpec()
YES_NO = Output(task="binary", target="t", classes=["no", "yes"])
PRICE = Output(task="regression", target="price")


def labelled(answers, labels, *, version="3", needs_review=None, predictions=None, handed_over=0):
    count = len(answers)
    return Labelled(
        version=version,
        times=[float(place) for place in range(count)],
        records=answers,
        labels=labels,
        needs_review=needs_review or [False] * count,
        predictions=count if predictions is None else predictions,
        handed_over=handed_over,
    )


def sold(rows, seed=0, flipped=0.0):
    """Predictions of a good classifier, and labels of which a share was drawn from another world."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, rows)
    yes = np.clip(np.where(truth == 1, 0.8, 0.2) + rng.normal(0, 0.25, rows), 0.001, 0.999)
    answers = [{"label": "yes" if p > 0.5 else "no", "probabilities": {"no": 1 - p, "yes": p}} for p in yes.tolist()]
    turned = np.where(rng.random(rows) < flipped, 1 - truth, truth)
    return labelled(answers, ["yes" if one else "no" for one in turned]), turned, yes


def measured(output, found):
    pairs = encode(found, output)
    return Evaluation(
        metrics={"test": scores(pairs.task, pairs.target, pairs.predictions)},
        intervals={"test": intervals(pairs.task, pairs.target, pairs.predictions, seed=1)},
    )


def judged(found, metric="auto", output=YES_NO, spec=SPEC, before=None):
    before = measured(YES_NO, sold(300, seed=9)[0]) if before is None else before
    return performance(found, output, before, metric, spec, seed=0)


def test_the_figures_of_a_classifier_are_those_of_scikit_learn():
    found, truth, yes = sold(400)
    result = judged(found)
    chosen = yes > 0.5
    expected = {
        "accuracy": theirs.accuracy_score(truth, chosen),
        "balanced_accuracy": theirs.balanced_accuracy_score(truth, chosen),
        "roc_auc": theirs.roc_auc_score(truth, yes),
        "log_loss": theirs.log_loss(truth, yes),
        "f1": theirs.f1_score(truth, chosen),
    }
    assert {name: result.scores[name] for name in expected} == pytest.approx(expected)
    assert (result.metric, result.value) == ("roc_auc", pytest.approx(expected["roc_auc"]))
    assert result.interval[0] < result.value < result.interval[1]


def test_the_figures_of_a_regression_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    truth = rng.normal(100, 10, 200)
    values = truth + rng.normal(0, 2, 200)
    found = labelled([{"value": value} for value in values.tolist()], truth.tolist())
    result = judged(found, output=PRICE, before=measured(PRICE, found))
    assert result.scores["r2"] == pytest.approx(theirs.r2_score(truth, values))
    assert result.scores["mean_absolute_error"] == pytest.approx(theirs.mean_absolute_error(truth, values))
    assert (result.metric, result.verdict) == ("root_mean_squared_error", "ok")


@pytest.mark.parametrize(("flipped", "verdict"), [(0.0, "ok"), (0.4, "drift")])
@pytest.mark.parametrize("metric", ["auto", AUTO_WITHOUT_PROBABILITIES, "log_loss", "accuracy"])
def test_flipped_labels_are_drift_and_right_ones_are_not(metric, flipped, verdict):
    result = judged(sold(300, flipped=flipped)[0], metric)
    assert result.verdict == verdict
    assert f"{result.expected:.3g}"[:4] in result.why and "300 labelled predictions" in result.why


def test_predictions_that_are_better_than_expected_are_ok():
    poor = measured(YES_NO, sold(300, flipped=0.4)[0])
    assert judged(sold(300)[0], before=poor).verdict == "ok"


def test_intervals_that_touch_are_no_drift():
    found = sold(300)[0]
    _, high = judged(found).interval
    for bounds, verdict in (((high, high + 0.1), "ok"), ((high + 1e-9, high + 0.1), "drift")):
        before = Evaluation(metrics={"test": {"roc_auc": 1.0}}, intervals={"test": {"roc_auc": bounds}})
        assert judged(found, before=before).verdict == verdict


def test_too_few_labels_and_an_unknown_past_give_no_verdict_but_the_figures():
    few = judged(sold(SPEC.min_labels - 1)[0])
    assert few.verdict == "no_verdict" and few.value is not None and f"needs {SPEC.min_labels}" in few.why
    assert judged(sold(SPEC.min_labels)[0]).verdict == "ok"
    unknown = performance(sold(100)[0], YES_NO, None, "auto", SPEC, seed=0)
    assert unknown.verdict == "no_verdict" and "does not state" in unknown.why
    assert judged(labelled([], [])).verdict == "no_verdict"


def test_where_the_metric_is_undefined_the_next_one_is_judged_and_named():
    without = labelled([{"label": "yes"}] * 40 + [{"label": "no"}] * 40, (["yes"] * 35 + ["no"] * 5) * 2)
    result = judged(without)
    assert result.metric == "balanced_accuracy" and "roc_auc is undefined on these labels" in result.why
    resolve_defaults = judged(without, AUTO_WITHOUT_PROBABILITIES)
    assert resolve_defaults.metric == "balanced_accuracy" and "undefined" not in resolve_defaults.why
    one_class = judged(labelled([{"label": "yes", "probabilities": {"no": 0.1, "yes": 0.9}}] * 50, ["yes"] * 50))
    assert one_class.metric == "balanced_accuracy" and one_class.value == 1.0
    few = judged(labelled([{"label": "yes"}], ["yes"]))
    assert few.metric == "balanced_accuracy" and few.why.endswith("; a verdict needs 30."), "nothing is judged"
    assert "(it needs probabilities)" in result.why and "(it needs rows of every class)" in one_class.why
    assert judged(without, "r2").metric == "balanced_accuracy", "a metric of another task is as good as auto"


def test_labels_that_are_none_of_the_classes_and_abstentions_are_never_right():
    answers = [{"label": "yes"}, {"label": None}, {"label": "no"}, {"label": "no"}]
    result = judged(labelled(answers, ["yes", "no", "perhaps", "no"]), "accuracy")
    assert result.value == 0.5 and result.labelled == 4


def test_another_version_is_shown_and_not_judged_also_when_its_classes_differ():
    answers = [{"label": one, "probabilities": {"a": 0.5, "b": 0.4, "c": 0.1}} for one in ["a"] * 30 + ["b"] * 10]
    result = for_comparison(labelled(answers, ["a"] * 40, version="1"), YES_NO, "accuracy", SPEC, seed=0)
    assert (result.value, result.verdict, result.expected) == (0.75, "no_verdict", None)
    assert "not in production" in result.why


def test_labels_of_reviewed_rows_only_are_called_so():
    found, _, _ = sold(100)
    count = len(found)
    hard = labelled(
        found.records, found.labels, needs_review=[True] * 90 + [False] * 10, predictions=1000, handed_over=100
    )
    assert "The labels favour hard rows: 90 % of the labelled predictions" in judged(hard).why
    assert judged(hard).handed_over == (0.9, 0.1)
    fair = labelled(
        found.records, found.labels, needs_review=[True] * 10 + [False] * 90, predictions=1000, handed_over=100
    )
    assert "favour" not in judged(fair).why and count == 100


@pytest.fixture(scope="module")
def quiet(world) -> MonitoringReport:
    report: MonitoringReport = world.judge(draw(300, 7))
    assert report.verdict == "ok"
    return report


def test_worse_predictions_make_a_quiet_window_drift_and_the_page_reports_it(quiet):
    review = review_of([True] * 10 + [False] * 290, None)
    drifted = with_labels(quiet, [judged(sold(300, flipped=0.4)[0])], review)
    assert drifted.verdict == "drift" and all(column.verdict == "ok" for column in drifted.columns)
    assert drifted.why.startswith("The predictions have become worse: roc_auc ") and quiet.why in drifted.why
    page = render(drifted)
    assert "<strong>The predictions have become worse</strong>" in page and "The data has drifted" not in page
    assert "Routed to review: 10 of 300 (3.3 %" in page and "expected" not in page.split("Routed to review")[1][:60]


def test_right_predictions_and_too_few_labels_leave_the_verdict_as_it_is(quiet):
    for found in (judged(sold(300)[0]), judged(sold(5)[0])):
        report = with_labels(quiet, [found], None)
        assert report.verdict == "ok" and found.why in report.why


def test_good_labels_do_not_take_back_what_the_columns_say(world):
    moved = world.judge([{**row, "size": row["size"] + 4} for row in draw(300, 7)])
    assert with_labels(moved, [judged(sold(300)[0])], None).verdict == "drift"
    both = with_labels(moved, [judged(sold(300, flipped=0.4)[0])], None)
    assert "The data has drifted, and the predictions have become worse" in render(both)
    alarmed = world.judge([{**row, "size": str(row["color"])} for row in draw(300, 7)])
    assert alarmed.verdict == "schema_alarm"
    assert with_labels(alarmed, [judged(sold(300, flipped=0.4)[0])], None).verdict == "schema_alarm"


def test_the_version_of_the_report_comes_first_and_another_one_changes_nothing(quiet):
    own = judged(sold(300)[0])
    other = for_comparison(labelled(*flip(200), version="2"), YES_NO, "auto", SPEC, seed=0)
    report = with_labels(quiet, [other, own], None)
    assert [one.version for one in report.performance] == ["3", "2"] and report.verdict == "ok"
    alone = with_labels(quiet, [other], None)
    assert (alone.verdict, alone.why) == (quiet.verdict, quiet.why)
    assert "No label has arrived for the predictions of version 3" in render(alone)


def flip(rows):
    found, _, _ = sold(rows, flipped=1.0)
    return found.records, found.labels


def test_review_is_counted_and_expected_as_the_validation_set_led_to():
    record = ReviewRecord(max_error=0.05, threshold=0.8, rows=100, confident_error=0.01, handed_over=0.05, why="")
    review = review_of([True, False, False, False], record)
    assert review is not None
    assert (review.handed_over, review.share, review.expected_share) == (1, 0.25, 0.05)
    assert review_of([], record) is None


def test_names_of_versions_and_metrics_cannot_become_markup(quiet):
    found = judged(sold(60)[0]).model_copy(update={"version": "<script>alert(1)</script>", "why": "<b>&"})
    page = render(with_labels(quiet, [found], None))
    assert "<script>alert" not in page and "<b>&<" not in page


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from(["yes", "no"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["yes", "no", "a"]), inner),
    max_leaves=3,
)
FORECAST = Output(task="forecast", target="sales")


@pytest.mark.parametrize("label", [1e308, -1e39])
def test_one_label_that_no_number_of_ours_is_takes_no_metric_away(label):
    pairs = encode(labelled([{"value": 1.0}] * 3, [1.5, label, 2.0]), PRICE)
    assert pairs.target.tolist() == [1.5, 2.0]
    steps = encode(labelled([{"value": [1.0, 2.0]}] * 2, [[1.0, label], [2.0, 3.0]]), FORECAST)
    assert np.isnan(steps.target).sum() == 1
    assert scores("forecast", steps.target, steps.predictions)["mean_absolute_error"] == pytest.approx(2 / 3)


def forecasts(count, off, sizes=(1.0, 100.0)):
    """Forecasts of series of several sizes, off by a share of what the naive forecast was."""
    draw = np.random.default_rng(count)
    size = draw.choice(sizes, count)
    came = size[:, None] * draw.normal(10, 1, (count, 2))
    values = came + off * size[:, None] * draw.choice([-1, 1], (count, 2)) * draw.uniform(0.5, 1.5, (count, 2))
    records = [
        {"value": value, "naive_error": naive} for value, naive in zip(values.tolist(), size.tolist(), strict=True)
    ]
    return labelled(records, came.tolist())


def test_the_error_of_forecasts_is_scaled_so_that_other_series_than_those_of_the_test_set_are_no_drift():
    before = measured(FORECAST, forecasts(200, 0.8))
    result = judged(forecasts(150, 0.8, sizes=(100.0,)), output=FORECAST, before=before)
    assert (result.metric, result.verdict) == ("mean_absolute_scaled_error", "ok")
    assert result.value == pytest.approx(0.8, rel=0.1)
    assert judged(forecasts(150, 2.0, sizes=(1.0,)), output=FORECAST, before=before).verdict == "drift"


def test_forecasts_of_before_that_say_no_naive_error_have_their_reason():
    found = forecasts(100, 0.8)
    for record in found.records:
        del record["naive_error"]
    result = judged(found, output=FORECAST, before=measured(FORECAST, forecasts(200, 0.8)))
    assert result.metric == "symmetric_mean_absolute_percentage_error"
    assert "the predictions do not say how wrong the naive forecast was within their histories" in result.why


def test_forecasts_of_histories_that_never_change_have_no_scaled_error():
    found = forecasts(100, 0.8)
    for record in found.records:
        record["naive_error"] = None
    assert "it needs histories that change" in judged(found, output=FORECAST).why


ANSWER = st.dictionaries(st.sampled_from(["label", "value", "probabilities", "needs_review"]), ODD)


@pytest.mark.slow
@pytest.mark.untraced
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(ANSWER, ODD), max_size=12),
    st.sampled_from([YES_NO, PRICE, Output(task="multiclass", target="t", classes=[1, 2, 3])]),
    st.sampled_from(["auto", "roc_auc", "r2", "log_loss"]),
)
def test_whatever_a_journal_holds_is_a_report(pairs, output, metric):
    found = labelled([answer for answer, _ in pairs], [label for _, label in pairs])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = performance(found, output, None, metric, MonitorSpec(min_labels=2), seed=0)
    assert result.verdict == "no_verdict" and result.labelled <= len(pairs)
    assert all(value is None or np.isfinite(value) for value in result.scores.values())
    result.model_validate_json(result.model_dump_json())
