"""Names and values from the data as text that a person can read and a page can hold."""

import unicodedata

VALUE, NAME, SENTENCE = 48, 120, 300
"""Characters of a value, of a name, and of a sentence with values in it."""
_PICTURES = {number: chr(0x2400 + number) for number in range(32)} | {0x7F: "␡"}


def readable(text: str, most: int = VALUE) -> str:
    """Return one line of at most `most` characters: controls as pictures (␀), marks of direction by their number.

    Blanks at either end are shown as ␣, so that a name with one can be told from a name without.
    """
    short = text if len(text) <= most else text[: most - 1] + "…"
    ahead, behind = len(short) - len(short.lstrip(" ")), len(short) - len(short.rstrip(" "))
    if short and not short.strip(" "):
        return "␣" * len(short)
    inner = escaped(short[ahead : len(short) - behind])
    return "␣" * ahead + inner + "␣" * behind


def plain_line(text: str, most: int = SENTENCE) -> str:
    """Return the same without marks for blanks: a sentence of ours with values in it."""
    return escaped(" ".join(text[: most * 2].split()))[:most]


def escaped(text: str) -> str:
    """Return the text with controls as pictures and marks of direction by their number; line ends are controls too."""
    return "".join(map(_seen, text))


def _seen(character: str) -> str:
    if ord(character) in _PICTURES:
        return _PICTURES[ord(character)]
    kind = unicodedata.category(character)
    if kind in ("Cs", "Cc", "Zl", "Zp") or (kind == "Cf" and character not in "\u200c\u200d"):
        return f"\\u{ord(character):04x}"
    return character
