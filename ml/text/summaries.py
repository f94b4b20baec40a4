"""What of a text goes into profiles and the journal in its place: how long it is, how strange, in which language."""

from collections.abc import Collection, Sequence

from ml.text.language import languages
from ml.text.tokenize import words_of
from schemas.base import Scalar
from schemas.data import ColumnType

SUMMARIES: dict[str, ColumnType] = {
    "characters": "number",
    "words": "number",
    "unknown_share": "number",
    "language": "category",
}
"""Summary → how its values are read."""


def summarize(texts: Sequence[str | None], vocabulary: Collection[str]) -> dict[str, list[Scalar | None]]:
    """Return for each of SUMMARIES its values, one a text; those of a missing text are missing.

    Args:
        texts: As they were written.
        vocabulary: The words that the model knows, as a set; `unknown_share` is the share of a text's words that are
            not among them, missing where a text has no word.
    """
    found: dict[str, list[Scalar | None]] = {name: [] for name in SUMMARIES}
    for text in texts:
        words = None if text is None else words_of(text)
        found["characters"].append(None if text is None else len(text))
        found["words"].append(None if words is None else len(words))
        found["unknown_share"].append(sum(word not in vocabulary for word in words) / len(words) if words else None)
    found["language"] = [*languages(texts)]
    return found
