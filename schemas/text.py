"""Free text: how much of it is taken, in which languages, and which of its words count."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field

from schemas.base import Strict

# fmt: off
LANGUAGES = frozenset({
    "ace", "af", "am", "an", "ar", "ary", "arz", "as", "az", "ba", "bcl", "be", "bg", "bn", "br", "bs", "ca", "crh",
    "cs", "cy", "da", "de", "dz", "el", "en", "eo", "es", "et", "eu", "ext", "fa", "fi", "fo", "fr", "fuv", "fy",
    "ga", "gcf", "gcr", "gd", "gl", "gom", "grc", "gu", "gug", "guw", "ha", "hbo", "he", "hi", "hr", "ht", "hu",
    "hy", "id", "ig", "is", "it", "ja", "jv", "ka", "kab", "kik", "kk", "km", "kn", "ko", "ku", "ky", "la", "lb",
    "lg", "lij", "ln", "lo", "lt", "ltg", "lv", "mg", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn",
    "no", "nso", "oc", "om", "or", "pa", "pcm", "pl", "ps", "pt", "qu", "ro", "ru", "rw", "sa", "sdh", "se", "si",
    "sk", "sl", "sn", "so", "sq", "sr", "st", "sv", "sw", "ta", "te", "tg", "th", "tk", "tl", "tr", "tt", "ug",
    "uk", "ur", "uz", "uzs", "vec", "vi", "vo", "wa", "wuu", "xh", "yo", "yue", "zh", "zu",
})
# fmt: on
"""ISO 639 codes of the languages that can be told."""
LONGEST = 10_000_000
"""Characters of a text, at most, whatever is declared."""


def _known(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"{code!r} is no language that can be told; one is an ISO 639 code such as en, de, fr, zh")
    return code


Language = Annotated[str, AfterValidator(_known)]
MaxCharacters = Annotated[int, Field(ge=1, le=LONGEST)]
MaxWords = Annotated[int, Field(ge=1, le=1_000_000)]
Ngrams = Annotated[int, Field(ge=1, le=5)]
MaxTokens = Annotated[int, Field(ge=1, le=10_000)]
TextAs = Literal["tfidf", "tokens"]
"""What is made of a text: weights of its words, or the numbers of its first words in order."""


class TextForm(Strict):
    """What a column of free text takes, and what a vocabulary is made of."""

    max_characters: MaxCharacters = 10_000
    languages: list[Language] | None = None
    max_words: MaxWords = 20_000
    min_rows: Annotated[int, Field(ge=1)] = 2
    ngrams: Ngrams = 1
    sublinear: bool = True
    max_tokens: MaxTokens = 256

    @classmethod
    def declared(cls, keys: dict[str, object]) -> Self:
        """Return the form of what is declared; None stands for the default."""
        return cls.model_validate({key: value for key, value in keys.items() if value is not None})


TEXT_KEYS = frozenset(TextForm.model_fields)
