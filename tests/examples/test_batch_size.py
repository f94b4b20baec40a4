"""Two networks alike but for the batch size: one picture, and in words what it shows."""

from pathlib import Path

import pytest

from tests.examples.pages import ask_as_the_page_says, verdicts
from tests.lifecycle.conftest import Result, World

pytestmark = [pytest.mark.garage, pytest.mark.untraced]

BATCHES = "trainer.batch_size=8,64"  # 1 takes 1,400 steps an epoch


@pytest.fixture(scope="module")
def compared(world: World) -> Result:
    return world.run("-m", "+experiment=batch_size", BATCHES, "trainer.epochs=8", f"hydra.sweep.dir={world.folder}/two")


@pytest.fixture(scope="module")
def deployed(world: World) -> Result:
    return world.run("+experiment=batch_size", "trainer.epochs=15")


def test_both_losses_are_in_one_picture(compared: Result, world: World) -> None:
    assert compared.code == 0, compared.err
    (picture,) = (
        line.removeprefix("learning: ") for line in compared.out.splitlines() if line.startswith("learning: ")
    )
    assert Path(picture) == world.folder / "two" / "learning.png"
    assert Path(picture).read_bytes().startswith(b"\x89PNG")


def test_words_say_what_it_shows(compared: Result) -> None:
    notes = [line.removeprefix("note: ") for line in compared.out.splitlines() if line.startswith("note: ")]
    for size in (8, 64):
        assert sum(
            note.startswith(f"trainer.batch_size={size}: the validation loss was lowest after") for note in notes
        )
    assert any("the lowest loss is that of trainer.batch_size=" in note for note in notes)
    assert any("the loss of trainer.batch_size=8 jumps" in note for note in notes)


def test_it_answers_what_its_page_asks(deployed: Result) -> None:
    assert deployed.code == 0, deployed.err
    assert ask_as_the_page_says("batch_size", deployed.summary["deployment"]["url"])["label"] == "failing"


def test_pumps_it_never_saw_are_quiet_and_a_loose_sensor_alarms(deployed: Result, world: World) -> None:
    (quiet, _), (shifted, blamed) = verdicts(world, "batch_size")
    assert (quiet, shifted) == ("ok", "drift") and "vibration_mm_s" in blamed
