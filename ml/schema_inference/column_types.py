"""The type of one column, read off its values, with the reason for it.

Rules, in this order: no value, or one value only: dropped · true and false: boolean · numbers: number, unless they name
things (see `_of_whole_numbers`) · text that is true and false and a few words, rare ones or signs: boolean · text that
is many numbers and a few words: number · dates in one form: date · long text, most of it different: free text · text
with a value of its own in nearly every row: dropped · up to 50 different texts: category · more: identifier, unless
they look like quantities (`75%`, `12 kg`): dropped, so that a person sees the warning.
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.features.signature import MAX_CATEGORIES
from ml.text.tokenize import letters_alone
from ml.validation.examples import examples
from ml.validation.refusal import shown
from ml.values.column_keys import declaration
from ml.values.columns import as_numbers, as_timestamps, is_text, is_timestamp
from ml.values.date_formats import ENOUGH, DateFormat, find_format
from ml.values.text import read_boolean
from ml.values.units import date_note, quantity_note
from schemas.column_types import ColumnType
from schemas.errors import ContentError
from schemas.reading import POINT, Dates, Marks

FEW = 20
"""Below so many rows no column is dropped for being unique; up to so many different ids are a category."""
MOST = 0.5
MAX_WORDS = 5
"""Text is a number column when most rows and at least `FEW` different values are numbers, and the rest a few words."""
NEARLY_UNIQUE = 0.95
FREE_TEXT = 8
"""Words that free text has on average at least, parted by blanks; names have two, addresses five. Where nobody writes
blanks, two letters are taken for a word."""
LOOKED_AT = 1_000
_PHRASE = 3
_BEGINNING = 2_000  # characters
_ID_WORDS = {"id", "ids", "uuid", "guid", "identifier", "ident", "pk"}
_KEY_WORDS = _ID_WORDS | {"index", "idx", "key", "unnamed"}
_LAST_WORDS = {"row", "no", "nr", "num", "number", "nummer"}
"""Words that make a key at a name's end, as in `order no`; `number of rooms` is a quantity."""
_UNNAMED = re.compile(r"column \d+")
_LETTER = re.compile(r"\w")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_KEEP_NUMBER = "declare type: number to keep it"
_EITHER_CENTURY = (2030, 2069)
"""Years that two digits would mean, and that are seldom meant: births and contracts of the last century."""
_NAME_LIKE = r"^[+-]?(?:0[0-9]|[0-9]{19})"


@dataclass(frozen=True)
class Guess:
    """A type, the reason for a person, and for dates the form in which they are written."""

    type: ColumnType | str
    why: str
    format: str | None = None


def guess(name: str, column: pd.Series, marks: Marks = POINT) -> Guess:
    """Return the type of a column. Raises ContentError when it must be declared whether day or month comes first."""
    known = column.dropna()
    if known.empty:
        return Guess("drop", "there is no value in any row")
    distinct = known.nunique()
    if distinct == 1:
        missing = " besides missing values" if len(known) < len(column) else ""
        what = examples(known.iloc[:1]) if str(known.iloc[0]).strip() else "nothing but blanks"
        return Guess("drop", f"constant: every row holds {what}{missing}")
    count = f"{distinct:,} distinct values in {len(column):,} rows{_gaps(column)}"
    if pd.api.types.is_bool_dtype(known.infer_objects().dtype):
        return Guess("boolean", f"true and false{_gaps(column)}")
    if is_timestamp(column):
        return Guess("date", f"points in time, {count}")
    if is_text(column):
        return _of_text(name, known, count, marks)
    numbers = as_numbers(known)
    if not np.array_equal(numbers, np.floor(numbers), equal_nan=True) or np.isnan(numbers).any():
        return Guess("number", f"numbers, {count}")
    return _of_whole_numbers(name, numbers, count)


def _of_whole_numbers(name: str, numbers: np.ndarray, count: str) -> Guess:
    distinct = len(np.unique(numbers))
    if distinct == len(numbers) >= FEW and _counts_rows(name, numbers):
        return Guess("drop", f"it identifies every row: whole numbers, {count}; {_KEEP_NUMBER}")
    if _named(name, _ID_WORDS):
        if distinct >= NEARLY_UNIQUE * len(numbers) and len(numbers) >= FEW:
            return Guess("drop", f"it identifies nearly every row: whole numbers, {count}; {_KEEP_NUMBER}")
        return Guess(
            "category" if distinct <= FEW else "identifier",
            f"whole numbers named like an id, {count}; declare type: number if it is a quantity",
        )
    if np.abs(numbers).max() > 2**53 or _names_things(name, numbers, distinct):
        return Guess(
            "identifier", f"long whole numbers that name things, {count}; declare type: number if it is a quantity"
        )
    return Guess("number", f"whole numbers, {count}")


def _counts_rows(name: str, numbers: np.ndarray) -> bool:
    """Whether unique whole numbers count the rows: by their name, or each by one more than in the row before."""
    return _named_key(name) or bool((np.diff(numbers) == 1).all())


def _names_things(name: str, numbers: np.ndarray, distinct: int) -> bool:
    """Whether long numbers of one length come again and again: nine digits, or six under a name like `nr`."""
    shortest = 10.0 ** (5 if _named_key(name) else 8)
    same_length = numbers.min() >= shortest and np.floor(np.log10(numbers.min())) == np.floor(np.log10(numbers.max()))
    return bool(same_length and FEW < distinct <= len(numbers) / 2)


