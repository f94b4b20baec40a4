"""Which rules can never decide a row, whatever the rows: what they would catch, earlier rules have caught."""

from collections.abc import Sequence

from ml.rules.boxes import Box, TooManyError, boxes, kinds, subtract
from ml.rules.wording import condition_text
from schemas.errors import Fault
from schemas.rules import RuleList


def unreachable(declared: RuleList) -> list[Fault]:
    """Return a fault for every rule that no row reaches; rules too intricate to be compared are taken as reachable."""
    of = kinds(leaf for _, leaf in declared.leaves())
    unions: list[list[Box] | None] = []
    faults: list[Fault] = []
    for position, rule in enumerate(declared.rules):
        path = f"rules[{position}].when"
        try:
            union = boxes(rule.when, of)
        except TooManyError:
            unions.append(None)
            continue
        if not union:
            what = f"can never hold: nothing satisfies {condition_text(rule.when)}"
            faults.append(Fault(path, what, "take the rule out, or correct its condition"))
        elif catchers := _catchers(union, unions):
            what = f"is never reached: {_named(catchers, declared)}"
            faults.append(Fault(path, what, "move it up, narrow the earlier condition, or take the rule out"))
        unions.append(union)
    return faults


def _catchers(union: list[Box], earlier: Sequence[list[Box] | None]) -> list[int]:
    """Return the earlier rules that together catch all of `union`, one where one does; none when a row gets through."""
    left, involved = union, []
    try:
        for position, taken in enumerate(earlier):
            if taken and not subtract(union, taken):
                return [position]
        for position, taken in enumerate(earlier):
            rest = subtract(left, taken or [])
            if rest != left:
                involved.append(position)
            left = rest
            if not left:
                return _needed(union, involved, earlier)
    except TooManyError:
        return []
    return []


def _needed(union: list[Box], involved: list[int], earlier: Sequence[list[Box] | None]) -> list[int]:
    for position in tuple(involved):
        others = [other for other in involved if other != position]
        left = union
        for other in others:
            left = subtract(left, earlier[other] or [])
        involved = others if not left else involved
    return involved


def _named(catchers: list[int], declared: RuleList) -> str:
    if len(catchers) == 1:
        text = condition_text(declared.rules[catchers[0]].when)
        return f"rules[{catchers[0]}] ({text}) catches every row that it would"
    return f"{', '.join(f'rules[{position}]' for position in catchers)} together catch every row that it would"
