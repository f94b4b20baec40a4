"""Regular expressions that cannot keep a service busy: what one may cost is bounded before it is ever used.

Python's engine backtracks. What it may try at one place of a text is the product of its repeats' choices; with at most
`LONGEST` characters searched, that product is known from the pattern alone.
"""

import math
import re
from importlib import import_module
from typing import Any

LONGEST = 500
"""Characters of a cell that are searched; what stands behind them is not seen."""
_PLACES = math.log10(LONGEST + 1)
_WAYS = 3 * _PLACES  # some 20 ms in the worst case, where nothing matches
_LONGEST_PATTERN = 300


def pattern_fault(pattern: str) -> str | None:
    """Say why a pattern cannot be used, for a person; None when it can."""
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
    if _ways(parsed) + (0 if _anchored(parsed) else _PLACES) > _WAYS + 1e-9:
        return (
            "may take too long on some texts: its repeats can share a text out in too many ways; begin it with ^, "
            "bound its repeats ({0,5} instead of *), and repeat no group that itself repeats or has alternatives"
        )
    return None


def _anchored(parsed: Any) -> bool:
    first = parsed[0] if len(parsed) else None
    at_start = first is not None and str(first[0]) == "AT" and str(first[1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING")
    return at_start and not parsed.state.flags & re.MULTILINE


def _ways(parsed: Any) -> float:
    """Return the logarithm (base 10) of how many ways a sequence can be tried at one place, at most."""
    return sum(_choices(str(operation), details) for operation, details in parsed)


def _choices(operation: str, details: Any) -> float:
    match operation:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, body = details
            most = min(int(most), LONGEST)
            return math.log10(max(1, most - int(least) + 1)) + most * _ways(body)
        case "BRANCH":
            ways = [_ways(alternative) for alternative in details[1]]
            return max(ways) + math.log10(len(ways))
        case "SUBPATTERN":
            return _ways(details[3])
        case "ATOMIC_GROUP":
            return _ways(details)
        case "ASSERT" | "ASSERT_NOT":
            return _ways(details[1])
        case "GROUPREF_EXISTS":
            return math.log10(2) + _ways(details[1]) + (_ways(details[2]) if details[2] is not None else 0)
        case _:
            return 0
