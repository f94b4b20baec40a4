"""What a component breaks of the contract, and how checks report it."""

import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Check = tuple[str, Callable[[], Iterable[str]]]
"""A check's name, and what yields a sentence for everything that breaks it."""


@dataclass(frozen=True)
class Violation:
    """One thing that breaks the contract: whose (`trainer nearest_centroid`), which check, and what was seen."""

    subject: str
    check: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.check}: {self.message}"


def require(violations: Iterable[Violation]) -> None:
    """Raise AssertionError that names every violation; for a plug-in's own tests."""
    found = [f"  {violation}" for violation in violations]
    if found:
        raise AssertionError("\n".join(["the contract is broken:", *found]))


def examine(subject: str, checks: Iterable[Check]) -> list[Violation]:
    """Run the checks, each by itself; one that raises has found something too."""
    found = []
    for name, check in checks:
        try:
            for message in check():  # one by one: what it found before it raised stays
                found.append(Violation(subject, name, message))
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:
            # Whatever a stranger's code raises, SystemExit included, is what the check was to find.
            found.append(Violation(subject, name, told(error)))
    return found


def told(error: BaseException) -> str:
    """Return what an exception says, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"raised {type(error).__name__}: {' '.join(str(error).split())[:300]}{where}"


@contextmanager
def saying(what: str) -> Iterator[None]:
    """Say what was asked where it raises."""
    try:
        yield
    except Exception as error:
        raise Unexpected(f"{what} {told(error)}") from error


class Unexpected(Exception):
    """A call that must not raise did."""

    def __str__(self) -> str:
        return str(self.args[0])
