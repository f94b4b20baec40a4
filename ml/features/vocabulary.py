"""What is made of a column of texts, fitted on the training rows."""

from collections.abc import Sequence

from ml.text.vocabulary import fit_vocabulary
from schemas.errors import ContentError
from schemas.signature import TextDerivation, TfidfDerivation, TokensDerivation
from schemas.text import TextAs, TextForm


def text_derivation(name: str, form: TextForm, texts: Sequence[str | None], text_as: TextAs) -> TextDerivation:
    """Return the words of the training texts that count, with their weights or for their numbers.

    Raises:
        ContentError: If there is none.
    """
    ngrams = form.ngrams if text_as == "tfidf" else 1
    found = fit_vocabulary(texts, max_words=form.max_words, min_rows=form.min_rows, ngrams=ngrams)
    if not found.words:
        raise ContentError(
            f"no word of the texts in {name!r} comes in {form.min_rows} training rows "
            f"(data.columns.{name}.min_rows); declare type: drop if they are none to learn from"
        )
    if text_as == "tokens":
        return TokensDerivation(
            column=name, words=found.words, length=form.max_tokens, fewest=found.fewest, rival=found.rival
        )
    return TfidfDerivation(
        column=name,
        words=found.words,
        idf=found.idf(),
        ngrams=form.ngrams,
        sublinear=form.sublinear,
        fewest=found.fewest,
        rival=found.rival,
    )
