import subprocess
import sys

import pytest

from ml.text.language import UNKNOWN, known_languages, language
from ml.text.summaries import SUMMARIES, summarize


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("This is a letter that nobody has written yet.", "en"),
        ("Dies ist ein Brief, den noch niemand geschrieben hat.", "de"),
        ("Ceci est une lettre que personne n'a encore écrite.", "fr"),
        ("これはまだ誰も書いていない手紙です。", "ja"),
        ("ok", UNKNOWN),
        ("", UNKNOWN),
        ("12345 67890 — 🎉🎉🎉", UNKNOWN),
        ("\ud800" * 40, UNKNOWN),
    ],
)
def test_the_language_is_told_where_there_is_enough_to_tell_it_by(text, code):
    assert language(text) == code


def test_a_long_text_is_told_by_its_beginning():
    assert language("This is a letter that nobody has written yet. " * 100_000) == "en"


def test_languages_are_named_by_their_codes():
    assert {"en", "de", "fr", "zh"} <= set(known_languages())


def test_summaries_say_how_long_and_how_strange_a_text_is():
    found = summarize(["This is a dog that nobody has seen", "", None], {"this", "is", "a", "dog"})
    assert set(found) == set(SUMMARIES)
    assert found["characters"] == [34, 0, None]
    assert found["words"] == [8, 0, None]
    assert found["unknown_share"] == [0.5, None, None]
    assert found["language"] == ["en", UNKNOWN, None]


def test_cutting_texts_loads_nothing_heavy():
    code = (
        "import sys; import ml.text.tfidf, ml.text.tokens, ml.text.summaries; ml.text.tfidf.words_of('é'); "
        "print([one for one in ('scipy', 'sklearn', 'pandas', 'py3langid') if one in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
