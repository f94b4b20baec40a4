"""What spreadsheets write around a table: title lines above the header, totals below the rows, a line `sep=;`."""

import csv
import re
from collections.abc import Collection

from ml.values.text import normal

_SEPARATOR_LINE = re.compile(r"sep=(.)[ \t]*(?:\r\n|\r|\n)", re.IGNORECASE)
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_SEARCHED = 50


def declared_separator(text: str) -> tuple[str, str | None]:
    """Return text without the line `sep=;` that Excel begins a file with, and the separator that it names."""
    found = _SEPARATOR_LINE.match(text)
    return (text, None) if found is None else (text[found.end() :], found[1])


def without_surroundings(text: str, above: int, below: int) -> str:
    """Return text without so many lines at its beginning, empty ones included, and so many that are not at its end."""
    start = 0
    for _ in range(above):
        line = _LINE.match(text, start)
        start = len(text) if line is None else line.end()
    text = text[start:]
    for _ in range(below):
        text = text.rstrip("\r\n ")
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    return text


def end_of_lines(text: str, most: int) -> tuple[int, int]:
    """Return how many lines end within a text that goes on, at most so many, and where the last of them does."""
    found = end = 0
    while found < most:
        line = _LINE.match(text, end)
        if line is None or line.end() == len(text):  # its last sign may be the first of two that end it
            break
        found, end = found + 1, line.end()
    return found, end


def header_below(text: str, wanted: Collection[str], separators: Collection[str]) -> int | None:
    """Return how many lines stand above the first one that has a cell for each name wanted; None without one.

    The first line is not looked at: it was taken for the header.
    """
    start = 0
    for number in range(_SEARCHED):
        line = _LINE.match(text, start)
        if line is None or not line.group():
            return None
        start = line.end()
        if number and any(_has(line.group(), wanted, separator) for separator in separators):
            return number
    return None


def _has(line: str, wanted: Collection[str], separator: str) -> bool:
    try:
        cells = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return False
    return set(wanted) <= {normal(cell) for cell in cells}
