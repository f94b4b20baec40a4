"""Real mails of a package: learnt word by word, asked, watched."""

import pytest

from tests.examples.pages import ask_as_the_page_says, verdicts
from tests.lifecycle.conftest import Result, World
from tests.ml.sources.packages import installed

pytestmark = [pytest.mark.garage, pytest.mark.untraced]


@pytest.fixture(scope="module")
def filtered(world: World) -> Result:
    installed("spam_assassin")
    return world.run("+experiment=spam")


def test_spam_is_told_from_ham_on_mails_that_were_sealed(filtered: Result) -> None:
    assert filtered.code == 0, filtered.err
    assert filtered.summary["metrics"]["test"]["balanced_accuracy"] >= 0.97
    assert filtered.summary["gate"]["passed"]
    warned = [line for line in filtered.err.splitlines() if "data.checks.repeated_texts" in line]
    assert len(warned) == 1 and "column 'subject'" in warned[0], "replies have the subject of what they answer"


def test_it_answers_what_its_page_asks(filtered: Result) -> None:
    answer = ask_as_the_page_says("spam", filtered.summary["deployment"]["url"])
    assert answer["label"] == "spam" and answer["probabilities"]["spam"] > 0.99


def test_mails_it_never_saw_are_quiet_and_mails_cut_off_alarm(filtered: Result, world: World) -> None:
    (quiet, _), (shifted, blamed) = verdicts(world, "spam")
    assert (quiet, shifted) == ("ok", "drift") and {"body.characters", "body.words"} <= blamed
