"""The review threshold: chosen on the validation set for a declared error among confident answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.answers import Answers, decide
from ml.review import EVERY, choose, measure, require_confidence, told
from schemas.data import Problem
from schemas.errors import ContentError
from schemas.run import ReviewSpec


def answers(second: list[float]) -> Answers:
    probabilities = np.array([[1 - value, value] for value in second])
    return Answers(codes=decide(probabilities), probabilities=probabilities)


def test_the_lowest_threshold_that_keeps_the_error_is_chosen():
    sure = answers([0.99] * 50 + [0.8] * 50 + [0.6] * 50)
    target = np.array([1] * 50 + [1] * 48 + [0] * 2 + [0] * 25 + [1] * 25)
    record = choose(ReviewSpec(max_error=0.03), target, sure)
    assert record.threshold == pytest.approx(0.7)
    assert record.confident_error == pytest.approx(0.02)
    assert record.handed_over == pytest.approx(1 / 3)
    assert "2 of the 100" in record.why


def test_a_model_that_is_right_everywhere_hands_nothing_over():
    record = choose(ReviewSpec(max_error=0.01), np.ones(40, dtype=np.int64), answers([0.9] * 40))
    assert (record.threshold, record.handed_over) == (0.0, 0.0)


def test_a_model_that_is_never_right_hands_everything_over():
    record = choose(ReviewSpec(max_error=0.01), np.zeros(40, dtype=np.int64), answers([0.9] * 40))
    assert (record.threshold, record.handed_over) == (EVERY, 1.0)
    assert "every answer is handed over" in record.why


def test_a_threshold_does_not_rest_on_a_handful_of_rows():
    lucky = answers([0.99] * 5 + [0.6] * 95)
    record = choose(ReviewSpec(max_error=0.01, min_rows=30), np.array([1] * 5 + [0] * 95), lucky)
    assert record.threshold == EVERY


def test_a_class_that_training_did_not_see_counts_as_wrong():
    record = choose(ReviewSpec(max_error=0.01), np.full(40, -1), answers([0.9] * 40))
    assert record.threshold == EVERY


def test_without_probabilities_only_what_is_abstained_from_is_handed_over():
    rules = Answers(codes=np.array([1] * 30 + [-1] * 10))
    record = choose(ReviewSpec(max_error=0.01), np.ones(40, dtype=np.int64), rules)
    assert (record.threshold, record.handed_over) == (None, 0.25)


def test_a_regression_has_nothing_to_be_sure_of():
    with pytest.raises(ContentError, match=r"review\.max_error"):
        require_confidence(ReviewSpec(max_error=0.1), Problem(target="y", task="regression"))


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200),
    st.floats(0.01, 0.9),
    st.integers(1, 50),
)
def test_the_promise_holds_on_the_rows_it_was_made_for(drawn, most, least):
    sure = answers([probability for probability, _ in drawn])
    target = np.array([int(flag) for _, flag in drawn])
    record = choose(ReviewSpec(max_error=most, min_rows=least), target, sure)
    assert record.threshold is not None
    handed, error = measure(record.threshold, target, sure)
    assert handed == pytest.approx(record.handed_over)
    if record.threshold != EVERY:
        assert error is not None and error <= most + 1e-12
        assert (1 - handed) * len(drawn) >= least - 1e-9


def test_the_test_set_says_whether_the_promise_was_kept():
    sure = answers([0.99] * 60 + [0.6] * 40)
    record = choose(ReviewSpec(max_error=0.02), np.array([1] * 60 + [0] * 40), sure)
    first, second = told(record, np.array([1] * 57 + [0] * 43), sure)
    assert "40 of 100 are handed over" in first
    assert second == "On the test set 40.0% are handed over, and 5.0% of the others are wrong."
