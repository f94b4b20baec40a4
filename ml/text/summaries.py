"""What of a text goes into profiles and the journal in its place: how long it is, how strange, in which language."""

from collections.abc import Collection

from ml.text.language import language
from ml.text.read_text import ReadText
from ml.text.tokenize import words_of
from schemas.base import Scalar
from schemas.column_types import ScalarType

UNKNOWN_SHARE, LANGUAGE = "unknown_share", "language"
TYPES: dict[str, ScalarType] = {
    "characters": "number",
    "words": "number",
    UNKNOWN_SHARE: "number",
    LANGUAGE: "category",
}
"""Summary → how its values are read."""


def summarize(text: str, vocabulary: Collection[str] | None, *, tell: bool) -> dict[str, Scalar | None]:
    """Return what stands for a text.

    Args:
        text: As it was written; where it was read by the model, its words are not read once more.
        vocabulary: The words that the model knows, as a set; `unknown_share` is the share of the text's words that are
            not among them, missing of a text without a word. None: there is no such number.
        tell: Whether its language is told; that takes longer than everything else.
    """
    if isinstance(text, ReadText) and vocabulary is not None:
        words, known = text.words, text.known
    else:
        found_words = words_of(text)
        words, known = len(found_words), sum(map((vocabulary or ()).__contains__, found_words))
    found: dict[str, Scalar | None] = {"characters": len(text), "words": words}
    if vocabulary is not None:
        found[UNKNOWN_SHARE] = 1 - known / words if words else None
    return found | {LANGUAGE: language(text)} if tell else found
