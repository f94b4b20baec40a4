"""What the monitor finds in windows whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from ml.features.cells import cells
from ml.monitoring.drift import Window, detect, window_of
from ml.monitoring.profiles import reference_profile
from ml.predictions.predictor import Predictions
from schemas.errors import PackageError
from schemas.monitoring import SEVERITY
from schemas.run import MonitorSpec
from schemas.signature import Input, Output, Signature
from tests.ml.monitoring.conftest import SPEC, answers, draw


def column(report, name):
    return next(one for one in report.columns if one.column == name)


def changed(rows, **values):
    return [{**row, **values} for row in rows]


def test_held_out_rows_are_ok(world):
    report = world.judge(draw(200, 7))
    assert report.verdict == "ok", report.why
    assert {one.verdict for one in report.columns} == {"ok"}
    assert report.predictions.verdict == "ok"
    assert (report.rows, report.model, report.version) == (200, "m", "3")


def test_ok_says_what_was_ruled_out_and_in_which_column_the_most_must_change(world):
    report = world.judge(draw(200, 7))
    assert "distributed as in training" not in report.why
    assert report.why.startswith("No change found in 6 columns and the predictions (200 rows). About four of five")
    assert "shift by 0.48 standard deviations (0.9888) in 'size'" in report.why
    assert "19.2 % of the values in another category in 'color'" in report.why
    assert "missing values in 48.2 % of the rows (31 % in training) in 'gaps'" in report.why
    assert report.why.endswith(". Smaller changes may be there.")
    assert "shift by 0.3 standard deviations (0.2607)" in column(report, "gaps").why
    assert "in another category" in report.predictions.why


def test_each_test_of_each_column_states_the_smallest_change_it_would_find(world):
    report = world.judge(draw(200, 7))
    found = {(change.column, change.statistic): change for change in report.detectable}
    assert {name for name, _ in found} == {item.name for item in world.signature.inputs}
    assert found["size", "kolmogorov_smirnov"].shift / 2 == pytest.approx(0.5, abs=0.06)
    assert found["size", "kolmogorov_smirnov"].deviations == pytest.approx(0.5, abs=0.06)
    assert found["color", "total_variation"].value == pytest.approx(0.19, abs=0.01)
    assert found["size", "missing_share"].value == pytest.approx(0.068, abs=0.001)
    assert [change.statistic for change in report.prediction_detectable] == ["total_variation", "missing_share"]
    assert world.judge(draw(20, 7)).detectable == []


def test_a_larger_window_rules_out_more(world):
    small, large = (
        {(change.column, change.statistic): change.value for change in world.judge(draw(rows, 7)).detectable}
        for rows in (100, 1000)
    )
    assert all(large[key] < small[key] for key in small)


def test_a_small_shift_is_ok_but_not_ruled_out(world):
    report = world.judge([{**row, "size": row["size"] + 0.2 * 2} for row in draw(200, 7)])
    assert column(report, "size").verdict == "ok"
    assert "would show a shift by 0.48 standard deviations" in column(report, "size").why


def test_a_tenth_newly_missing_drifts_and_the_reason_says_so(world):
    rows = draw(200, 7)
    report = world.judge(changed(rows[:20], size=None) + rows[20:])
    assert column(report, "size").verdict == "drift"
    assert column(report, "size").why == "10 % of the values are missing, none was in training, p < 0.001"
    assert "'size' (10 % of the values are missing" in report.why
    assert world.judge(changed(rows[:20], size=None) + rows[20:], spec=MonitorSpec(missing=0.2)).verdict == "ok"


def test_a_shifted_copy_drifts_and_the_reason_names_the_worst_column(world):
    report = world.judge([{**row, "size": row["size"] + 4} for row in draw(200, 7)])
    assert report.verdict == "drift"
    assert "'size'" in report.why
    assert column(report, "size").statistic == "kolmogorov_smirnov"
    assert column(report, "size").value > 0.5
    assert column(report, "gaps").verdict == "ok"


def test_other_shares_of_the_same_categories_drift(world):
    report = world.judge(changed(draw(200, 7), color="blue"))
    assert column(report, "color").verdict == "drift"
    assert column(report, "color").statistic == "total_variation"
    assert column(report, "color").unseen_share == 0.0


def test_categories_that_training_never_had_drift_by_their_share(world):
    rows = draw(200, 7)
    report = world.judge(changed(rows[:30], color="mauve") + rows[30:])
    assert column(report, "color").verdict == "drift"
    assert column(report, "color").unseen_share == pytest.approx(0.15)
    assert world.judge(changed(rows[:4], color="mauve") + rows[4:]).verdict == "ok"


def test_unknown_identifiers_drift_by_their_share(world):
    rows = draw(200, 7)
    report = world.judge(changed(rows[:80], user="stranger") + rows[80:])
    assert column(report, "user").verdict == "drift"
    assert column(report, "user").unseen_share == pytest.approx(0.4)


def test_identifiers_of_which_training_saw_most_only_once_may_be_new():
    rng = np.random.default_rng(0)
    train = [f"u{number}" for number in rng.integers(0, 2000, 400)]
    signature = Signature.model_validate(
        {
            "inputs": [{"name": "u", "type": "identifier"}],
            "derivations": [{"kind": "identifier", "column": "u", "values": sorted(set(train))}],
            "features": ["u"],
            "output": {"task": "regression", "target": "t"},
        }
    )
    values = rng.normal(size=400)
    reference = reference_profile(cells(pd.DataFrame({"u": train}), signature), signature, Predictions(values=values))
    fresh = [{"u": f"u{number}"} for number in rng.integers(0, 2000, 200)]
    window = window_of(fresh, [{"value": float(value)} for value in rng.normal(size=200)], signature)
    report = detect(reference, window, signature, SPEC, model="m", version="1")
    assert (report.columns[0].unseen_share or 0) > 0.5
    assert report.verdict == "ok", report.why


def test_values_outside_the_training_range_drift(world):
    rows = draw(200, 7)
    report = world.judge(changed(rows[:30], size=1e6) + rows[30:])
    assert column(report, "size").verdict == "drift"
    assert column(report, "size").out_of_range_share == pytest.approx(0.15, abs=0.02)
    assert "outside the range" in column(report, "size").why
    assert "compare the column's unit" not in column(report, "size").why
    assert "compare the column's unit" in column(world.judge(changed(rows, size=1e6)), "size").why


def test_infinities_count_as_out_of_range(world):
    report = world.judge(changed(draw(200, 7), size=float("inf")))
    assert column(report, "size").out_of_range_share == 1.0
    assert column(report, "size").verdict == "drift"


def test_a_jump_of_missing_values_drifts_both_ways(world):
    rows = draw(200, 7)
    more = world.judge(changed(rows[:80], size=None) + rows[80:])
    assert column(more, "size").verdict == "drift"
    assert column(more, "size").missing_share == pytest.approx(0.4)
    none = world.judge([{**row, "gaps": row["gaps"] or 0.7} for row in rows])
    assert column(none, "gaps").verdict == "drift"
    assert column(none, "gaps").reference_missing_share == pytest.approx(0.3, abs=0.05)


def test_predictions_that_moved_drift(world):
    report = world.judge(draw(200, 7), answers(200, 5, yes=0.95))
    assert report.verdict == "drift"
    assert report.predictions.verdict == "drift"
    assert "predictions" in report.why
    assert {one.verdict for one in report.columns} == {"ok"}


@pytest.mark.parametrize("rows", [0, 1, 3, 49])
def test_too_few_rows_are_no_verdict(world, rows):
    report = world.judge(draw(rows, 7))
    assert report.verdict == "no_verdict"
    assert "50" in report.why
    assert {one.verdict for one in report.columns} == {"no_verdict"}


def test_a_missing_column_is_a_schema_alarm_even_in_few_rows(world):
    for rows in (5, 200):
        without = [{name: value for name, value in row.items() if name != "color"} for row in draw(rows, 7)]
        report = world.judge(without)
        assert report.verdict == "schema_alarm"
        assert column(report, "color").verdict == "schema_alarm"


def test_a_column_without_any_value_is_a_schema_alarm_where_training_had_some(world):
    for nothing in (None, float("nan")):
        report = world.judge(changed(draw(200, 7), gaps=nothing))
        assert column(report, "gaps").verdict == "schema_alarm"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", "ten"),
        ("size", True),
        ("day", 5),
        ("day", "yesterday"),
        ("paid", "perhaps"),
        ("color", 17.5),
        ("color", True),
    ],
)
def test_a_changed_type_is_a_schema_alarm(world, name, value):
    report = world.judge(changed(draw(200, 7), **{name: value}))
    assert column(report, name).verdict == "schema_alarm"
    assert report.verdict == "schema_alarm"
    assert name in report.why


def test_numbers_that_name_the_same_categories_are_no_changed_type():
    signature = Signature(
        inputs=[Input(name="c", type="category", categories=["1", "2"])],
        derivations=[],
        features=[],
        output=Output(task="regression", target="t"),
    )
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"c": rng.choice(["1", "2"], 300)})
    reference = reference_profile(cells(frame, signature), signature, Predictions(values=rng.normal(size=300)))
    rows = [{"c": float(value)} for value in rng.choice([1, 2], 200)]
    window = window_of(rows, [{"value": float(value)} for value in rng.normal(size=200)], signature)
    assert detect(reference, window, signature, SPEC, model="m", version="1").verdict == "ok"


def test_predictions_that_are_not_there_are_never_ok(world):
    assert world.judge(draw(200, 7), []).predictions.verdict == "schema_alarm"
    assert world.judge(draw(200, 7), [{"label": None}] * 200).predictions.verdict == "schema_alarm"
    assert world.detect(Window(200, {}, {})).verdict == "schema_alarm"


def test_a_column_that_training_had_no_values_of_is_no_verdict():
    signature = Signature(
        inputs=[Input(name="x", type="number")],
        derivations=[],
        features=[],
        output=Output(task="regression", target="t"),
    )
    values = np.arange(300.0)
    reference = reference_profile(
        cells(pd.DataFrame({"x": [np.nan] * 300}), signature), signature, Predictions(values=values)
    )
    replies = [{"value": float(value)} for value in values]
    for x in (1.0, None):
        window = window_of([{"x": x}] * 300, replies, signature)
        report = detect(reference, window, signature, SPEC, model="m", version="1")
        assert report.verdict == "no_verdict"


def test_more_severe_verdicts_outweigh(world):
    rows = changed(draw(200, 7), size=99.0)
    assert world.judge(rows).verdict == "drift"
    assert world.judge(changed(rows, color=None)).verdict == "schema_alarm"
    assert SEVERITY == ("schema_alarm", "drift", "no_verdict", "ok")


def test_arrays_and_rows_give_the_same_report(world):
    rows, replies = draw(200, 7), answers(200, 99)
    window = window_of(rows, replies, world.signature)
    arrays = {name: np.array(values) if name in ("size", "paid") else values for name, values in window.columns.items()}
    assert world.detect(Window(200, arrays, window.predictions)) == world.detect(window)


def test_the_report_carries_distributions_that_sum_to_one(world):
    report = world.judge(draw(200, 7))
    assert [shown.column for shown in report.distributions] == [item.name for item in world.signature.inputs]
    assert {shown.column for shown in report.prediction_distributions} == {"label", "confidence"}
    for shown in [*report.distributions, *report.prediction_distributions]:
        assert sum(shown.reference) == pytest.approx(1, abs=1e-3)
        assert sum(shown.window) == pytest.approx(1, abs=1e-3)
        assert len(shown.reference) == (len(shown.labels) or len(shown.edges) - 1)


def test_a_stricter_threshold_never_hides_a_drift(world):
    rows = [{**row, "size": row["size"] + 1} for row in draw(200, 7)]
    verdicts = [column(world.judge(rows, spec=MonitorSpec(threshold=t)), "size").verdict for t in (0.05, 0.15, 0.9)]
    assert verdicts == ["drift", "drift", "ok"]


def test_a_reference_that_is_none_is_a_package_error(world):
    with pytest.raises(PackageError, match=r"reference\.bin of the package: the profile cannot be read"):
        detect(b"?", Window(0, {}, {}), world.signature, SPEC, model="m", version="1")


def test_a_nullable_column_left_out_of_a_few_rows_is_no_alarm(world):
    few = [{name: value for name, value in row.items() if name != "gaps"} for row in draw(5, 7)]
    assert world.judge(few).verdict == "no_verdict"


def test_later_dates_are_expected_and_impossible_ones_are_drift(world):
    later = world.judge(changed(draw(200, 7), day="2025-03-01"))
    assert column(later, "day").verdict == "ok"
    assert column(later, "day").out_of_range_share == 1.0
    assert "100 % of the dates lie outside the range of training: a window lies after training by nature" in (
        column(later, "day").why
    )
    for impossible in ("1970-01-01", "9999-01-01"):
        assert column(world.judge(changed(draw(200, 7), day=impossible)), "day").verdict == "drift"
    assert "before the dates of training or far beyond them (the model has no example of any" in (
        column(world.judge(changed(draw(200, 7), day="9999-01-01")), "day").why
    )
