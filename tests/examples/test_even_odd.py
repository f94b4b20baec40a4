"""Even or odd: written, learnt, not to be learnt from the number alone, and with wrong labels."""

from pathlib import Path

import pytest

from examples.make_even_odd import BITS, NOISE, numbers, write
from schemas.home import ROOT
from tests.examples.pages import ask_as_the_page_says, verdicts
from tests.lifecycle.conftest import Result, World

pytestmark = [pytest.mark.garage, pytest.mark.untraced]


@pytest.fixture(scope="module")
def learnt(world: World) -> Result:
    return world.run("+experiment=even_odd")


def test_the_rule_of_a_person_is_always_right(world: World) -> None:
    rule = "trainer.rules=[{when: {column: bit_1, equals: 1}, then: 1}]"
    result = world.run("+experiment=even_odd", "pipeline=training", "trainer=rules", rule, "trainer.otherwise=0")
    assert result.code == 0 and result.summary["metrics"]["test"]["accuracy"] == 1


def test_a_model_finds_the_digit(learnt: Result) -> None:
    assert learnt.code == 0 and learnt.summary["metrics"]["test"]["accuracy"] == 1
    assert "equal rows always have the same target" in learnt.err


def test_a_model_that_is_shown_the_number_alone_is_refused(world: World) -> None:
    bits = ",".join(f"bit_{worth}" for worth in BITS)
    words = ["pipeline=training", "trainer=random_forest", "trainer.n_estimators=20", f"data.leave_out=[{bits}]"]
    result = world.run("+experiment=even_odd", *words)
    assert result.code == 3 and result.summary["metrics"]["test"]["accuracy"] < 0.3
    assert "below the ceiling of 100.0%" in result.err


def test_with_a_tenth_of_the_labels_wrong_the_report_says_that_tuning_will_not_help(world: World) -> None:
    noisy = ["pipeline=training", f"data.path={ROOT / 'examples' / 'even_odd_noisy.parquet'}"]
    result = world.run("+experiment=even_odd", *noisy)
    assert result.code == 0 and result.summary["metrics"]["test"]["accuracy"] == pytest.approx(1 - NOISE, abs=0.03)
    (page,) = (
        line.removeprefix("note: evaluation: ") for line in result.err.splitlines() if "note: evaluation" in line
    )
    text = Path(page).read_text(encoding="utf-8")
    for said in ("How much is left to win", "90.1% is the ceiling: it is reached", "More tuning", "will not help"):
        assert said in text and (said in result.err or said == "How much is left to win")


def test_it_answers_what_its_page_asks(learnt: Result) -> None:
    assert ask_as_the_page_says("even_odd", learnt.summary["deployment"]["url"])["label"] == 1


def test_numbers_it_never_saw_are_quiet_and_larger_ones_alarm(learnt: Result, world: World) -> None:
    (quiet, _), (shifted, blamed) = verdicts(world, "even_odd")
    assert (quiet, shifted, blamed) == ("ok", "drift", {"bit_512"})


def test_the_shipped_files_are_what_their_generator_writes(tmp_path: Path) -> None:
    import pandas as pd

    write(tmp_path)
    for name in ("even_odd.parquet", "even_odd_noisy.parquet"):
        assert pd.read_parquet(tmp_path / name).equals(pd.read_parquet(ROOT / "examples" / name))
    rows = numbers(NOISE)
    assert (rows["parity"] != rows["number"] % 2).mean() == pytest.approx(NOISE, abs=1 / len(rows))
