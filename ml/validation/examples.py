"""Some values of a column for a message: reports are read by others than those who may read the rows."""

from collections.abc import Iterable

from ml.validation.refusal import shown

_SOME = 3


def examples(values: Iterable[object]) -> str:
    """Return the first three different values as text, each shortened."""
    found: dict[str, None] = {}
    for value in values:
        found[shown(str(value))] = None
        if len(found) == _SOME:
            break
    return ", ".join(found)
