"""The classes that rules predict, matched with the classes that the target has. The service imports this."""

from collections.abc import Sequence

from ml.values.canonical import canonical
from schemas.base import Scalar
from schemas.errors import did_you_mean
from schemas.rules import RuleList

_TRUTHS = {True: ("yes", "on", "true", "y"), False: ("no", "off", "false", "n")}


def outcomes(declared: RuleList) -> dict[str, Scalar | None]:
    """Return what every rule predicts, and `otherwise` at the end, by key path; None abstains."""
    named: dict[str, Scalar | None] = {
        f"rules[{position}].then": rule.then for position, rule in enumerate(declared.rules)
    }
    return named | {"otherwise": declared.otherwise}


def codes(declared: RuleList, classes: Sequence[Scalar]) -> list[int]:
    """Return the class position of every rule and of `otherwise`, -1 for abstaining. Raises KeyError for no class."""
    positions = {canonical(label): code for code, label in enumerate(classes)}
    return [-1 if outcome is None else positions[canonical(outcome)] for outcome in outcomes(declared).values()]


def strangers(declared: RuleList, target: str, classes: Sequence[Scalar]) -> list[str]:
    """Return a text for every outcome that is no class of the target, each beginning with its key path."""
    known = {canonical(label) for label in classes}
    return [
        f"{path}: {_yaml(outcome)} is no class of {target!r} ({_listed(classes)}).{_hint(outcome, classes)}"
        for path, outcome in outcomes(declared).items()
        if outcome is not None and canonical(outcome) not in known
    ]


def _hint(outcome: Scalar, classes: Sequence[Scalar]) -> str:
    texts = [label for label in classes if isinstance(label, str)]
    if isinstance(outcome, bool):
        meant = [text for text in texts if text.lower() in _TRUTHS[outcome]]
        word = "yes" if outcome else "no"
        return f" YAML reads an unquoted {word} as {_yaml(outcome)}: write {meant[0]!r} in quotes" if meant else ""
    bare = [_yaml(label) for label in classes if isinstance(label, bool) and _yaml(label) == str(outcome).lower()]
    if bare:
        return f" Write {bare[0]} without quotes"
    return did_you_mean(str(outcome), texts)


def _listed(classes: Sequence[Scalar]) -> str:
    more = f" and {len(classes) - 10} more" if len(classes) > 10 else ""
    return f"classes: {', '.join(map(_yaml, classes[:10]))}{more}"


def _yaml(label: Scalar) -> str:
    return str(label).lower() if isinstance(label, bool) else repr(label)
