"""What a rollout does at each of its turns."""

import numpy as np
import pytest

from ml.rollouts.rollout import after_absence, begin, decide, entered, hold, resume, tried
from schemas.rollout_state import Reference
from tests.ml.rollouts.made import joined, requests, spec_of, started

TENTH = np.tile([True, *[False] * 9], 60)
HALF = np.tile([True, False], 300)


def test_it_goes_on_until_a_stage_has_its_requests_and_says_how_far_it_is():
    spec = spec_of()
    decision = decide(spec, started(spec), requests(TENTH[:100], share=0.1), now=100.0)
    assert (decision.action, decision.counted) == ("go_on", 100)
    assert decision.why == "stage 1 of 3 (10 % of traffic): 100 of 400 requests (10 by the new version), no breach"


def test_it_advances_with_the_very_request_that_completes_a_stage():
    spec = spec_of()
    decision = decide(spec, started(spec), requests(TENTH, share=0.1), now=600.0)
    assert (decision.action, decision.counted) == ("advance", 400)
    assert decision.why == (
        "stage 1 of 3 (10 % of traffic): 400 of 400 requests (40 by the new version), no breach; on to 50 % of traffic"
    )
    assert (decision.state.stage, decision.state.since, decision.state.requests) == (1, 400.0, 0)


def test_what_was_routed_before_a_stage_is_evidence_and_counts_for_no_stage():
    spec = spec_of()
    first = decide(spec, started(spec), requests(TENTH, share=0.1), now=600.0)
    late = requests(TENTH[:200], share=0.1, start=400.0)
    second = decide(spec, first.state, late, now=600.0)
    assert second.state.requests == 0 and second.state.exposed == 40 + 20
    assert second.state.evidence["error_rate"].counts == (360 + 180, 40 + 20)


def test_it_promotes_after_the_last_stage_and_has_ended():
    spec = spec_of()
    first = decide(spec, started(spec), requests(TENTH, share=0.1), now=600.0)
    last = decide(spec, first.state, requests(HALF, share=0.5, start=600.0), now=1200.0)
    assert (last.action, last.state.ended, last.counted) == ("promote", "promote", 200)
    again = decide(spec, last.state, requests(HALF, share=0.5, failed=range(600), start=1200.0), now=1800.0)
    assert (again.action, again.counted, again.state) == ("promote", 600, last.state)


def test_errors_of_the_new_version_roll_back_and_the_reason_has_the_figures():
    spec = spec_of()
    decision = decide(spec, started(spec), requests(TENTH, share=0.1, failed=range(0, 600, 10)), now=600.0)
    assert (decision.action, decision.signals, decision.state.ended) == ("roll_back", ("error_rate",), "roll_back")
    assert decision.counted == 41 and decision.state.exposed == 5
    assert decision.why.startswith(
        "error_rate: requests that failed: 100.0 % with the new version (5 observed), 0.0 % with the old one (36); "
        "1.0 % more is tolerated; evidence "
    )
    assert decision.why.endswith(" to 1, 500 to 1 needed")


def test_errors_of_both_and_errors_of_the_old_one_are_no_reason():
    spec = spec_of()
    for failed in (range(600), np.flatnonzero(~TENTH)):
        decision = decide(spec, started(spec), requests(TENTH, share=0.1, failed=failed), now=600.0)
        assert decision.action == "advance"


def test_a_signal_that_is_switched_off_stops_nothing():
    spec = spec_of(error_rate=None)
    decision = decide(spec, started(spec), requests(TENTH, share=0.1, failed=range(0, 600, 10)), now=600.0)
    assert decision.action == "advance" and "error_rate" not in decision.state.evidence


def test_a_shadow_rolls_back_before_anybody_gets_its_answers():
    spec = spec_of(stages=[{"share": "shadow", "requests": 100}, {"share": 1}])
    decision = decide(spec, started(spec), requests(HALF, share=0, failed=range(600)), now=600.0)
    assert (decision.action, decision.state.exposed) == ("roll_back", 0)
    decision = decide(spec, started(spec), requests(HALF, share=0), now=600.0)
    assert (decision.action, decision.counted, decision.state.exposed) == ("promote", 100, 0)


@pytest.mark.parametrize(
    ("gap", "counted", "since"),
    [(1.0, 499, 500.0), (2.0, 400, 800.0)],
    ids=["the requests came first", "the seconds came first"],
)
def test_a_stage_lasts_its_requests_and_its_seconds(gap, counted, since):
    spec = spec_of(stages=[{"share": 0.1, "requests": 40, "seconds": 500}, *spec_of().stages[1:]])
    decision = decide(spec, started(spec), requests(TENTH, share=0.1, gap=gap), now=600 * gap)
    assert (decision.action, decision.counted, decision.state.since) == ("advance", counted, since)


