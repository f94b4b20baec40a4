"""The columns as a person hears of them: a short table of types, gaps and the key that changes each."""

from collections.abc import Iterator, Sequence

from ml.values import column_keys
from ml.values.display import NAME, VALUE, readable
from schemas.data import Column
from schemas.numbers import percent

_LISTED, _WORDS = 12, 4
_ONLY_IDENTIFIER = "a code for each value; all that training never saw count as one"


def column_lines(columns: Sequence[Column], rows: int) -> Iterator[str]:
    """Yield a heading and a line for each column; of many, those with gaps, left out or kept as identifiers first."""
    shown = columns if len(columns) <= _LISTED else [column for column in columns if _matters(column)][:_LISTED]
    cells = [("column", "type", "missing", "change it with"), *(_cells(column, rows) for column in shown)]
    widths = [max(len(row[place]) for row in cells) for place in range(3)]
    for row in cells if shown else []:
        padded = (cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True))
        yield "  ".join([*padded, row[3]]).rstrip()
    if len(columns) > len(shown):
        yield _unlisted(len(columns), len(shown))


def _unlisted(count: int, shown: int) -> str:
    """Return how many columns have no line of their own; where none has one, the line above has told how many."""
    if shown:
        return f"and {count - shown} other columns" if count - shown > 1 else "and 1 other column"
    return "none of them has a missing value or was left out; the data report lists them"


def _matters(column: Column) -> bool:
    return bool(column.gaps) or (column.type in ("drop", "identifier") and not column.declared)


def _cells(column: Column, rows: int) -> tuple[str, str, str, str]:
    kind = "left out" if column.type == "drop" else column.type
    declared = " (declared)" if column.declared else ""
    return readable(column.name, NAME), kind + declared, _missing(column, rows), _key(column)


def _missing(column: Column, rows: int) -> str:
    count = sum(column.gaps.values())
    if not count or not rows:
        return "-"
    ranked = sorted(column.gaps, key=lambda word: -column.gaps[word])
    named = [f"{readable(word, VALUE)!r} {column.gaps[word]:,}" for word in ranked[:_WORDS] if word]
    more = ", …" if len(ranked) > _WORDS else ""
    return percent(count / rows) + (f": {', '.join(named)}{more}" if named else "")


def _key(column: Column) -> str:
    if column.type == "drop" or (column.type == "identifier" and not column.declared):
        why = "" if column.type == "drop" else f" ({_ONLY_IDENTIFIER})"
        return column_keys.key(column.name, "type") + why
    return column_keys.key(column.name, "missing" if any(column.gaps) else "type")
