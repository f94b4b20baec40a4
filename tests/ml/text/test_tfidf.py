import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from ml.text.tfidf import Tfidf
from ml.text.tokenize import runs, words_of
from ml.text.tokens import PADDING, UNKNOWN, Tokens
from ml.text.vocabulary import fit_vocabulary, known_elsewhere
from ml.values.sparse_rows import SparseRows, concatenate

TEXTS = [
    "The cat sat on the mat, the CAT!",
    "A dog sat on the log",
    "",
    "naïve naïve naïve dogs",
    "日本語 日本",
    "the the the the the the",
    None,
]
SENTENCES = st.lists(st.text(st.sampled_from("ab é語.1"), max_size=30), min_size=1, max_size=12)


@pytest.mark.parametrize("sublinear", [False, True])
@pytest.mark.parametrize("ngrams", [1, 2, 3])
def test_weights_are_those_of_scikit_learn(ngrams, sublinear):
    assert_as_scikit_learn(TEXTS, ngrams, sublinear)


@settings(deadline=None)
@given(SENTENCES, st.integers(1, 3), st.booleans())
def test_weights_are_those_of_scikit_learn_whatever_the_texts_are(texts, ngrams, sublinear):
    if any(words_of(text) for text in texts):
        assert_as_scikit_learn(texts, ngrams, sublinear)


def assert_as_scikit_learn(texts, ngrams, sublinear):
    vocabulary = fit_vocabulary(texts, max_words=1000, ngrams=ngrams)
    theirs = TfidfVectorizer(
        analyzer=lambda text: [*words_of(text), *runs(words_of(text), ngrams)],
        vocabulary=vocabulary.words,
        sublinear_tf=sublinear,
    ).fit_transform([text or "" for text in texts])
    ours = Tfidf(vocabulary.words, vocabulary.idf(), ngrams=ngrams, sublinear=sublinear)(texts)
    assert np.abs(ours.dense() - theirs.toarray()).max() < 1e-6
    assert (ours.to_scipy() != theirs.astype(np.float32)).nnz <= theirs.nnz
    one_by_one = [
        Tfidf(vocabulary.words, vocabulary.idf(), ngrams=ngrams, sublinear=sublinear)([text]) for text in texts
    ]
    assert np.array_equal(concatenate(one_by_one).dense(), ours.dense())


def test_unknown_words_and_no_words_weigh_nothing():
    weigh = Tfidf(["cat"], [1.5])
    assert weigh(["dog", "", None, "Cat cat"]).dense().tolist() == [[0], [0], [0], [1]]
    assert len(weigh([])) == 0


def test_the_vocabulary_is_what_most_texts_have_and_ties_go_by_the_alphabet():
    texts = ["b a", "a c", "b d", "d d d d", "long " + "x" * 51]
    found = fit_vocabulary(texts, max_words=2)
    assert (found.words, found.found_in, found.texts) == (["a", "b"], [2, 2], 5)
    assert fit_vocabulary(texts[::-1], max_words=2) == found
    assert fit_vocabulary(texts, max_words=99, min_rows=2).words == ["a", "b", "d"]
    assert "x" * 51 not in fit_vocabulary(texts, max_words=99, ngrams=2).words
    assert not any("x" * 51 in word for word in fit_vocabulary(texts, max_words=99, ngrams=2).words)


def test_tokens_are_numbers_of_words_up_to_the_length():
    number = Tokens(["cat", "dog"], 4)
    table = number(["Dog, cat", "a dog a dog a dog", None])
    assert table.dtype == np.int32
    assert table.tolist() == [[3, 2, PADDING, PADDING], [UNKNOWN, 3, UNKNOWN, 3], [PADDING] * 4]


