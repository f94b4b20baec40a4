"""Whose labels are not believed: sources that flip some, and not those that label hard rows or a changed world."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.retraining.second_opinion import second_opinion
from ml.retraining.sources import Judged, contradicted_classes, contradicted_values, judge
from schemas.retraining import PoisonSpec, SourceRecord
from tests.soak import count

SPEC = PoisonSpec()
BY = {"alice": 0.4, "bob": 0.3, None: 0.3}


def drawn(
    seed: int,
    rows: int = 600,
    flipped: dict[str | None, float] | None = None,
    moved: float = 0.0,
    by: dict[str | None, float] = BY,
) -> list[SourceRecord]:
    """Judge labels of x1 + x2 > moved by a model that believes in 0 and errs in one row of 50."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(rows, 2))
    distance = features.sum(axis=1)
    truth = (distance > moved).astype(np.int64)
    production = np.where(draw.random(rows) < 0.02, distance <= 0, distance > 0).astype(np.int64)
    names = list(by)
    sources = [names[place] for place in draw.choice(len(names), size=rows, p=list(by.values()))]
    shares = np.array([(flipped or {}).get(one, 0.0) for one in sources])
    labels = np.where(draw.random(rows) < shares, 1 - truth, truth)
    second = second_opinion(features, labels, classes=True, seed=seed)
    confidence: NDArray[np.float64] = 1 / (1 + np.exp(-np.abs(3 * distance)))
    return judge(Judged(sources, contradicted_classes(labels, production, second), confidence, 0.02), SPEC)


def refused(found: list[SourceRecord]) -> list[str | None]:
    return [one.source for one in found if not one.passed]


@pytest.mark.parametrize("source", ["alice", "bob", None])
def test_a_source_that_flips_three_of_ten_labels_is_named_and_no_other(source: str | None) -> None:
    for seed in range(count(2, 50)):
        found = drawn(seed, flipped={source: 0.3})
        assert refused(found) == [source]
        (poisoned,) = [one for one in found if one.source == source]
        assert 0.12 < poisoned.contradicted / poisoned.rows < 0.45
        assert ("labels without a source" if source is None else repr(source)) in poisoned.why
        assert source is None or f"retrain.exclude=[{source}]" in poisoned.why


def test_a_source_that_is_alone_is_judged_by_the_test_set() -> None:
    assert refused(drawn(3, flipped={"bob": 0.3}, by={"bob": 1.0})) == ["bob"]
    assert refused(drawn(3, by={"bob": 1.0})) == []


def test_all_sources_that_flip_labels_are_named() -> None:
    assert set(refused(drawn(4, rows=900, flipped=dict.fromkeys(BY, 0.3)))) == set(BY)


def test_sound_labels_are_believed() -> None:
    assert [seed for seed in range(count(3, 200)) if refused(drawn(seed))] == []


def test_labels_of_a_changed_world_are_believed() -> None:
    for seed in range(count(2, 50)):
        found = drawn(seed, moved=1.0)
        assert refused(found) == [] and {one.source for one in found} == set(BY)


def test_a_source_that_labels_the_hard_rows_is_compared_with_others_of_equal_confidence() -> None:
    draw = np.random.default_rng(0)
    hard = draw.random(800) < 0.5
    confidence = np.where(hard, 0.55, 0.95)
    sources = np.where(hard & (draw.random(800) < 0.8), "reviewer", "system").tolist()
    wrong = draw.random(800) < np.where(hard, 0.3, 0.01)
    found = {one.source: one for one in judge(Judged(sources, wrong, confidence, 0.3), SPEC)}
    assert found["reviewer"].passed and found["system"].passed
    assert found["reviewer"].p_value is not None and found["reviewer"].p_value > 0.01


def test_a_source_with_few_rows_is_not_judged() -> None:
    sources = ["few" if place < 19 else "many" for place in range(119)]
    wrong = np.array([True] * 19 + [False] * 100)
    few = judge(Judged(sources, wrong, np.full(119, np.nan), 0.02), SPEC)[1]
    assert few.passed and few.expected is None and "too few to be judged" in few.why


def test_values_beyond_three_errors_of_both_models_are_contradicted() -> None:
    labels, production, second = np.array([1.0, 9.0, 9.0]), np.array([1.5, 1.0, 1.0]), np.array([1.0, 1.0, 8.5])
    wrong, expected = contradicted_values(labels, production, second, 1.0)
    assert wrong.tolist() == [False, True, False] and expected == pytest.approx(1 / 9)


def test_there_is_no_second_opinion_of_few_rows_or_none_of_features() -> None:
    assert second_opinion(np.zeros((29, 2)), np.zeros(29), classes=False, seed=0) is None
    assert second_opinion(np.zeros((90, 0)), np.zeros(90), classes=False, seed=0) is None