def test_time_passes_without_requests_once_the_new_version_was_asked():
    spec = spec_of(stages=[{"share": 0.1, "seconds": 500}, *spec_of().stages[1:]])
    first = decide(spec, started(spec), requests(TENTH[:1], share=0.1), now=499.0)
    assert first.action == "go_on"
    nothing = requests(TENTH[:0], share=0.1)
    decision = decide(spec, first.state, nothing, now=777.0)
    assert (decision.action, decision.state.since) == ("advance", 500.0)


@pytest.mark.parametrize("share", [0.1, "shadow"])
def test_a_stage_in_which_the_new_version_was_asked_nothing_is_not_completed(share):
    spec = spec_of(stages=[{"share": share, "seconds": 500}, *spec_of().stages[1:]], timeout=2000)
    routed = 0.1 if share == 0.1 else 0.0
    others = requests(TENTH[1:10], share=0.1)  # the old version's alone
    waiting = decide(spec, started(spec), others, now=1999.0)
    assert waiting.action == "go_on" and "yet" in waiting.why
    asked = decide(spec, waiting.state, requests(TENTH[:1], share=routed, start=1500.0), now=1999.0)
    assert (asked.action, asked.counted) == ("advance", 1)
    assert decide(spec, waiting.state, others[:0], now=2001.0).action == "hold", "it timed out"


def test_a_stage_in_which_the_new_version_refused_everything_is_not_completed():
    spec = spec_of(stages=[{"share": 0.5, "requests": 10}, *spec_of().stages[2:]], invalid=None)
    refused = requests(HALF, share=0.5)
    refused.invalid[~np.isnan(refused.invalid)] = 1.0
    refused.bins[...] *= 0
    waiting = decide(spec, started(spec), refused, now=600.0)
    assert (waiting.action, waiting.state.answered) == ("go_on", 0) and "yet" in waiting.why
    failed = requests(HALF[:1], share=0.5, start=600.0, failed=[0])
    assert decide(spec, waiting.state, failed, now=601.0).action == "promote", "a failure was tried"


@pytest.mark.parametrize("looks", [[39.0, 41.0, 59.0, 61.0], [59.0, 61.0], [61.0]])
def test_requests_that_are_no_observation_show_that_the_new_version_was_tried(looks):
    spec = spec_of(stages=[{"share": 0.5, "seconds": 60}, *spec_of().stages[2:]])
    state, nothing = started(spec), requests(HALF[:0], share=0.5)
    for now in looks:
        decision = decide(spec, tried(state, 40.0) if now >= 40.0 else state, nothing, now)
        state = decision.state
        assert f"{min(now, 60):g} of 60 seconds" in decision.why
    assert (decision.action, decision.state.clock) == ("promote", 60.0)
    late = decide(spec, tried(started(spec), 70.0), requests(HALF[:0], share=0.5), 71.0)
    assert (late.action, late.state.clock) == ("promote", 70.0)


def test_how_long_a_stage_took_is_told_where_nothing_came():
    spec = spec_of(stages=[{"share": 0.5, "seconds": 60}, *spec_of().stages[2:]])
    for now, told in ((25.0, "25 of 60 seconds"), (2400.0, "60 of 60 seconds, none answered by the new version yet")):
        assert told in decide(spec, started(spec), requests(HALF[:0], share=0.5), now).why


@pytest.mark.parametrize("later", [lambda state: resume(state, 300.0), lambda state: after_absence(state, 300.0)])
def test_labels_that_came_since_the_share_was_placed_count_whenever_anybody_looked(later):
    spec = spec_of(stages=[{"share": 0.5, "requests": 10, "labels": 20}, {"share": 1}])
    held = hold(decide(spec, started(spec), requests(HALF[:100], share=0.5), now=150.0).state)
    labels = requests(HALF[:100], share=0.5, start=200.0, gap=0.05, labelled=range(100), loss=0.1)
    counted = later(decide(spec, held, labels, now=206.0).state).model_copy(update={"held": False})
    uncounted = later(held).model_copy(update={"held": False})
    assert decide(spec, counted, labels[:0], now=400.0).action == "promote"
    assert decide(spec, uncounted, labels, now=400.0).action == "promote"


def test_a_stage_is_dated_by_when_its_share_was_placed_however_late_evidence_is_read():
    spec = spec_of(stages=[{"share": 0.1, "seconds": 100}, {"share": 0.5, "seconds": 50, "labels": 2}, {"share": 1}])
    first = decide(spec, started(spec), requests(TENTH, share=0.1), now=600.0)
    placed = entered(first.state, 700.0)
    late = joined(
        requests(TENTH[:400], share=0.1, start=200.0), requests(HALF, share=0.5, start=600.0, labelled=range(99))
    )
    before = decide(spec, placed, late[:499], now=700.0)
    assert (before.action, before.state.requests, before.state.labels) == ("go_on", 0, 0)
    decision = decide(spec, placed, late[:499], now=749.0)
    assert decision.action == "go_on"
    labels = requests(HALF[:4], share=0.5, start=740.0, labelled=range(4))
    answers = requests(HALF[:4], share=0.5, start=744.0)
    assert decide(spec, decision.state, joined(labels, answers), now=749.0).action == "go_on"
    assert decide(spec, decision.state, joined(labels, answers), now=750.0).action == "promote"


