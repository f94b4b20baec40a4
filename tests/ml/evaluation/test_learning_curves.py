"""What the diagnosis reads off the curves of a training."""

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.evaluation.learning_curve_plot import learning_picture
from ml.evaluation.learning_curves import diagnose
from ml.evaluation.report import render_evaluation
from schemas.evaluation import Evaluation
from schemas.learning import LearningCurves

CONSTANT = 0.69


def falling(low: float, epochs: int, speed: float = 0.2) -> list[float]:
    return [low + (CONSTANT - low) * math.exp(-speed * epoch) for epoch in range(1, epochs + 1)]


def read(training: list[float], validation: list[float], *, stopped_early: bool = False) -> tuple[str, str]:
    best = int(np.argmin(validation)) + 1 if validation else len(training)
    return diagnose(training, validation, CONSTANT, best, stopped_early=stopped_early)


def test_losses_that_end_close_together_are_fine():
    diagnosis, why = read(falling(0.2, 60), falling(0.22, 60))
    assert diagnosis == "fine"
    assert "epoch 60 of 60" in why and "0.22" in why and "0.69" in why


def test_loss_hardly_below_a_constant_predictions_underfits():
    diagnosis, why = read(falling(0.67, 60), falling(0.68, 60))
    assert diagnosis == "underfits" and "hardly below the 0.69" in why and "wider layers" in why
    assert read(falling(0.62, 60), falling(0.63, 60))[0] == "fine"
    assert "not below the 0.69" in read([3.0, 2.0], [3.0, 2.0])[1]


def test_losses_still_falling_at_the_last_epoch_underfit():
    diagnosis, why = read(falling(0.05, 20, speed=0.08), falling(0.06, 20, speed=0.08))
    assert diagnosis == "underfits" and "still falling" in why and "more epochs" in why


def test_losses_that_creep_down_to_the_last_epoch_underfit():
    creeping = np.linspace(0.728, 0.65, 40).tolist()
    diagnosis, why = read(creeping, [loss + 0.002 for loss in creeping])
    assert diagnosis == "underfits" and "still falling" in why and "larger learning_rate" in why
    assert read(creeping, falling(0.66, 40))[0] == "fine"  # the validation loss has levelled off


def test_two_or_three_epochs_of_falling_losses_underfit():
    diagnosis, why = read([0.6, 0.4], [0.55, 0.38])
    assert diagnosis == "underfits" and "by 0.2 on the training rows in the last of 2 epochs" in why
    assert read([0.6, 0.5, 0.3], [0.6, 0.5, 0.32])[0] == "underfits"
    assert read([0.6, 0.4], [0.55, 0.38], stopped_early=True)[0] == "fine"
    assert read([0.4, 0.399], [0.41, 0.409])[0] == "fine"


def test_a_collapse_of_both_losses_is_unstable():
    training = [0.4, 0.25, 0.2, *np.linspace(0.4, 0.704, 57).tolist()]
    validation = [0.35, 0.2, 0.167, *np.linspace(0.4, 0.749, 57).tolist()]
    diagnosis, why = read(training, validation)
    assert diagnosis == "noisy" and "unstable: after epoch 3 the loss rose from 0.2 to" in why
    assert (
        "on the validation rows from 0.167 to" in why and "smaller learning_rate" in why and "epoch 3 were kept" in why
    )
    assert read(training, [])[0] == "noisy" and "epoch 60 were kept" in read(training, [])[1]


def test_a_training_that_stopped_by_itself_is_not_called_still_falling():
    curves = falling(0.05, 20, speed=0.08)
    assert read(curves, curves, stopped_early=True)[0] == "fine"


def test_validation_loss_that_turned_up_overfits_and_says_from_where_to_where():
    up = [*falling(0.3, 15), *np.linspace(0.34, 0.6, 45).tolist()]
    diagnosis, why = read(falling(0.05, 60), up)
    assert (
        diagnosis == "overfits" and "after epoch 15 and rose to" in why and "The weights of epoch 15 were kept" in why
    )


def test_a_slight_rise_within_the_patience_is_fine():
    slight = [*falling(0.3, 20), *np.linspace(0.32, 0.33, 10).tolist()]
    assert read(falling(0.28, 30), slight, stopped_early=True)[0] == "fine"


