"""Texts of a request: their words are read once, and no longer than the client waits."""

import json
from collections import Counter

import pytest

from ml.features.derive import Deriver
from ml.text import tfidf, tokenize
from ml.text.normalize import MOST_GROWN
from ml.validation.rows import Validator
from schemas.deploy_spec import DeploySpec
from schemas.signature import Input, Output, Signature, TextDerivation, TfidfDerivation, TokensDerivation
from serving.http.errors import HttpError
from serving.http.reading import Reader, reader

TFIDF = TfidfDerivation(column="note", words=["lovely", "room", "the room"], idf=[1.0, 2.0, 1.5], ngrams=2)
TOKENS = TokensDerivation(column="note", words=["lovely", "room"], length=2)
NOTES = ["The room is lovely", "the room", "new words, and a room"]


def signature(made: TextDerivation) -> Signature:
    note = Input(name="note", type="text", max_characters=10_000)
    return Signature(inputs=[note], derivations=[made], features=[], output=Output(task="regression", target="y"))


def reads(made: TextDerivation) -> tuple[Reader, Deriver]:
    found, deriver = signature(made), Deriver(signature(made))
    return reader(found, Validator(found), DeploySpec(), "digest", deriver.texts), deriver


def admit(rows: int, explain: bool) -> None:
    """Let everything in."""


def body(notes: list[str]) -> bytes:
    return json.dumps({"instances": [{"note": note} for note in notes]}).encode()


@pytest.mark.parametrize("made", [TFIDF, TOKENS])
def test_words_are_read_once_for_the_model_and_the_journal(
    made: TextDerivation, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Deriver(signature(made)).arrays({"note": NOTES})["note"]
    times: Counter[str] = Counter()
    own = tokenize.words_of
    for module in ("ml.text.tfidf", "ml.text.tokens", "ml.text.summaries"):
        monkeypatch.setattr(f"{module}.words_of", lambda text: times.update([text]) or own(text))
    read, deriver = reads(made)
    rows = read.read(body(NOTES), admit, lambda: None)
    found = deriver.arrays(rows.checked.cells)["note"]
    assert times == Counter(NOTES)
    dense = [one.dense() if hasattr(one, "dense") else one for one in (found, plain)]
    assert (dense[0] == dense[1]).all()
    summaries = [kept["note"]["summary"] for kept in json.loads(rows.kept.inputs)]
    assert [one["words"] for one in summaries] == [4, 2, 5]
    assert [one["unknown_share"] for one in summaries] == [0.5, 0.5, 0.8]


@pytest.mark.parametrize("after", [0, 2, 4])
def test_reading_ends_when_nobody_waits_any_more(after: int) -> None:
    asked = 0

    def go_on() -> None:
        nonlocal asked
        asked += 1
        if asked > after:
            raise HttpError(504, "late")

    with pytest.raises(HttpError, match="late"):
        reads(TFIDF)[0].read(body(NOTES), admit, go_on)
    assert asked == after + 1


def test_signs_that_stand_for_many_letters_are_refused_before_they_are_written_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    signs = "\ufdfa" * 100
    monkeypatch.setattr(tfidf, "words_of", lambda text: [] if text != signs else pytest.fail("it was read"))
    rows = reads(TFIDF)[0].read(body([signs, "\ufdfa said so", "½ " * 900]), admit, lambda: None)
    assert rows.checked.positions == [1, 2]
    assert f"add more than {MOST_GROWN:,} characters" in rows.checked.errors[0]["message"]
