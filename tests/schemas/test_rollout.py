"""What a rollout may be declared as, and what is said of one that cannot work."""

import pytest
from pydantic import ValidationError

from schemas.rollout import SIGNALS, RolloutSpec, Stage


def messages(**declared):
    with pytest.raises(ValidationError) as refused:
        RolloutSpec(**declared)
    return " | ".join(error["msg"] for error in refused.value.errors())


def test_the_default_goes_from_a_shadow_to_all_traffic_and_looks_at_every_signal():
    spec = RolloutSpec()
    assert [stage.share for stage in spec.stages] == ["shadow", 0.01, 0.1, 0.5, 1.0]
    assert tuple(spec.tolerated) == SIGNALS
    assert RolloutSpec.model_validate_json(spec.model_dump_json()) == spec


def test_a_stage_is_called_what_a_person_calls_it():
    titles = [stage.title for stage in RolloutSpec().stages]
    assert titles == ["shadow", "1 % of traffic", "10 % of traffic", "50 % of traffic", "100 % of traffic"]
    assert Stage(share=0.005).title == "0.5 % of traffic"


@pytest.mark.parametrize("off", [None, False])
def test_a_signal_is_switched_off_by_false_or_null(off):
    assert "latency" not in RolloutSpec(latency=off).tolerated


def test_true_is_no_tolerance():
    assert "true says no tolerance; say a difference, such as 0.01, or false" in messages(latency=True)


@pytest.mark.parametrize("share", [0, 1.3, -0.1, True, "canary", None, float("nan")])
def test_what_is_no_share_is_refused_with_what_one_is(share):
    assert "is not a share of traffic: more than 0 and at most 1 (0.1 is 10 %), or shadow" in messages(
        stages=[{"share": share, "requests": 1}, {"share": 1}]
    )


def test_all_faults_are_said_at_once():
    said = messages(
        stages=[{"share": 0.5, "labels": 5}, {"share": "shadow"}, {"share": 0.9, "seconds": 90}],
        quality=False,
        timeout=60,
    )
    for fault in (
        "the last stage is 90 % of traffic; it must be all traffic (share: 1)",
        "shadow comes after 50 % of traffic; shares must grow, shadow is the first",
        "shadow has no end: say requests, seconds or both",
        "50 % of traffic waits for labels, but quality is not looked at: give it a tolerance",
        "90 % of traffic lasts 90 seconds, but has timed out after 60: let timeout be longer",
    ):
        assert fault in said


def test_something_must_be_compared():
    assert "stages compare nothing" in messages(stages=[{"share": 1}])
    assert "nothing would stop it" in messages(**dict.fromkeys(SIGNALS, None))


def test_all_traffic_lasts_for_no_time():
    stages = [{"share": 0.5, "requests": 1}, {"share": 1, "requests": 5}]
    assert "all traffic is the end: nothing is left to compare with" in messages(stages=stages)