def test_wide_gap_overfits_without_a_turn():
    diagnosis, why = read(falling(0.1, 60), falling(0.45, 60))
    assert diagnosis == "overfits" and "0.1" in why and "0.45" in why and "more rows" in why


def test_validation_loss_that_jumps_is_noisy():
    jumping = [loss * (1.4 if epoch % 2 else 0.8) for epoch, loss in enumerate(falling(0.3, 60))]
    diagnosis, why = read(falling(0.25, 60), jumping)
    assert diagnosis == "noisy" and "jumps by" in why and "larger batch_size" in why


def test_tremor_at_the_end_of_a_perfect_fit_is_fine():
    tremor = [*falling(0.002, 40, 0.3), *[0.002 + 0.002 * (epoch % 2) for epoch in range(20)]]
    assert read(falling(0.001, 60, 0.3), tremor)[0] == "fine"


def test_one_epoch_shows_no_course():
    assert read([0.4], [0.41]) == ("fine", read([0.4], [0.41])[1])
    assert "no course" in read([0.4], [0.41])[1]
    assert read([0.68], [0.68])[0] == "underfits"
    assert read([0.4], [])[0] == "fine"


def test_diverged_losses_say_so():
    assert "diverged" in read([0.4, math.nan], [0.4, 0.5])[1]
    assert read([], [])[0] == "noisy"


losses = st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40)


@given(losses, losses, st.floats(), st.integers(-3, 60), st.booleans())
def test_whatever_the_curves_there_is_a_diagnosis(training, validation, constant, best, stopped_early):
    diagnosis, why = diagnose(training, validation, constant, best, stopped_early=stopped_early)
    assert diagnosis in ("fine", "underfits", "overfits", "noisy") and why.endswith(".")


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.lists(st.floats(0, 1e6), max_size=40))
def test_whatever_the_losses_their_text_is_finite(training, validation):
    _, why = read(training, validation[: len(training)])
    assert "nan" not in why and "inf" not in why


@pytest.mark.parametrize("validation", [[0.41], []])
@pytest.mark.parametrize("training", [[0.4], [0.0]])
def test_picture_is_drawn_of_one_epoch_and_without_validation_rows(training, validation):
    curves = LearningCurves(
        loss="cross-entropy",
        training=training,
        validation=validation,
        best_epoch=1,
        stopped_early=False,
        diagnosis="fine",
        why="well",
    )
    root = ElementTree.fromstring(learning_picture(curves))
    assert len(list(root.iterfind("g/circle"))) == len(training) + len(validation) + 1
    assert "training rows" in {text.text for text in root.iterfind("text")}


def test_losses_that_fall_steeply_are_drawn_on_a_logarithmic_axis_and_infinite_ones_left_out():
    curves = LearningCurves(
        loss="cross-entropy",
        training=[1000.0, 10.0, 0.1, 0.001],
        validation=[1000.0, 10.0, 0.1, 0.01],
        best_epoch=4,
        stopped_early=False,
        diagnosis="fine",
        why="well",
    )
    falling = ElementTree.fromstring(learning_picture(curves))
    ys = [float(dot.attrib["cy"]) for dot in falling.iterfind("g[@class='curve']/circle")]
    assert np.diff(ys) == pytest.approx([np.diff(ys)[0]] * 3, abs=0.2)
    infinite = curves.model_copy(update={"training": [math.inf, 10.0, 0.1, 0.001]})
    drawn = learning_picture(infinite)
    assert "inf" not in drawn.replace("infinite", "") and "nan" not in drawn


def test_evaluation_page_shows_the_curves_and_says_what_they_mean():
    diagnosis, why = read(falling(0.67, 9), falling(0.68, 9))
    assert diagnosis == "underfits"
    curves = LearningCurves(
        loss="cross-entropy",
        training=falling(0.67, 9),
        validation=falling(0.68, 9),
        best_epoch=9,
        stopped_early=True,
        diagnosis="underfits",
        why=f"<i>{why}",
    )
    page = render_evaluation("m", Evaluation(metrics={}), {}, learning=curves)
    assert "underfits" in page and "hardly below" in page and "after 9 epochs" in page
    assert "<i>" not in page and "<title>Learning curves</title>" in page
    assert "Learning" not in render_evaluation("m", Evaluation(metrics={}), {})
