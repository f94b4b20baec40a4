"""A model's score beside the ceiling, in words."""

import pytest

from ml.evaluation.ceiling import ceiling_notes
from schemas.evaluation import Ceiling, Evaluation

NOISY = Ceiling(metric="accuracy", value=0.9, low=0.88, high=0.92, disagreement=0.18, groups=500, share=0.98)
CLEAN = Ceiling(metric="accuracy", value=1, low=0.99, high=1, disagreement=0, groups=500, share=0.98)
NUMBERS = Ceiling(metric="r2", value=0.8, low=0.75, high=0.85, disagreement=4, groups=500, share=0.98)


def scored(metric: str, value: float | None, half: float = 0.01) -> Evaluation:
    bounds = {} if value is None else {metric: (value - half, value + half)}
    return Evaluation(metrics={"test": {metric: value}}, intervals={"test": bounds})


@pytest.mark.parametrize(
    ("ceiling", "value", "said"),
    [
        (NOISY, 0.89, "90.0% is the ceiling: it is reached. More tuning, a larger model or another trainer will not"),
        (NOISY, 0.93, "it is reached"),
        (NOISY, 0.8, "below the ceiling of 90.0%: the rows hold more than this model found"),
        (CLEAN, 1.0, "100.0% (99.0% to 101.0%): all that there is to be right about"),
        (CLEAN, 0.5, "below the ceiling of 100.0%"),
        (NUMBERS, 0.79, "0.8 is the ceiling: it is reached"),
        (NUMBERS, 0.5, "below the ceiling of 0.8"),
    ],
)
def test_a_score_is_compared_with_the_ceiling(ceiling: Ceiling, value: float, said: str) -> None:
    first, second = ceiling_notes(ceiling, scored(ceiling.metric, value))
    assert "500 inputs come more than once" in first and said in second


def test_without_a_ceiling_nothing_is_said_and_without_a_score_nothing_is_compared() -> None:
    assert ceiling_notes(None, scored("accuracy", 0.9)) == []
    assert len(ceiling_notes(NOISY, scored("accuracy", None))) == 1