def _of_text(name: str, known: pd.Series, count: str, marks: Marks) -> Guess:
    text = known.astype("str").str.strip()
    return _booleans(text) or _mixed_numbers(text, marks) or _dates(name, known, count) or _labels(name, text, count)


def _booleans(text: pd.Series) -> Guess | None:
    lower = text.str.lower()
    truths = lower.isin(["true", "false"])
    words = text[~truths].value_counts()
    if words.empty:
        return Guess("boolean", "the words true and false")
    # A word with letters or digits may be a third answer, and is one unless it is rare; a sign is none.
    least = ENOUGH if any(map(_LETTER.search, words.index)) else MOST
    read = any(read_boolean(word) is not None for word in words.index)
    if read or truths.mean() < least or lower[truths].nunique() < 2 or len(words) > MAX_WORDS:
        return None
    why = f"{truths.sum():,} of {len(text):,} values are the words true and false"
    return Guess("boolean", f"{why}; {_as_missing(words)}")


def _mixed_numbers(text: pd.Series, marks: Marks) -> Guess | None:
    numeric = ~np.isnan(as_numbers(text, marks))
    words = text[~numeric].value_counts()
    if numeric.mean() < MOST or text[numeric].nunique() < FEW or len(words) > MAX_WORDS:
        return None
    if text.str.match(_NAME_LIKE).any():
        return None
    why = f"{numeric.sum():,} of {len(text):,} values are numbers"
    return Guess("number", why if words.empty else f"{why}; {_as_missing(words)}")


def _as_missing(words: pd.Series) -> str:
    named = ", ".join(f"{shown(word)} ({times:,})" for word, times in words.items())
    return f"counted as missing: {named}. Declare type: category to keep those words"


def _dates(name: str, known: pd.Series, count: str) -> Guess | None:
    found = find_format(known)
    if found is None:
        return None
    _refuse_rival(name, known, found)
    refuse_two_digit_years(name, known, found.form)
    others = (
        "" if found.share == 1 else f"; {1 - found.share:.1%} of the distinct values are no dates and count as missing"
    )
    return Guess("date", f"dates, {count}{others}", found.form)


def _labels(name: str, text: pd.Series, count: str) -> Guess:
    distinct = text.nunique()
    note = quantity_note(text) or date_note(name, text)
    unique = len(text) >= FEW and distinct >= NEARLY_UNIQUE * len(text)
    if not note and distinct > MAX_CATEGORIES and distinct >= MOST * len(text) and (long := _long(text)):
        return Guess("text", f"free text: {long}, {count}; declare another type if its words tell nothing")
    if note and (unique or distinct > MAX_CATEGORIES):
        return Guess("drop", f"text, {count}, but {note}. Or declare type: category, identifier or drop")
    if unique:
        nearly = "" if distinct == len(text) else "nearly "
        keep = "identifier to keep it" + ("" if _average(text) < _PHRASE else ", or type: text to learn from its words")
        return Guess("drop", f"it identifies {nearly}every row: text, {count}; declare type: {keep}")
    limit = FEW if _named(name, _ID_WORDS) else MAX_CATEGORIES
    kind = "category" if distinct <= limit else "identifier"
    return Guess(kind, f"text, {count}" + (f"; taken as a {kind}, but {note}" if note else ""))


def _long(text: pd.Series) -> str:
    """Return how long texts are, empty where they are names or short phrases."""
    words = _average(text)
    if words < FREE_TEXT:
        return ""
    return f"{words:.0f} words on average" if _some(text).str.len().max() <= _BEGINNING else "long texts of many words"


def _average(text: pd.Series) -> float:
    parts = [one[:_BEGINNING] for one in _some(text).tolist()]
    return float(np.mean([len(part.split()) + letters_alone(part) / 2 for part in parts]))


def _some(text: pd.Series) -> pd.Series:
    return text.drop_duplicates().iloc[:LOOKED_AT]


def read_date_format(name: str, column: pd.Series, century: int | None = None) -> str | None:
    """Return the form of a column that is declared to be a date. Raises ContentError when a format must be declared."""
    if not is_text(column):
        return None
    found = find_format(column.dropna())
    _refuse_rival(name, column.dropna(), found)
    return found.form if found else None


def refuse_two_digit_years(name: str, known: pd.Series, form: str | None) -> None:
    """Raise ContentError where years of two digits may be of this century or of the last, and nobody says which."""
    if form is None or "%y" not in form:
        return
    read = as_timestamps(known, Dates(form, 2000))
    doubtful = known[read.dt.year.between(*_EITHER_CENTURY).to_numpy(dtype=bool)]
    if len(doubtful):
        raise ContentError(
            f"column {name!r} writes years with two digits, and {examples(doubtful)} can be of this century or of the "
            f"last. Declare {declaration(name, 'century: 1930')} for the years 1930 to 2029, and so on"
        )


def _refuse_rival(name: str, known: pd.Series, found: DateFormat | None) -> None:
    if found is not None and found.rival:
        raise ContentError(
            f"column {name!r} holds dates such as {examples(known)}, which can be read with the day or the month "
            f"first. Declare {declaration(name, f'format: {found.form!r}')} or {found.rival!r}"
        )


def _named(name: str, words: set[str]) -> bool:
    return any(word.lower() in words for word in _WORD.findall(name))


def _named_key(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    return not words or not _KEY_WORDS.isdisjoint(words) or words[-1] in _LAST_WORDS or bool(_UNNAMED.fullmatch(name))


def _gaps(column: pd.Series) -> str:
    missing = int(column.isna().sum())
    return f", {missing:,} missing" if missing else ""
