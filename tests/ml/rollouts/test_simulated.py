"""How often rollouts err on simulated traffic, through the code that decides: a short version here, all in `make soak`.

The short version has short stages, so that a rollout takes milliseconds.
"""

import pytest

from benchmarks.rollout_traffic import Fault
from benchmarks.rollouts import (
    AT_THE_EDGE,
    EXPOSED,
    FAULTS,
    NOTHING_TOLERATED,
    detections,
    false_rollbacks,
    upper_bound,
)
from schemas.rollout import RolloutSpec, Stage
from tests.soak import SOAKING, count

pytestmark = [pytest.mark.untraced, pytest.mark.slow]

SHORT = RolloutSpec(
    stages=[Stage(share=0.1, requests=50), Stage(share=0.5, requests=500, labels=250), Stage(share=1)], error=0.1
)
SPEC = EXPOSED if SOAKING else SHORT
HARMLESS = {
    "the same": (SPEC, Fault()),
    "nothing tolerated": (SPEC.model_copy(update=NOTHING_TOLERATED), Fault()),
    "as much worse as tolerated": (SPEC, AT_THE_EDGE),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_a_version_that_is_no_worse_than_tolerated_is_rolled_back_no_oftener_than_declared(name):
    spec, fault = HARMLESS[name]
    found = false_rollbacks(spec, fault, count(100, 2000))
    assert found.rolled_back + found.promoted == found.streams
    assert found.upper_bound <= spec.error, found


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_version_is_rolled_back_each_time(name):
    found = detections(SPEC, FAULTS[name], count(20, 500))
    assert found.rolled_back == found.streams
    assert found.exposed_median <= 400


def test_the_bound_is_that_of_clopper_and_pearson():
    assert upper_bound(0, 2000) == pytest.approx(1 - 0.05 ** (1 / 2000))
    assert upper_bound(3, 3) == 1.0
