"""The review threshold: chosen on the validation set for a declared error among confident predictions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.predictions.abstention import EVERY, choose, error_bound, measure, review_notes
from ml.predictions.predictions import decide
from ml.predictions.predictor import Predictions
from schemas.run import ReviewSpec


def predictions(second: list[float]) -> Predictions:
    probabilities = np.array([[1 - value, value] for value in second])
    return Predictions(codes=decide(probabilities), probabilities=probabilities)


def test_the_lowest_threshold_that_keeps_the_error_is_chosen():
    sure = predictions([0.99] * 50 + [0.8] * 50 + [0.6] * 50)
    target = np.array([1] * 50 + [1] * 48 + [0] * 2 + [0] * 25 + [1] * 25)
    record = choose(ReviewSpec(max_error=0.06), target, sure)
    assert record.threshold == pytest.approx(0.7)
    assert record.confident_error == pytest.approx(0.02)
    assert record.error_bound == pytest.approx(0.0523, abs=1e-4)  # exact upper limit for 2 of 100, from tables
    assert record.handed_over == pytest.approx(1 / 3)
    assert "2 of the 100" in record.why and "error 2.0 %, at most 5.2 % with 90 % confidence" in record.why


def test_an_error_that_chance_may_have_made_small_is_no_promise():
    sure, target = predictions([0.99] * 100), np.array([1] * 98 + [0] * 2)
    assert choose(ReviewSpec(max_error=0.06), target, sure).threshold == 0.0
    assert choose(ReviewSpec(max_error=0.03), target, sure).threshold == EVERY


@pytest.mark.untraced
@pytest.mark.slow
@pytest.mark.parametrize("rows", [100, 200, 400, 2000])
def test_the_promise_holds_for_rows_to_come_nine_times_in_ten(rows):
    generator, most, broken, chosen = np.random.default_rng(3), 0.1, 0, 0
    to_come = 0.5 + 0.5 * generator.beta(3, 1.2, 100_000)  # how sure a calibrated model is
    for _ in range(150):
        sure = 0.5 + 0.5 * generator.beta(3, 1.2, rows)
        target = (generator.random(rows) < sure).astype(np.int64)
        threshold = choose(ReviewSpec(max_error=most), target, predictions(sure.tolist())).threshold
        assert threshold is not None
        kept = to_come[to_come >= threshold]
        chosen += len(kept) > 0
        broken += len(kept) > 0 and (1 - kept).mean() > most
    assert broken / 150 <= 0.12 and chosen >= 50


def test_a_model_that_is_right_everywhere_hands_nothing_over():
    record = choose(ReviewSpec(max_error=0.06), np.ones(40, dtype=np.int64), predictions([0.9] * 40))
    assert (record.threshold, record.handed_over) == (0.0, 0.0)


def test_too_few_rows_for_a_promise_are_reported_with_how_many_it_takes():
    record = choose(ReviewSpec(max_error=0.01), np.ones(40, dtype=np.int64), predictions([0.9] * 40))
    assert record.threshold == EVERY and "takes 230 rows or more, all of them right" in record.why
    assert error_bound(0, 230) <= 0.01 < error_bound(0, 229)


def test_a_model_that_is_never_right_hands_everything_over():
    record = choose(ReviewSpec(max_error=0.01), np.zeros(40, dtype=np.int64), predictions([0.9] * 40))
    assert (record.threshold, record.handed_over) == (EVERY, 1.0)
    assert "every prediction is routed to review" in record.why


def test_a_threshold_does_not_rest_on_a_handful_of_rows():
    lucky = predictions([0.99] * 5 + [0.6] * 95)
    record = choose(ReviewSpec(max_error=0.01, min_rows=30), np.array([1] * 5 + [0] * 95), lucky)
    assert record.threshold == EVERY


def test_a_class_that_training_did_not_see_counts_as_wrong():
    record = choose(ReviewSpec(max_error=0.01), np.full(40, -1), predictions([0.9] * 40))
    assert record.threshold == EVERY


def test_without_probabilities_only_what_is_abstained_from_is_routed_to_review():
    rules, target = Predictions(codes=np.array([1] * 30 + [-1] * 10)), np.array([1] * 27 + [0] * 13)
    record = choose(ReviewSpec(max_error=0.01), target, rules)
    assert (record.threshold, record.handed_over, record.confident_error) == (None, 0.25, 0.1)
    assert record.why.startswith("review.max_error cannot be kept: ") and not record.keeps_its_promise
    first, second = review_notes(record, target, rules)
    assert first == f"{record.why}."
    assert second == "On the test set 25.0 % are routed to review, and 10.0 % of the others are wrong."


def test_without_probabilities_a_promise_that_holds_anyway_is_no_warning():
    rules = Predictions(codes=np.array([1] * 30 + [-1] * 10))
    record = choose(ReviewSpec(max_error=0.1), np.ones(40, dtype=np.int64), rules)
    assert record.keeps_its_promise and "cannot" not in record.why


def test_a_model_that_always_abstains_or_has_no_rows_promises_nothing_and_breaks_nothing():
    for codes in ([-1] * 5, []):
        rules = Predictions(codes=np.array(codes, dtype=np.int64))
        assert choose(ReviewSpec(max_error=0.1), np.zeros(len(codes), dtype=np.int64), rules).confident_error is None


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200),
    st.floats(0.01, 0.9),
    st.integers(1, 50),
)
def test_the_promise_holds_on_the_rows_it_was_made_for(drawn, most, least):
    sure = predictions([probability for probability, _ in drawn])
    target = np.array([int(flag) for _, flag in drawn])
    record = choose(ReviewSpec(max_error=most, min_rows=least), target, sure)
    assert record.threshold is not None
    handed, error = measure(record.threshold, target, sure)
    assert handed == pytest.approx(record.handed_over)
    if record.threshold != EVERY:
        assert error is not None and error <= most
        assert error_bound(round(error * (1 - handed) * len(drawn)), round((1 - handed) * len(drawn))) <= most
        assert (1 - handed) * len(drawn) >= least - 1e-9


def test_the_test_set_says_whether_the_promise_was_kept():
    sure = predictions([0.99] * 60 + [0.6] * 40)
    record = choose(ReviewSpec(max_error=0.04), np.array([1] * 60 + [0] * 40), sure)
    first, second = review_notes(record, np.array([1] * 57 + [0] * 43), sure)
    assert "40 of 100 are routed to review" in first
    assert second == "On the test set 40.0 % are routed to review, and 5.0 % of the others are wrong."
