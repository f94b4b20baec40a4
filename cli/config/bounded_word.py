"""Words of the command line, looked at before they are parsed: Hydra takes minutes for what is long or deep."""

import re

LONGEST, DEEPEST = 10_000, 50
"""Characters of a word, and levels of brackets in it."""
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_BRACKETS = re.compile(r"[\[{(\]})]")


def why_unbounded(word: str) -> str:
    """Return what of a `key=value` is too much, an empty string where nothing is."""
    if len(word) > LONGEST:
        return f"has {len(word):,} characters; at most {LONGEST:,} are read"
    depth = 0
    for bracket in _BRACKETS.findall(_QUOTED.sub("", word)):
        depth += 1 if bracket in "[{(" else -1
        if depth > DEEPEST:
            return f"is nested more than {DEEPEST} levels deep"
    return ""
