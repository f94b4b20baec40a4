import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.text.tokenize import runs, words_of
from ml.text.word_index import UNKNOWN, WordIndex
from ml.text.word_spans import spans_of, spans_of_words

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(st.sampled_from("aB1 .é\t語_"), max_size=60)
LONG = "donaudampfschifffahrtselektrizitätenhauptbetriebswerk"


def written(spans):
    return [spans.data[start:end].decode() for start, end in zip(spans.starts, spans.ends, strict=True)]


@settings(deadline=None)
@given(ANY_TEXT, st.integers(1, 4))
def test_they_are_the_words_and_runs_of_words_of_the_text(text, longest):
    words = words_of(text)
    assert written(spans_of(text)) == list(words)
    spans = spans_of(text, runs=True)
    assert written(spans) == list(words)
    assert [word for one in spans.runs(longest) for word in written(one)] == list(runs(words, longest))


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("abé"), min_size=1, max_size=20), max_size=30), ANY_TEXT)
def test_words_are_found_at_the_places_that_they_have_in_a_dictionary(words, text):
    places = {word: place for place, word in enumerate(words)}
    text = f"{text} {' '.join(words[::2])}"
    found = WordIndex(words).places(spans_of(text).hashes())
    assert found.tolist() == [places.get(word, UNKNOWN) for word in words_of(text)]
    assert found.dtype == np.int32


def test_words_of_any_length_are_told_from_each_other():
    prefixes = [LONG[:length] for length in range(1, len(LONG) + 1)]
    assert WordIndex(prefixes).places(spans_of(" ".join(prefixes)).hashes()).tolist() == list(range(len(prefixes)))
    assert len(set(spans_of_words([*prefixes, LONG[1:], LONG[8:]]).hashes().tolist())) == len(prefixes) + 2


@pytest.mark.parametrize("strange", ["", "\ud800", "two words", "NUL\0", " a"])
def test_a_vocabulary_may_hold_what_is_no_word_of_any_text(strange):
    index = WordIndex(["a", strange, "b"])
    assert index.places(spans_of("a b c").hashes()).tolist() == [0, 2, UNKNOWN]


def test_an_empty_vocabulary_knows_no_word_and_an_empty_text_has_none():
    assert WordIndex([]).places(spans_of("a b").hashes()).tolist() == [UNKNOWN, UNKNOWN]
    assert WordIndex(["a"]).places(spans_of("").hashes()).tolist() == []
