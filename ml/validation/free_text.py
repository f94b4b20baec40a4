"""What a cell of free text may be: of bounded length before anything else is asked of it, and with a word in it."""

from collections.abc import Callable
from typing import Any

from ml.text import language as language_model
from ml.text import tokenize
from ml.text.language import UNKNOWN, language
from ml.text.normalize import MOST_GROWN, grown
from ml.text.tokenize import has_word
from ml.validation.cell_reading import CellReading
from ml.validation.refusal import Refusal, kind_of, require_unicode
from ml.values.text import normal
from schemas.signature import Input
from schemas.text import TextForm

_LONGEST_WORD = 400  # of those that mean a missing value


def free_text(column: Input, reading: CellReading) -> Callable[[Any], str | None]:
    """Return what a column of free text accepts, as a function: the text as it is, None for one that is missing."""
    tokenize.prepare()
    if column.languages:
        language_model.prepare()
    most = column.max_characters or TextForm().max_characters
    taken, missing = frozenset(column.languages or ()), reading.missing

    def text(value: Any) -> str | None:
        if type(value) is not str:
            raise Refusal(f"must be a text, not {kind_of(value)}")
        if len(value) > most:
            raise Refusal(f"has {len(value):,} characters; at most {most:,} are taken (max_characters)")
        if grown(value) > MOST_GROWN:
            raise Refusal(
                f"becomes too long: signs that stand for many letters add more than {MOST_GROWN:,} characters"
            )
        if not has_word(value) or (missing and len(value) <= _LONGEST_WORD and normal(value) in missing):
            return None
        require_unicode(value)
        if taken and (found := language(value)) not in taken and found != UNKNOWN:
            raise Refusal(f"is in another language ({found}) than the model was made for: {', '.join(sorted(taken))}")
        return value

    return text
