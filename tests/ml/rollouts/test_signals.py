"""What is asked of two versions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ml.rollouts.observations import is_failure
from ml.rollouts.reference import bins_of_classes, bins_of_values, edges, reference, shares
from ml.rollouts.signals import answers, expected, judged, names_of_sets
from schemas.rollout import SIGNALS
from schemas.rollout_state import Reference
from tests.ml.rollouts.made import REFERENCE, joined, requests


def test_questions_are_answered_of_the_version_that_was_asked():
    seen = requests([False, True], share=0.5, failed=[1])
    assert answers("error_rate", seen, REFERENCE)[:, :, 0] == pytest.approx(
        np.array([[0, np.nan], [np.nan, 1]]), nan_ok=True
    )
    assert answers("latency", seen, REFERENCE).shape == (2, 2, 3)
    assert np.isnan(answers("quality", seen, REFERENCE)).all()
    for signal in SIGNALS:
        assert answers(signal, seen, REFERENCE).shape[2] == len(expected(signal, REFERENCE))


def test_a_request_without_an_answer_is_slower_than_any():
    seen = requests([True], share=0.5)
    seen.latency[0, 1] = np.inf
    assert answers("latency", seen, REFERENCE)[0, 1].tolist() == [1, 1, 1]


@given(bins=arrays(float, (2, 5), elements=st.floats(0, 1)))
def test_no_set_of_bins_differs_by_more_than_the_total_variation_and_a_shift_reaches_it(bins):
    bins = (bins + 1e-6) / (bins + 1e-6).sum(axis=1, keepdims=True)
    old, new = (expected("prediction_drift", Reference(bins=one.tolist())) for one in bins)
    distance = 0.5 * np.abs(bins[0] - bins[1]).sum()
    assert (new - old).max() <= distance + 1e-9
    assert len(names_of_sets(5)) == len(old)


def test_sets_are_called_by_their_bins():
    sets = expected("prediction_drift", Reference(bins=[0.1, 0.2, 0.3, 0.4]))
    assert dict(zip(names_of_sets(4), sets.round(6).tolist(), strict=True)) == {
        **{"bin 1": 0.1, "bins 1 to 2": 0.3, "bins 1 to 3": 0.6},
        **{"bins 2 to 4": 0.9, "bins 3 to 4": 0.7, "bin 4": 0.4},
        **{"bin 2": 0.2, "bin 3": 0.3},
    }


def test_a_signal_of_which_nothing_was_seen_is_not_judged():
    assert judged(Reference()) == ["error_rate", "invalid"]
    assert judged(REFERENCE) == list(SIGNALS)
    assert judged(REFERENCE, ("quality",)) == ["quality"]


def test_predictions_must_be_told_by_the_bins_of_before():
    with pytest.raises(ValueError, match="told by 4 bins, and were by 2 before the rollout"):
        answers("prediction_drift", requests([True], share=0.5), Reference(bins=[0.5, 0.5]))


def test_columns_of_other_shapes_and_halves_of_outcomes_are_refused():
    seen = requests([True, False], share=0.5)
    with pytest.raises(ValueError, match="of 2 observations, these columns have other shapes"):
        type(seen)(**{**vars(seen), "latency": seen.latency[:1]})
    with pytest.raises(ValueError, match="latency must be known of exactly the requests"):
        type(seen)(**{**vars(seen), "latency": np.full((2, 2), np.nan)})
    assert len(joined(seen, requests([True], share=0.0, labelled=[0]))) == 3


def test_only_what_a_version_does_wrong_is_a_failure():
    assert [status for status in (200, 400, 413, 422, 429, 500, 502, 503, 504) if is_failure(status)] == [500, 502, 504]


def test_a_reference_holds_quantiles_means_and_nothing_of_what_there_was_none():
    found = reference(np.arange(101.0), np.array([[1, 0], [0, 1]]), np.array([0.0, 5.0]))
    assert found == Reference(slow=[50.0, 90.0, 99.0], bins=[0.5, 0.5], loss=0.5)
    assert reference(np.empty(0), np.empty((0, 4)), None) == Reference()


def test_values_and_classes_get_bins_and_what_is_no_prediction_none():
    ends = edges(np.arange(100.0), bins=4)
    assert ends == pytest.approx([24.75, 49.5, 74.25])
    assert bins_of_values(np.array([0.0, 30.0, 99.0, np.nan, np.inf]), ends).tolist() == [0, 1, 3, -1, -1]
    assert edges(np.ones(10), bins=4).tolist() == [1.0]
    assert bins_of_classes(["no", None, "yes"], ["yes", "no"]).tolist() == [1, -1, 0]


def test_shares_are_of_all_rows_of_a_request():
    found = shares(np.array([0, 1, -1, 1]), np.array([0, 0, 0, 2]), n=3, k=2)
    assert found == pytest.approx(np.array([[1 / 3, 1 / 3], [0, 0], [0, 1]]))
