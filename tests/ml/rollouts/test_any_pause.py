"""Who runs a rollout may die at any moment: the next one decides the same, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.rollout_traffic import Fault, reference_of, traffic
from ml.rollouts.rollout import begin, decide, tried
from schemas.rollout import RolloutSpec, Stage
from schemas.rollout_state import RolloutState
from tests.ml.rollouts.made import requests, spec_of, started
from tests.soak import count

SPEC = RolloutSpec(
    stages=[
        Stage(share="shadow", requests=30, seconds=10),
        Stage(share=0.2, requests=60, labels=10),
        Stage(share=0.5, seconds=60),
        Stage(share=1),
    ],
    timeout=600,
)
FAULTS = [Fault(), Fault(failing=0.3), Fault(worse=0.4), Fault(slower=3.0), Fault(shift=2.0)]


class Journal:
    """What was seen of a rollout whose stages followed each other at given requests, whoever looked."""

    def __init__(self, seed: int, fault: Fault) -> None:
        rng = np.random.default_rng(seed)
        self.reference = reference_of(rng, 300)
        stream = traffic(rng, 1500, fault)
        share = np.array([0.0] * 100 + [0.2] * 400 + [0.5] * 1000)
        self.seen = stream.observed(0, len(stream.event_times), share, rng.random(1500) < share)

    def replay(self, looks):
        """Run through the journal with looks at these times, each by somebody who knows the stored state alone."""
        stored, at, taken = begin(SPEC, self.reference, 0.0).model_dump_json(), 0, []
        for now in looks:
            while True:
                complete = int(np.searchsorted(self.seen.times, now, side="right"))
                state = RolloutState.model_validate_json(stored)
                decision = decide(SPEC, state, self.seen[at:complete], now)
                stored, at = decision.state.model_dump_json(), at + decision.counted
                if decision.action != "go_on":
                    taken.append((decision.action, decision.why, at))
                if decision.action in ("promote", "roll_back"):
                    return taken, stored
                if at == complete and decision.action in ("go_on", "hold"):
                    break
        return taken, stored


@settings(max_examples=count(15, 300), deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    fault=st.sampled_from(FAULTS),
    looks=st.lists(st.floats(0, 1), min_size=30, max_size=30),
)
def test_thirty_deaths_change_nothing(seed, fault, looks):
    journal = Journal(seed, fault)
    last = float(journal.seen.times[-1])
    never_died, state = journal.replay([last])
    died, same_state = journal.replay([*(last * look for look in sorted(looks)), last])
    died = [one for one in died if one[0] != "hold"]
    assert died == [one for one in never_died if one[0] != "hold"]
    assert same_state == state


@pytest.mark.parametrize("fault", FAULTS)
def test_the_journals_of_this_test_come_to_an_end(fault):
    taken, _ = Journal(7, fault).replay([1e9])
    assert taken[-1][0] == ("promote" if fault == Fault() else "roll_back")


def test_what_is_stored_is_small():
    _, stored = Journal(7, Fault()).replay([1e9])
    assert len(stored) < 8_000


@settings(max_examples=count(30, 2000), deadline=None)
@given(
    stage=st.sampled_from([{"seconds": 25.0}, {"requests": 4}, {"seconds": 9.0, "labels": 2}]),
    new=st.lists(st.sampled_from([True, False, False, False]), max_size=20),
    others=st.lists(st.integers(0, 50), max_size=3),
    looks=st.lists(st.floats(0, 60), max_size=12),
)
def test_nor_does_it_matter_when_a_request_was_found_that_is_no_observation(stage, new, others, looks):
    spec = spec_of(stages=[{"share": 0.5, **stage}, {"share": 1}], timeout=41.0, when_timed_out="roll_back")
    seen = requests(new, share=0.5, gap=2.5, labelled=range(0, len(new), 3), loss=0.1)

    def end(looks):
        state, at = started(spec), 0
        for now in looks:
            known = [time for time in others if time <= now]
            state = tried(state, min(known)) if known and not state.answered else state
            decision = decide(spec, state, seen[at : int(np.searchsorted(seen.times, now, side="right"))], now)
            state, at = RolloutState.model_validate_json(decision.state.model_dump_json()), at + decision.counted
            if state.ended:
                break
        return decision.action, decision.why, at, state

    assert end([*sorted(looks), 100.0]) == end([100.0])
