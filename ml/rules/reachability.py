"""Which rules can never decide a row, whatever the rows: what they would catch, earlier rules have caught."""

from collections.abc import Sequence
from dataclasses import dataclass

from ml.rules.boxes import Box, TooManyError, boxes, intersect, kinds, known, subtract
from ml.rules.equivalence import Equivalence, equivalence
from ml.rules.text import condition_text
from schemas.errors import Fault
from schemas.rules import RuleList


@dataclass(frozen=True)
class _Catch:
    """What a rule catches: as written, and as boxes unless those are too many."""

    written: Equivalence
    union: list[Box] | None


def unreachable(declared: RuleList, booleans: frozenset[str] = frozenset()) -> list[Fault]:
    """Return a fault for every rule that no row reaches; rules too intricate to be compared are taken as reachable.

    Args:
        declared: The rules.
        booleans: Columns known to hold true, false or nothing.
    """
    leaves = [leaf for _, leaf in declared.leaves()]
    of, within = kinds(leaves), known(leaves, booleans)
    earlier: list[_Catch] = []
    faults: list[Fault] = []
    for position, rule in enumerate(declared.rules):
        path = f"rules[{position}].when"
        try:
            found = [intersect(box, within) for box in boxes(rule.when, of)]
            catch = _Catch(equivalence(rule.when), [box for box in found if box is not None])
        except TooManyError:
            catch = _Catch(equivalence(rule.when), None)
        if catch.union == []:
            what = f"can never hold: nothing satisfies {condition_text(rule.when)}"
            faults.append(Fault(path, what, "take the rule out, or correct its condition"))
        elif catchers := _catchers(catch, earlier):
            what = f"is never reached: {_named(catchers, declared)}"
            faults.append(Fault(path, what, "move it up, narrow the earlier condition, or take the rule out"))
        earlier.append(catch)
    return faults


def _catchers(catch: _Catch, earlier: Sequence[_Catch]) -> list[int]:
    """Return the earlier rules that together catch all of `catch`, one where one does; none when a row gets through."""
    for position, taken in enumerate(earlier):
        if taken.union != [] and (taken.written.covers(catch.written) or _left(catch.union, taken) == []):
            return [position]
    if catch.union is None:
        return []
    left, involved = catch.union, []
    for position, taken in enumerate(earlier):
        rest = _left(left, taken)
        if rest is not None and rest != left:
            involved.append(position)
            left = rest
        if not left:
            return _needed(catch.union, involved, earlier)
    return []


def _left(union: list[Box] | None, taken: _Catch) -> list[Box] | None:
    """Return what is left of a union, or None where that is too intricate to say."""
    if union is None or taken.union is None:
        return None
    try:
        return subtract(union, taken.union)
    except TooManyError:
        return None


def _needed(union: list[Box], involved: list[int], earlier: Sequence[_Catch]) -> list[int]:
    for position in tuple(involved):
        others = [other for other in involved if other != position]
        left: list[Box] | None = union
        for other in others:
            left = _left(left, earlier[other])
        involved = others if left == [] else involved
    return involved


def _named(catchers: list[int], declared: RuleList) -> str:
    if len(catchers) == 1:
        text = condition_text(declared.rules[catchers[0]].when)
        return f"rules[{catchers[0]}] ({text}) catches every row that it would"
    return f"{', '.join(f'rules[{position}]' for position in catchers)} together catch every row that it would"
