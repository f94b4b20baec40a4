import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.text.normalize import MOST_MARKS, grown, marks, normalize
from ml.text.tokenize import has_word, pattern, runs, words_of

ANY_TEXT = st.text(st.characters(exclude_categories=()))
MILLIONS = 2_000_000


def test_words_are_runs_of_letters_and_digits_in_one_case():
    assert words_of("Don't pay 3.50€, snake_case!") == ["don", "t", "pay", "3", "50", "snake", "case"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﬁne", "fine"),
        ("Straße", "STRASSE"),
        ("nai\u0308ve", "NAÏVE"),
        ("co\u00adoperate", "cooperate"),
        ("ｆｕｌｌ", "full"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("x²", "X2"),
    ],
)
def test_what_is_the_same_word_to_a_reader_is_the_same_word(one, other):
    assert words_of(one) == words_of(other)
    assert len(words_of(one)) == 1


@pytest.mark.parametrize(
    "hidden", ["\u034f", "\ufe0f", "\u115f", "\u1160", "\u3164", "\uffa0", "\u180e", "\U000e0100", "\u2065"]
)
def test_what_nobody_sees_hides_no_word(hidden):
    assert words_of(f"f{hidden}ree m{hidden}{hidden}oney") == ["free", "money"]


@pytest.mark.parametrize(
    "text", ["", " \n", "\u3000\u200b", "\x00", "🎉👍", "---", "\u3164", "\ufe70 !", "\u0301", "_", "\u3164" * 30]
)
def test_a_text_of_blanks_and_signs_has_no_word(text):
    assert not has_word(text) and not words_of(text)


@settings(deadline=None)
@given(ANY_TEXT)
def test_a_text_has_a_word_where_words_are_found(text):
    assert has_word(text) == bool(words_of(text))


def test_marks_belong_to_their_letter():
    assert words_of("हिन्दी में") == ["हिन्दी", "में"]
    assert words_of("שָׁלוֹם") == [normalize("שָׁלוֹם")]


def test_scripts_without_blanks_have_each_letter_for_a_word():
    assert words_of("日本語の文") == ["日", "本", "語", "の", "文"]
    assert words_of("GPUが速い") == ["gpu", "か\u3099".replace("か\u3099", "が"), "速", "い"]
    assert words_of("ที่นี่") == ["ที่", "นี่"]


def test_runs_are_of_two_words_and_more():
    assert list(runs(["a", "b", "c"], 3)) == ["a b", "b c", "a b c"]
    assert not [*runs(["a"], 3), *runs([], 2), *runs(["a", "b"], 1)]


def test_control_characters_and_signs_part_words_and_are_none():
    assert words_of("a\x00b\tc\u2028d 🎉 _ — \ud800 e") == ["a", "b", "c", "d", "e"]


def test_every_mark_of_unicode_is_known_as_one():
    import re

    mark = re.compile(f"[{marks()}]")
    for code in range(sys.maxunicode + 1):
        assert bool(mark.fullmatch(chr(code))) == (unicodedata.category(chr(code))[0] == "M"), hex(code)


@settings(deadline=None)
@given(ANY_TEXT)
def test_normalising_twice_is_normalising_once(text):
    assert normalize(normalize(text)) == normalize(text)


@settings(deadline=None)
@given(ANY_TEXT)
def test_words_hold_no_blank_and_are_themselves_words(text):
    for word in words_of(text):
        assert word
        assert " " not in word
        assert words_of(word) == [word]


@settings(deadline=None)
@given(st.text(st.sampled_from("aZ09_ .\t'\n-"), max_size=40))
def test_plain_text_is_cut_as_any_other(text):
    import re

    assert words_of(text) == re.findall(pattern(), text.lower())


@pytest.mark.parametrize(
    "text",
    [
        "a" * MILLIONS,
        "é" * MILLIONS,
        "\u0301\u0316" * (MILLIONS // 2),
        "x\u0316" * (MILLIONS // 2),
        ("x" + "\u0301\u0316" * 20) * (MILLIONS // 40),
        "語" * MILLIONS,
        "\ufdfa" * (MILLIONS // 18),
        "\ud800" * MILLIONS,
        "a\u200b" * (MILLIONS // 2),
    ],
    ids=["one word", "accents", "marks", "a mark a letter", "crowds", "Han", "ligatures", "surrogates", "invisible"],
)
def test_hostile_text_takes_no_more_than_linear_time(text):
    """Quadratic time would be hours for two million characters; the bound leaves a slow machine room."""
    start = time.process_time()
    words_of(text)
    assert time.process_time() - start < 20


def test_a_crowd_of_marks_is_cut():
    assert len(normalize("x" + "\u0316" * 1000)) == 1 + MOST_MARKS


def test_how_long_the_one_form_is_at_most_is_known_before():
    signs = [chr(code) for code in range(0x80, sys.maxunicode + 1)]
    composed = [sign for sign in signs if unicodedata.decomposition(sign) or len(sign.casefold()) > 1]
    beyond = [sign for sign in composed if len(normalize(sign)) > 2 + grown(sign)]
    assert not beyond and grown("\ufdfa" * 3) == 48 and grown("½ is Ⅷ, plainly") == 3
