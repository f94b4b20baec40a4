import subprocess
import sys

import pytest

from ml.text.language import UNKNOWN, known_languages, language
from ml.text.summaries import TYPES, summarize
from schemas.text import LANGUAGES


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
    text, words = "This is a dog that nobody has seen", {"this", "is", "a", "dog"}
    assert summarize(text, words, tell=True) == {
        "characters": 34,
        "words": 8,
        "unknown_share": 0.5,
        "language": "en",
    }
    assert set(summarize(text, words, tell=True)) == set(TYPES)
    assert summarize("…", words, tell=False) == {"characters": 1, "words": 0, "unknown_share": None}
    assert summarize(text, None, tell=False) == {"characters": 34, "words": 8}


def test_the_languages_that_may_be_declared_are_those_that_can_be_told():
    assert sorted(LANGUAGES) == known_languages()


def test_cutting_texts_loads_nothing_heavy():
    code = (
        "import sys; import ml.text.tfidf, ml.text.tokens, ml.text.summaries; ml.text.tfidf.words_of('é'); "
        "print([one for one in ('scipy', 'sklearn', 'pandas', 'py3langid') if one in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_check_of_languages_has_its_model_before_the_first_text_comes(monkeypatch):
    from ml.text import language as model
    from ml.validation.cell_reading import CellReading
    from ml.validation.free_text import free_text
    from schemas.signature import Input

    asked = []
    monkeypatch.setattr(model, "prepare", lambda: asked.append(1))
    for languages in (["en"], None):
        one = Input(name="note", type="text", languages=languages)
        free_text(one, CellReading.of(one, None, None, ()))
    assert asked == [1]
