"""Figures, times and words as a page shows them."""

from datetime import UTC, datetime


def share(value: float) -> str:
    """Return a share as short as it can be read, with blanks that do not break a line: 0 %, < 0.1 %, 3.4 %, 41 %."""
    if 0 < value < 0.001:
        text = "< 0.1 %"
    elif 0.999 < value < 1:
        text = "> 99.9 %"
    else:
        text = f"{100 * value:.1f} %" if 0 < value < 0.0995 or 0.99 < value < 1 else f"{100 * value:.0f} %"
    return text.replace(" ", "\u00a0")


def count(number: int, one: str = "", many: str | None = None) -> str:
    """Return 1,204 rows or 1 row; without a word the number alone."""
    word = one if number == 1 else (many if many is not None else f"{one}s")
    return f"{number:,} {word}".strip() if one else f"{number:,}"


def timestamp(text: str | None) -> str:
    """Return a time of the journal, ISO 8601, as 2026-11-20 13:51:37 UTC; other text stays as it is."""
    try:
        when = datetime.fromisoformat(text or "")
    except ValueError:
        return text or "an unknown time"
    known = when.astimezone(UTC) if when.tzinfo is not None else when
    return f"{known:%Y-%m-%d %H:%M:%S} UTC"


def capfirst(text: str) -> str:
    """Return the text with its first letter as a capital and the others as they are."""
    return text[:1].upper() + text[1:]
