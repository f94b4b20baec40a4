"""Bets are fair or unfavourable under the null hypothesis, and wealth is what a pencil would find."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.rollouts.betting import BLOCK, FRACTIONS, WealthProcess, gains, stake

unit = st.floats(0, 1)
inside = st.floats(0.001, 0.999)


def gain(old, new, share, expected, tolerated):
    return gains(np.array([[[old], [new]]]), np.array([share]), np.array([expected]), tolerated)[0, 0]


@given(old=unit, new=unit, share=inside, expected=unit, tolerated=inside)
def test_a_bet_on_a_split_never_loses_all_and_its_mean_is_the_difference_beyond_the_tolerance(
    old, new, share, expected, tolerated
):
    if_new, if_old = (
        gain(np.nan, new, share, expected, tolerated),
        gain(old, np.nan, share, expected, tolerated),
    )
    assert min(if_new, if_old) >= -1 - 1e-9
    bound = max(expected / share, (1 - expected) / (1 - share)) + tolerated
    mean = share * if_new + (1 - share) * if_old
    assert mean * bound == pytest.approx(new - old - tolerated, abs=1e-6)
    assert mean <= 1e-9 or new > old + tolerated


@given(old=unit, new=unit, tolerated=inside)
def test_a_bet_on_a_shadow_is_the_difference_of_its_pair(old, new, tolerated):
    found = gain(old, new, 0.0, 0.3, tolerated)
    assert found >= -1 and found == pytest.approx((new - old - tolerated) / (1 + tolerated))


def test_what_was_not_compared_changes_nothing():
    assert gain(np.nan, np.nan, 0.5, 0.3, 0.01) == 0
    assert gain(0.0, np.nan, 0.0, 0.3, 0.01) == 0  # a shadow without its answer
    assert gain(np.nan, 1.0, 1.0, 0.3, 0.01) == 0  # all traffic: nothing to compare with


def test_the_stakes_of_all_stages_and_blocks_are_the_wealth_at_the_start():
    assert 3 * sum(stake(block, 3) for block in range(10_000)) == pytest.approx(1, abs=2e-4)


def test_wealth_is_the_mean_product_of_the_factors():
    won = np.array([[0.5, -0.2], [2.0, 0.1], [-1.0, 0.0]])
    process = WealthProcess.starting(2, stages=2)
    assert process.total() == 1
    process.enter_stage()
    assert process.play(won, np.array([True, False, True]), np.inf) is None
    by_hand = sum(np.prod(1 + fraction * won[:, question]) for question in (0, 1) for fraction in FRACTIONS)
    assert process.total() == pytest.approx(0.75 + 0.25 * by_hand / (2 * len(FRACTIONS)))
    assert process.fresh == 2


def test_a_fresh_stake_is_laid_down_after_each_block_of_new_observations():
    process = WealthProcess.starting(1, stages=1)
    process.enter_stage()
    is_new = np.tile([True, False], 2 * BLOCK)
    process.play(np.zeros((len(is_new), 1)), is_new, np.inf)
    assert process.reserve == pytest.approx(1 - stake(0, 1) - stake(1, 1) - stake(2, 1))
    assert process.total() == pytest.approx(1)


def test_a_fault_that_begins_late_is_found_nearly_as_soon_as_one_that_was_there_from_the_start():
    def needed(healthy):
        process = WealthProcess.starting(1, stages=1)
        process.enter_stage()
        won = np.concatenate([np.full(healthy, -0.5), np.ones(200)])[:, None]
        return process.play(won, np.ones(len(won), dtype=bool), 1000.0) - healthy

    assert needed(0) < 15
    assert needed(5_000) < 40


@given(
    seed=st.integers(0, 2**32 - 1),
    cuts=st.lists(st.integers(0, 1500), max_size=12),
    questions=st.sampled_from([1, 3, 20]),
)
def test_pauses_change_no_bit(seed, cuts, questions):
    rng = np.random.default_rng(seed)
    won, is_new = rng.uniform(-1, 1.05, (1500, questions)), rng.random(1500) < 0.3
    needed = 20.0

    def played(bounds):
        process, found = WealthProcess.starting(questions, 2), None
        process.enter_stage()
        for start, stop in pairwise(bounds):
            if found is None:
                at = process.play(won[start:stop], is_new[start:stop], needed)
                found = None if at is None else start + at
        return found, process.wealth.tolist(), process.reserve, process.fresh

    assert played([0, *sorted(cuts), 1500]) == played([0, 1500])
