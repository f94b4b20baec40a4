"""Which rate is tried next, and which is believed."""

import pytest

from schemas.capacity import Trial
from serving.capacity.search import NEAR, best, is_known, next_rate

BUDGET = 0.05


def trial(rate: float, p99: float, late: float = 0.0, cut_off: bool = False) -> Trial:
    sent = round(rate)
    return Trial(
        rate=rate, began=0, ended=1, sent=sent, answered=sent, p50=p99 / 3, p99=p99, late=late, cut_off=cut_off
    )


@pytest.mark.parametrize("can", [7.0, 90.0, 1_234.0, 25_000.0])
@pytest.mark.parametrize("first", [100.0, 2_000.0])
def test_the_search_ends_near_what_the_service_can_do(can: float, first: float) -> None:
    trials: list[Trial] = []
    while (rate := next_rate(trials, BUDGET, first)) is not None:
        trials.append(trial(rate, BUDGET / 2 if rate <= can else 10 * BUDGET, cut_off=rate > can))
        assert len(trials) < 25
    found = best(trials, BUDGET)
    assert found is not None and can / NEAR <= found.rate <= can and is_known(trials, BUDGET)


def test_what_broke_without_being_plainly_too_much_is_tried_once_more() -> None:
    trials = [trial(100, 0.01), trial(200, 0.2, cut_off=True), trial(140, 0.06)]
    assert next_rate(trials, BUDGET, 100) == 140
    again = [*trials, trial(140, 0.04)]
    found = best(again, BUDGET)
    assert found is not None and found.rate == 140 and (next_rate(again, BUDGET, 100) or 0) > 140
    assert (next_rate([*trials, trial(140, 0.06)], BUDGET, 100) or 140) < 140


def test_a_client_that_can_do_no_more_ends_the_search_and_the_rate_is_at_least_that() -> None:
    trials = [trial(100, 0.01), trial(200, 0.01, late=0.02)]
    assert next_rate(trials, BUDGET, 100) is None
    assert best(trials, BUDGET) == trials[1] and not is_known(trials, BUDGET)


def test_a_rate_that_held_above_one_that_did_not_is_not_believed() -> None:
    trials = [trial(100, 0.01), trial(200, 0.2, cut_off=True), trial(210, 0.01)]
    assert best(trials, BUDGET) == trials[0]


def test_a_service_that_is_too_slow_at_any_rate_has_none() -> None:
    trials: list[Trial] = []
    while (rate := next_rate(trials, BUDGET, 100.0)) is not None:
        trials.append(trial(rate, 1.0))
    assert best(trials, BUDGET) is None and len(trials) < 20