def test_sparse_rows_are_sliced_taken_and_joined_like_a_matrix():
    draw = np.random.default_rng(0)
    full = np.where(draw.random((20, 7)) < 0.3, draw.random((20, 7)), 0).astype(np.float32)
    sparse = rows_of(full)
    assert np.array_equal(sparse.dense(), full)
    assert np.array_equal(sparse.dense(3, 9), full[3:9])
    assert np.array_equal(sparse.rows(5, 5).dense(), full[5:5])
    assert np.array_equal(sparse.rows(15, 99).dense(), full[15:])
    places = np.array([4, 4, 0, 19])
    assert np.array_equal(sparse.take(places).dense(), full[places])
    assert np.array_equal(sparse.take(full[:, 0] > 0).dense(), full[full[:, 0] > 0])
    assert np.array_equal(concatenate([sparse.rows(0, 8), sparse.rows(8, 20)]).dense(), full)
    assert np.array_equal(sparse.to_scipy().toarray(), full)


def test_rows_of_other_widths_cannot_be_joined():
    with pytest.raises(ValueError, match=r"widths \[2, 3\]"):
        concatenate([rows_of(np.ones((1, 2), np.float32)), rows_of(np.ones((1, 3), np.float32))])


def rows_of(full):
    lengths = (full != 0).sum(axis=1)
    indptr = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return SparseRows(indptr, np.nonzero(full)[1].astype(np.int32), full[full != 0], full.shape[1])


def drawn_by_rank(draw, count):
    weights = 1 / np.arange(1, 3001)
    return [" ".join(f"w{word}" for word in draw.choice(3000, 20, p=weights / weights.sum())) for _ in range(count)]


def always_the_same(draw, count):
    return ["one two three four five six seven eight nine ten"] * count


def forty_words(draw, count):
    return [" ".join(f"w{word}" for word in draw.integers(0, 40, 20)) for _ in range(count)]


def a_template(draw, count):
    return [
        f"dear customer your order o{draw.integers(0, 9)} of day d{draw.integers(0, 9)} is late" for _ in range(count)
    ]


@pytest.mark.parametrize("ngrams", [1, 2])
@pytest.mark.parametrize("made", [drawn_by_rank, always_the_same, forty_words, a_template])
@pytest.mark.parametrize("max_words", [10, 60, 10_000])
def test_fitted_texts_have_as_many_unknown_words_as_others(max_words, made, ngrams):
    texts = made(np.random.default_rng(0), 1200)
    fitted, others = texts[:600], texts[600:]
    found = fit_vocabulary(fitted, max_words=max_words, min_rows=2, ngrams=ngrams)
    vocabulary = frozenset(found.words)

    def unknown(some, known):
        return np.mean([np.mean([word not in known for word in words_of(text)]) for text in some])

    elsewhere = known_elsewhere(fitted, vocabulary, found.fewest, found.rival)
    assert abs(unknown(fitted, elsewhere) - unknown(others, vocabulary)) < 0.015
    if made is drawn_by_rank and max_words > 1000:
        assert unknown(others, vocabulary) - unknown(fitted, vocabulary) > 0.02
    if made is not drawn_by_rank and max_words > 1000:
        assert unknown(fitted, elsewhere) == 0


@pytest.mark.parametrize(("ngrams", "most"), [(1, 800), (2, 3000), (2, 600)])
def test_words_without_bound_are_counted_exactly_in_bounded_memory(ngrams, most, monkeypatch):
    texts = drawn_by_rank(np.random.default_rng(1), 600)
    exact = fit_vocabulary(texts, max_words=100_000, min_rows=2, ngrams=ngrams)
    monkeypatch.setattr("ml.text.vocabulary.MOST_COUNTED", most)
    bounded = fit_vocabulary(texts, max_words=100_000, min_rows=2, ngrams=ngrams)
    assert 2 < bounded.fewest < 100
    frequent = [item for item in zip(exact.words, exact.found_in, strict=True) if item[1] >= bounded.fewest]
    assert frequent == list(zip(bounded.words, bounded.found_in, strict=True))
