"""Words that would take Hydra's parser longer than anybody waits."""

import time

import pytest

from cli.config.bounded_word import DEEPEST, LONGEST, why_unbounded
from cli.main import main

LEVELS = DEEPEST + 1
TOO_MUCH = {
    "open brackets": "trainer.x=" + "[" * 20_000,
    "closed brackets": "trainer.x=" + "[" * LEVELS + "]" * LEVELS,
    "mappings": "trainer.x=" + "{a:" * LEVELS + "1" + "}" * LEVELS,
    "calls": "trainer.x=" + "int(" * LEVELS + "1" + ")" * LEVELS,
    "references": "trainer.x=" + "${" * LEVELS + "a" + "}" * LEVELS,
    "a list": "trainer.x=[" + "1," * 20_000 + "1]",
    "values": "trainer.x=" + "1," * 20_000 + "1",
    "text": "name=" + "x" * 100_000,
    "no value": "[" * 20_000,
    "after quotes": "trainer.x='a'" + "[" * LEVELS,
}


@pytest.mark.parametrize("sweep", [[], ["-m", "seed=1,2"]])
@pytest.mark.parametrize("word", TOO_MUCH.values(), ids=TOO_MUCH)
def test_a_word_without_bounds_is_refused_at_once(
    word: str, sweep: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    begun = time.monotonic()
    assert main([*sweep, "+experiment=breast_cancer", "action=plan", word]) == 2
    assert time.monotonic() - begun < 5  # half a second where nothing else runs
    said = capsys.readouterr().err
    assert "levels deep" in said or f"at most {LONGEST:,} are read" in said
    assert len(said) < 1000 and "write it in the experiment's file" in said


@pytest.mark.parametrize(
    "word",
    [
        "trainer.x=[[1,2],[3,[4]]]",
        f"data.query='SELECT {'(' * LEVELS}1{')' * LEVELS}'",
        "data.query=\"it's " + "(" * LEVELS + '"',
        "data.leave_out=[" + ",".join(f"column_{number}" for number in range(800)) + "]",
        "x=" + "[]," * LEVELS,
    ],
)
def test_what_a_person_types_is_read(word: str) -> None:
    assert not why_unbounded(word)
