"""Regular expressions that cannot keep a service busy: what one may cost is bounded before it is ever used.

Python's engine backtracks: at every place of a text it tries, for each way in which the repeats and alternatives before
it can turn out, what comes next. With at most `LONGEST` characters searched, that is known from the pattern alone.
"""

import re
from importlib import import_module
from typing import Any

LONGEST = 500
"""Characters of a cell that are searched; what stands behind them is not seen."""
_FREE = 275  # ways of a repeat without a bound: three of them share 500 characters out in 500³ / 6 ways, as 275³ is
_SECONDS = 1.0
_STEP = 12e-9  # seconds of a step, measured on texts for which every way is tried and none matches
_CHARACTER = 0.2  # steps that comparing a character is
_ENDLESS = 1e18
_LONGEST_PATTERN = 300
_SIXTEEN_BITS = 0xFFFF
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT")
_CHARACTERS = ("ANY", "IN", "LITERAL", "NOT_LITERAL")


def pattern_fault(pattern: str) -> str | None:
    """Return why a pattern cannot be used, for a person; None when it can.

    On a text made for it the worst pattern that can be used takes about a second, `a.*b.*c` a fifth of that.
    """
    if len(pattern) > _LONGEST_PATTERN:
        return f"has {len(pattern)} characters, and a pattern may have {_LONGEST_PATTERN}; write several rules"
    try:
        re.compile(pattern)
        parsed = import_module("re._parser").parse(pattern)
    except re.error as error:
        place = "" if error.pos is None else f" at character {error.pos + 1}"
        return f"is not a regular expression: {error.msg}{place}"
    except (RecursionError, OverflowError):
        return "is not a regular expression that can be read: it is nested too deeply or repeats too often"
    _, steps = _work(parsed, spread=True)
    if steps * (1 if _anchored(parsed) else _FREE) * _STEP > _SECONDS:
        return (
            "may take too long on some texts: its repeats can share a text out in too many ways; begin it with ^, "
            "bound its repeats ({0,5} instead of *), and repeat no group that itself repeats or has alternatives"
        )
    return None


def _anchored(parsed: Any) -> bool:
    first = parsed[0] if len(parsed) else None
    at_start = first is not None and str(first[0]) == "AT" and str(first[1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING")
    return at_start and not parsed.state.flags & re.MULTILINE


def _work(parsed: Any, *, spread: bool = False) -> tuple[float, float]:
    """Return in how many ways a sequence can match at one place, and the steps of trying them all, both at most.

    Args:
        parsed: What the standard library's parser gives.
        spread: Whether no two ways so far end at the same place more often than at any other.
    """
    ways, steps, word = 1.0, 0.0, ""
    for operation, details in parsed:
        more, own = _part(str(operation), details)
        word = word + chr(details) if str(operation) == "LITERAL" else ""
        if word and spread:
            own = _CHARACTER * (_again(word) - _again(word[:-1]))
        spread = spread and (more == 1 or _repeats_characters(str(operation), details))
        steps = min(_ENDLESS, steps + ways * own)
        ways = min(_ENDLESS, ways * more)
    return ways, steps


def _repeats_characters(operation: str, details: Any) -> bool:
    """Say whether a part matches ever so many characters, so that its ways end at as many places of the text."""
    return operation in _REPEATS and len(details[2]) == 1 and str(details[2][0][0]) in _CHARACTERS


def _again(word: str) -> float:
    """Return how many characters of a word are compared at a place, on average over the places of the worst text.

    Where much of the word stands, it cannot soon begin again, unless it repeats itself: `aaaa` does, `from` does not.

    Source:
        D. E. Knuth, J. H. Morris and V. R. Pratt, Fast pattern matching in strings, SIAM Journal on Computing 6 (1977):
        the borders of a word's beginnings.
    """
    borders, most = [0, 0], min(1.0, len(word))
    for end in range(2, len(word) + 1):
        border = borders[end - 1]
        while border and word[border] != word[end - 1]:
            border = borders[border]
        borders.append(border + (word[border] == word[end - 1]))
        most = max(most, end / (end - borders[end]))
    return most


def _part(operation: str, details: Any) -> tuple[float, float]:
    match operation:
        case "MAX_REPEAT" | "MIN_REPEAT":
            return _repeated(*details)
        case "BRANCH":
            return _alternatives(details[1])
        case "GROUPREF_EXISTS":
            return _alternatives([details[1], details[2] or []])
        case "SUBPATTERN":
            ways, steps = _work(details[3])
            return ways, steps + (details[0] is not None)  # what a group holds is noted
        case _:
            return 1, _steps_of_one_way(operation, details)


def _alternatives(bodies: list[Any]) -> tuple[float, float]:
    tried = [_work(body) for body in bodies]
    return sum(ways for ways, _ in tried), sum(steps for _, steps in tried)


def _steps_of_one_way(operation: str, details: Any) -> float:
    """Return the steps of a part that matches in one way at most: once left, it is not tried again."""
    match operation:
        case "IN":
            # What is beyond 16 bits, and classes such as \d beside others, are compared one after the other.
            return _CHARACTER * (1 + sum(_is_compared_alone(*item) for item in details))
        case "POSSESSIVE_REPEAT":
            return _repeated(*details)[1]
        case "ATOMIC_GROUP":
            return _work(details)[1]
        case "ASSERT" | "ASSERT_NOT":
            return 1 + _work(details[1])[1]
        case "GROUPREF":
            return LONGEST * _CHARACTER
        case "AT":
            return 1
        case _:
            return _CHARACTER


def _repeated(least: int, most: int, body: Any) -> tuple[float, float]:
    """Add up the ways of each number of times; before each time, all ways so far have been tried."""
    ways, steps = _work(body)
    least, most = min(int(least), _FREE), min(int(most), _FREE)
    before, found, tried = 1.0, 0.0, 0.0
    for times in range(most + 1):
        found += before if times >= least else 0
        # Characters that must be there are compared in one go; groups and what may be left out are not.
        tried += before * (steps + (times >= least or steps > _CHARACTER)) if times < most else 0
        before *= ways
        if before > _ENDLESS:
            return _ENDLESS, _ENDLESS
    return found, tried


def _is_compared_alone(operation: Any, details: Any) -> bool:
    last = details[1] if str(operation) == "RANGE" else details
    return str(operation) == "CATEGORY" or (isinstance(last, int) and last > _SIXTEEN_BITS)
