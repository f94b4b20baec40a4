"""Verses of a package with a word left out: found again by the words around it, asked, watched."""

import pytest

from ml.sources.packages.gaps import FREQUENT, GAP
from tests.examples.pages import ask_as_the_page_says, verdicts
from tests.lifecycle.conftest import Result, World
from tests.ml.sources.packages import installed

pytestmark = [pytest.mark.garage, pytest.mark.untraced]
SMALL = ("trainer.epochs=1", "trainer.filters=32", "trainer.embedding=16", "trainer.learning_rate=0.01")


@pytest.fixture(scope="module")
def found(world: World) -> Result:
    installed("kjv_gaps")
    return world.run("+experiment=missing_word", *SMALL)


def test_every_verse_has_one_gap_and_its_word() -> None:
    rows = installed("kjv_gaps").read()
    assert len(rows) > 30_000 and rows["word"].nunique() == FREQUENT
    assert (rows["sentence"].str.count(GAP) == 1).all()
    assert rows.equals(installed("kjv_gaps").read())


def test_words_are_found_by_more_than_the_most_frequent_one(found: Result) -> None:
    assert found.code == 0, found.err
    lowest, _ = found.summary["metrics"]["intervals"]["test"]["accuracy"]
    assert lowest > found.summary["baseline"]["metrics"]["test"]["accuracy"] + 0.1


def test_it_answers_what_its_page_asks(found: Result) -> None:
    assert ask_as_the_page_says("missing_word", found.summary["deployment"]["url"])["label"] == "the"


def test_verses_it_never_saw_are_quiet_and_phrases_alarm(found: Result, world: World) -> None:
    (quiet, _), (shifted, blamed) = verdicts(world, "missing_word")
    assert (quiet, shifted) == ("ok", "drift") and "sentence.words" in blamed
