"""The learning curves of several jobs beside each other, in words and in one picture."""

import math
from collections.abc import Sequence
from typing import Any

import pytest

from ml.tuning.learning_curves import learnt, told, unsteadiness
from ml.tuning.learning_plot import MOST, learning_curves_figure, learning_curves_picture
from schemas.learning import LearningCurves
from schemas.summary import Summary
from schemas.sweep import Comparison, JobResult

SMOOTH = [1 / (epoch + 1) for epoch in range(20)]
JUMPY = [loss + (0.2 if epoch % 2 else 0.0) for epoch, loss in enumerate(SMOOTH)]


def job(number: int, losses: Sequence[float] | None, seconds: float = 2.0, kind: str = "cross-entropy") -> JobResult:
    curves = losses and LearningCurves(
        loss=kind,
        training=list(losses),
        validation=list(losses),
        best_epoch=1 + min(range(len(losses)), key=lambda at: losses[at]),
        stopped_early=False,
        diagnosis="fine",
        why="",
    )
    summary = Summary(
        experiment="x", pipeline="training", stack="local", status="succeeded", seconds={"train": seconds}
    )
    choices = {"trainer.batch_size": f"${number}$"}
    return JobResult(number=number, choices=choices, folder="", summary=summary, learning=curves or None)


def compared(*jobs: JobResult) -> Comparison:
    return Comparison(metric="accuracy", ranked=list(jobs), others=[])


def test_words_say_which_is_restless_which_is_lowest_and_which_took_long() -> None:
    said = told(learnt(compared(job(1, JUMPY, seconds=20.0), job(0, SMOOTH))))
    assert [text.partition(":")[0] for text in said[:2]] == ["trainer.batch_size=$0$", "trainer.batch_size=$1$"]
    assert "lowest after epoch 20 of 20 (0.05) and 0.05 at the end" in said[0] and said[0].endswith("in 2.0 s")
    assert said[2].startswith("the loss of trainer.batch_size=$1$ jumps")
    assert said[3:] == [
        "the lowest loss is that of trainer.batch_size=$0$, 0.05",
        "trainer.batch_size=$1$ took 10.0 times as long to train as trainer.batch_size=$0$",
    ]


def test_seconds_that_imports_may_have_taken_are_not_compared() -> None:
    assert not any("times as long" in text for text in told(learnt(compared(job(0, SMOOTH), job(1, JUMPY, 6.0)))))
    assert not any("times as long" in text for text in told(learnt(compared(job(0, SMOOTH, 0.0), job(1, JUMPY, 60.0)))))


@pytest.mark.parametrize(
    "jobs",
    [
        [job(0, SMOOTH)],
        [job(0, SMOOTH), job(1, None)],
        [job(0, SMOOTH), job(1, SMOOTH, kind="mean squared error")],
        [],
    ],
)
def test_what_cannot_be_compared_is_neither_told_nor_drawn(jobs: list[JobResult]) -> None:
    assert learnt(compared(*jobs)) == [] and told(learnt(compared(*jobs))) == []


def test_a_loss_that_falls_steadily_is_steady_however_fast_it_falls() -> None:
    assert unsteadiness([10.0 - epoch for epoch in range(10)]) == 0
    assert unsteadiness([epoch % 2 for epoch in range(10)]) == 1
    assert unsteadiness([]) == unsteadiness([1.0]) == unsteadiness([1.0, 2.0]) == 0


def test_the_picture_has_a_curve_of_each_job_and_its_kept_epoch() -> None:
    jobs = learnt(compared(job(0, SMOOTH), job(1, [1000.0, *JUMPY[1:]]), job(2, [*SMOOTH[:5], math.nan, 0.1])))
    axes: Any = learning_curves_figure(jobs).axes[0]
    assert len(axes.lines) == 9 and axes.get_ylabel() == "cross-entropy"
    labels = [text.get_text().partition(",")[0] for text in axes.get_legend().get_texts()]
    assert labels == [rf"trainer.batch_size=\${number}\$" for number in range(3)]
    assert learning_curves_picture(jobs).startswith(b"\x89PNG")


def test_a_steep_course_is_drawn_on_a_logarithmic_axis_and_many_jobs_in_part() -> None:
    steep = [10.0**-epoch for epoch in range(6)]
    axes: Any = learning_curves_figure(learnt(compared(*(job(number, steep) for number in range(MOST + 2))))).axes[0]
    assert axes.get_yscale() == "log" and len(axes.get_legend().get_texts()) == MOST
    assert f"the first {MOST} of {MOST + 2} jobs" in axes.get_xlabel()