def test_a_stage_waits_for_its_labels():
    spec = spec_of(stages=[{"share": 0.5, "requests": 10, "labels": 20}, {"share": 1}])
    seen = joined(
        requests(HALF[:100], share=0.5),
        requests(HALF, share=0.5, start=100.0, labelled=range(600), loss=0.1),
    )
    decision = decide(spec, started(spec), seen, now=700.0)
    assert (decision.action, decision.counted) == ("promote", 139)
    assert decision.why.startswith(
        "stage 1 of 2 (50 % of traffic): 100 of 20 requests (50 by the new version), 20 of 20 labels"
    )


def test_worse_labels_roll_back():
    spec = spec_of()
    seen = requests(HALF, share=0.5, labelled=range(600), loss=0.1)
    seen.loss[:, 1] *= 9
    decision = decide(spec, started(spec), seen, now=600.0)
    assert decision.signals == ("quality",) and "mean loss: 90.0 % with the new version" in decision.why


def test_slow_requests_roll_back_and_the_reason_names_the_quantile():
    spec = spec_of()
    seen = requests(TENTH, share=0.1)
    seen.latency[:, 1] *= 5
    decision = decide(spec, started(spec), seen, now=600.0)
    assert decision.signals == ("latency",)
    assert "requests slower than 0.02 s, the old version's 90% quantile" in decision.why


def test_other_predictions_roll_back_and_invalid_ones_are_told_apart():
    spec = spec_of(stages=[{"share": 0.5, "requests": 400}, {"share": 1}])
    moved, invalid = requests(HALF, share=0.5), requests(HALF, share=0.5)
    moved.bins[:, 1] = moved.bins[:, 1][:, [0, 2, 3, 1]]
    decision = decide(spec, started(spec), moved, now=600.0)
    assert decision.signals == ("prediction_drift",) and "predictions in bins 3 to 4: 100.0 %" in decision.why
    invalid.bins[:, 1] *= 0
    invalid.invalid[:, 1] += 1
    assert decide(spec, started(spec), invalid, now=600.0).signals == ("invalid",)


def test_a_stage_without_requests_times_out_and_waits_for_an_operator():
    spec = spec_of(timeout=1000)
    held = decide(spec, started(spec), requests(TENTH[:100], share=0.1), now=2000.0)
    assert (held.action, held.counted, held.state.held) == ("hold", 100, True)
    assert held.why == (
        "stage 1 of 3 (10 % of traffic): after 1000 seconds 100 of 400 requests (10 by the new version): timed out, "
        "an operator must decide"
    )
    waiting = decide(spec, held.state, requests(TENTH, share=0.1, start=2000.0), now=2600.0)
    assert (waiting.action, waiting.counted) == ("hold", 600)
    assert waiting.why.endswith("it is held, and waits for an operator")
    resumed = decide(spec, resume(waiting.state, 3000.0), requests(TENTH[:1], share=0.1, start=3000.0), now=3001.0)
    assert resumed.action == "advance"


def test_evidence_rolls_back_what_is_held():
    spec = spec_of(timeout=10)
    held = decide(spec, started(spec), requests(TENTH[:5], share=0.1), now=20.0)
    failing = requests(TENTH, share=0.1, start=20.0, failed=range(0, 600, 10))
    assert decide(spec, held.state, failing, now=620.0).action == "roll_back"


def test_a_stage_that_times_out_is_rolled_back_where_that_is_declared():
    spec = spec_of(timeout=100, when_timed_out="roll_back")
    decision = decide(spec, started(spec), requests(TENTH, share=0.1), now=600.0)
    assert (decision.action, decision.signals, decision.counted) == ("roll_back", (), 99)
    assert decision.why.endswith("after 100 seconds 99 of 400 requests (10 by the new version): timed out, rolled back")


def test_nothing_begins_without_a_signal():
    spec = spec_of(error_rate=None, invalid=None)
    with pytest.raises(ValueError, match="nothing is known of the old version that latency, prediction_drift, quality"):
        begin(spec, Reference(), 0.0)


def test_the_error_is_shared_by_the_signals_that_are_judged():
    alone = spec_of(latency=None, invalid=None, prediction_drift=None, quality=None)
    failing = requests(TENTH, share=0.1, failed=range(0, 600, 10))
    decision = decide(alone, started(alone), failing, now=600.0)
    assert decision.why.endswith(" to 1, 100 to 1 needed")
    unknown = decide(spec_of(), started(spec_of(), Reference()), failing, now=600.0)
    assert unknown.why.endswith(" to 1, 200 to 1 needed")
