"""Columns of text before training: how long, in which languages, and whether a text is in two sets."""

from collections.abc import Sequence

import pandas as pd
import pytest

from ml.checks import texts
from ml.checks.texts import FEWEST_WORDS, LONG, check_texts
from schemas.choice import Choice
from schemas.data import Column, Problem, TableSchema
from schemas.data_spec import ColumnSpec, DataSpec
from schemas.evaluation import DataCheck
from schemas.table_checks import RepeatedTextsCheck, TableChecks
from schemas.text import TextForm

FORM = TextForm(max_characters=300, languages=["en"])
SCHEMA = TableSchema(
    columns=[Column(name="note", type="text", declared=True, why="declared", text=FORM)],
    problem=Problem(task="binary", target="kind", classes=["bad", "good"]),
)
ENGLISH = "a lovely day at the sea with friends and sun"
GERMAN = "Dies ist ein Brief, den noch niemand geschrieben hat, und er ist nicht lang."


def spec(**columns: ColumnSpec) -> DataSpec:
    return DataSpec(source=Choice(name="csv"), target="kind", columns=columns)


def found(
    train: Sequence[str | None], test: Sequence[str | None], declared: DataSpec | None = None
) -> dict[str, DataCheck]:
    frames = {"train": train, "validation": [], "test": test}
    sets = {
        name: pd.DataFrame({"note": pd.Series(list[object](notes), dtype="object")}) for name, notes in frames.items()
    }
    return {check.name: check for check in check_texts(sets, SCHEMA, declared or spec())}


def numbered(count: int, words: int, first: int = 0) -> list[str]:
    return [" ".join(f"w{place}" for _ in range(words)) for place in range(first, first + count)]


def test_texts_that_break_the_bounds_are_found_before_training() -> None:
    checks = found([ENGLISH] * 200, [ENGLISH * 9, GERMAN, ENGLISH])
    assert not checks["max_characters"].passed and checks["max_characters"].severity == "fail"
    assert "1 of 203 texts have more than 300 characters (up to 396)" in checks["max_characters"].message
    assert not checks["languages"].passed and "de (1)" in checks["languages"].message
    lenient = spec(note=ColumnSpec(on_violation="warn"))
    assert not {one.severity for one in found([ENGLISH], [GERMAN], lenient).values()} - {"warn"}
    assert all(check.passed for check in found([ENGLISH], [None]).values())
    swollen = found([ENGLISH], ["\ufdfa" * 100])["max_characters"]
    assert not swollen.passed and "1 of 2 hold so many signs that stand for several letters" in swollen.message


def test_languages_are_told_of_texts_drawn_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_MOST_TOLD", 100)
    monkeypatch.setattr(texts, "language", lambda text: text)
    check = found(["en", "de"] * 100, [])["languages"]
    assert (
        isinstance(check.value, int)
        and 30 < check.value < 70
        and f"{check.value} of 100 texts looked at" in check.message
    )
    assert found(["en", "de"] * 100, [])["languages"] == check
    assert "all 100 texts looked at are in en" in found(["en"] * 101, [])["languages"].message


def test_the_same_text_in_two_sets_is_found_whatever_its_case() -> None:
    text = " ".join(f"word{place}" for place in range(LONG))
    repeated = found([text, ENGLISH], [text.upper() + "!", "short again"])["repeated_texts"]
    assert not repeated.passed and repeated.severity == "warn" and repeated.value == 1.0
    assert "1 of 1 different texts of the validation and test sets (100.0%) are in the training" in repeated.message
    assert "; 1 texts of fewer than 5 words were not compared" in repeated.message
    checks = TableChecks(repeated_texts=RepeatedTextsCheck(severity="off"))
    off = DataSpec(source=Choice(name="csv"), target="kind", checks=checks)
    assert "repeated_texts" not in found([text], [text], off)


@pytest.mark.parametrize("words", [FEWEST_WORDS, 17, LONG])
def test_copies_of_texts_of_any_length_are_found(words: int) -> None:
    train = numbered(100, words)
    assert found(train, [*train[:3], *numbered(97, words, 100)])["repeated_texts"].value == 0.03
    assert found(train, numbered(97, words, 100))["repeated_texts"].value == 0


def test_phrases_that_many_write_are_no_copies_and_a_long_text_that_comes_often_is_one() -> None:
    unique, phrases = numbered(200, 8), ["ok", "Thanks!", "please call me back soon"] * 40
    check = found([*numbered(200, 8, 200), *phrases], [*unique, *phrases])["repeated_texts"]
    assert check.passed and check.value == pytest.approx(1 / 201)
    long = numbered(1, LONG, 900)
    check = found([*numbered(200, 8, 200), *long], [*unique, *numbered(10, LONG, 1000), *long * 10])["repeated_texts"]
    assert check.value == 0.5 and "of all 20 texts of 20 words and more it is 10 (50.0%)" in check.message
