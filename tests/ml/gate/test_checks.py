"""Every gate check passes, refuses and states why."""

from typing import Any

import pytest
from pydantic import ValidationError

from ml.components.gate_check import Evidence, GateCheck
from ml.gate.judge import judge
from ml.gate.thresholds import Minimum
from schemas.data import Problem
from schemas.evaluation import Evaluation
from schemas.run import GateSpec
from steps.components import create


def checks_of(spec: GateSpec) -> list[GateCheck]:
    return [create("gate", choice) for choice in spec.choices]


def evidence(metric="roc_auc", task="binary", *, test=None, **more):
    scores = {"roc_auc": 0.91, "log_loss": 0.3, "f1": None} if test is None else test
    problem = Problem(target="y", task=task, classes=None if task == "regression" else ["a", "b"])
    evaluation = Evaluation(metrics={"validation": {"roc_auc": 0.99}, "test": scores})
    known: dict[str, Any] = {"baseline": {"roc_auc": 0.5}, "size_bytes": 3 << 20} | more
    return Evidence(problem=problem, metric=metric, evaluation=evaluation, **known)


def only(spec, seen):
    base = {"beat_baseline": False, "no_worse_than_production": None}
    (outcome,) = judge(checks_of(GateSpec.model_validate(base | spec)), seen).checks
    return outcome.passed, outcome.why


def test_minimum_and_maximum_are_of_the_test_set():
    assert only({"min": {"roc_auc": 0.95}}, evidence()) == (False, "roc_auc 0.91 is below the minimum 0.95")
    assert only({"min": {"roc_auc": 0.91}}, evidence()) == (True, "roc_auc 0.91 reaches the minimum 0.91")
    assert only({"max": {"log_loss": 0.2}}, evidence()) == (False, "log_loss 0.3 is above the maximum 0.2")
    assert only({"max": {"log_loss": 0.3}}, evidence())[0]


def test_undefined_metric_never_passes_and_says_why():
    passed, why = only({"min": {"f1": 0.1}}, evidence())
    assert not passed and "f1 of the candidate is undefined on these rows: it needs" in why
    passed, why = only({"min": {"r2": 0.1}}, evidence())
    assert not passed and "r2 is not defined for a binary task; use one of: accuracy" in why


def test_the_reason_is_the_one_that_holds_and_is_stated_once():
    sure, mute = {"roc_auc": None, "log_loss": 0.1}, {"roc_auc": None, "log_loss": None, "coverage": 1.0}
    least, beat = {"min": {"roc_auc": 0.9}, "beat_baseline": True}, {"beat_baseline": True}
    assert only(beat, evidence(test=sure))[1].endswith("these rows: it needs rows of every class")
    assert only(beat, evidence(baseline=mute))[1].endswith(
        "of the baseline is undefined on these rows: it needs probabilities"
    )
    verdict = judge(checks_of(GateSpec.model_validate(least)), evidence(test=mute))
    assert [check.passed for check in verdict.checks] == [False, False, True]
    assert verdict.reasons == ["roc_auc of the candidate is undefined on these rows: it needs probabilities"]


def test_candidate_must_be_better_than_the_baseline():
    beat = {"beat_baseline": True}
    assert only(beat, evidence()) == (True, "roc_auc 0.91 is better than the baseline's 0.5")
    assert only(beat, evidence(test={"roc_auc": 0.5})) == (False, "roc_auc 0.5 is not better than the baseline's 0.5")
    assert not only(beat, evidence(baseline={"roc_auc": None}))[0]
    error = "root_mean_squared_error"
    assert only(beat, evidence(error, "regression", test={error: 2.0}, baseline={error: 3.0}))[0]


def test_first_version_has_no_production_to_be_compared_with():
    assert only({"no_worse_than_production": {}}, evidence()) == (True, "first version: nothing is in production yet")


def test_candidate_must_be_no_worse_than_production_within_the_tolerance():
    better = evidence(production={"roc_auc": 0.93}, production_version="4")
    assert only({"no_worse_than_production": {"tolerance": 0.02}}, better)[0]
    passed, why = only({"no_worse_than_production": {"tolerance": 0.01}}, better)
    assert not passed and why == "roc_auc 0.91 is worse than 0.93 of version 4 in production (tolerance 0.01)"
    assert only({"no_worse_than_production": {}}, evidence(production={"roc_auc": 0.91}, production_version="4"))[0]


def test_for_an_error_lower_is_no_worse():
    name = "mean_absolute_error"
    seen = evidence(name, "regression", test={name: 2.0}, production={name: 1.5}, production_version="1")
    assert (
        not only({"no_worse_than_production": {}}, seen)[0]
        and only({"no_worse_than_production": {"tolerance": 0.5}}, seen)[0]
    )


@pytest.mark.parametrize(("answer", "passed"), [("pass", True), ("refuse", False)])
def test_what_cannot_be_compared_goes_as_configured(answer, passed):
    seen = evidence(production_version="4", not_comparable="it was tested on other rows")
    found, why = only({"no_worse_than_production": {"when_not_comparable": answer}}, seen)
    assert found is passed and "not comparable with version 4 in production: it was tested on other rows" in why


def test_package_must_not_be_too_large():
    assert only({"max_size": 2}, evidence()) == (False, "the package has 3 MiB, more than the 2 MiB allowed")
    assert only({"max_size": 3}, evidence())[0]


def test_gate_passes_when_all_checks_do():
    checks = checks_of(GateSpec(min={"roc_auc": 0.9}, max={"log_loss": 0.1}))
    verdict = judge(checks, evidence())
    assert not verdict.passed and [check.passed for check in verdict.checks] == [True, False, True, True]


def test_thresholds_are_numbers():
    with pytest.raises(ValidationError):
        Minimum.Params.model_validate({"roc_auc": "high"})
