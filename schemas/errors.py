"""Every error that is meant for a person.

DrivetrainError
├── ConfigurationError   the configuration, the preflight or the stack cannot work: nothing was started (exit 2)
├── ContentError         the data cannot be read or trained on (exit 1)
├── PackageError         a model package is damaged, incomplete or not equal to the trained object (exit 1)
├── StorageError         a disk, a folder or a database cannot be used (exit 2; 1 once something was started)
│   └── ObjectStoreError an object store cannot be used: the key, the right, the bucket, the pace or the server is wrong
├── DeploymentError      a service could not be started or a version not published (exit 1)
├── AlertError           an alert could not be delivered: a note of the run, which tries again (no exit code of its own)
└── RefusedError         a declared data check or the gate refused (exit 3)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from schemas.database_url import without_secrets


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where (dotted key path), what, and what would be right; no address is quoted whole."""

    path: str
    message: str
    hint: str = ""

    def __post_init__(self) -> None:
        for name in ("path", "message", "hint"):
            object.__setattr__(self, name, without_secrets(getattr(self, name)))

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        return f"{text}\n    {self.hint}" if self.hint else text


class DrivetrainError(Exception):
    """Base of all errors whose text is written for the person at the keyboard; no address is quoted whole."""

    exit_code = 1

    def __init__(self, *args: object) -> None:
        super().__init__(*(without_secrets(part) if isinstance(part, str) else part for part in args))


class ConfigurationError(DrivetrainError):
    """All faults found before anything was started."""

    exit_code = 2

    def __init__(self, faults: list[Fault], heading: str = "Invalid configuration") -> None:
        self.faults = faults
        count = f"{len(faults)} problem" + ("s" if len(faults) != 1 else "")
        lines = "\n".join("  " + str(fault).replace("\n", "\n  ") for fault in faults)
        super().__init__(f"{heading}, {count}:\n{lines}")


class ContentError(DrivetrainError):
    """The rows cannot be read or trained on."""


class PackageError(DrivetrainError):
    """A model package is damaged, incomplete, or does not predict as the trained object does."""


class StorageError(DrivetrainError):
    """A disk, a folder, a database or a store that a run needs cannot be read or written.

    Attributes:
        what: What is wrong.
        hint: What would mend it.
        sentence: What is wrong and the hint, in one line.
    """

    exit_code = 2

    def __init__(self, what: str, hint: str) -> None:
        self.what, self.hint = what, hint
        self.sentence = f"{what}; {hint}"
        super().__init__(f"{what}\n    {hint}")

    def __reduce__(self) -> tuple[type["StorageError"], tuple[str, str]]:
        return type(self), (self.what, self.hint)  # it may be raised in another process


class ObjectStoreError(StorageError):
    """An object store answers that it will not, or does not answer."""


class CredentialsError(ObjectStoreError):
    """There are no credentials, or the store does not know the key, the secret or the session's token."""


class AccessDeniedError(ObjectStoreError):
    """The store knows who asks, who has no right to it."""


class NoBucketError(ObjectStoreError):
    """There is no such bucket."""


class ContestedError(ObjectStoreError):
    """Others write the same name at the same moment, and the store let none of them, however often it was asked."""


class ThrottledError(ObjectStoreError):
    """The store asks to slow down, again after waiting."""


class UnreachableError(ObjectStoreError):
    """The store cannot be reached, or went away in the middle."""


class DeploymentError(DrivetrainError):
    """A service could not be started, or a version could not be published; the old version goes on."""


class AlertError(DrivetrainError):
    """An alert could not be delivered; the text holds no address, which may be a secret."""


class RefusedError(DrivetrainError):
    """A declared data check or the gate refused."""

    exit_code = 3

    def __init__(self, reasons: list[str], heading: str = "Refused") -> None:
        self.reasons = reasons
        super().__init__(heading + ":\n" + "\n".join(f"  - {reason}" for reason in reasons))


def did_you_mean(word: str, known: list[str]) -> str:
    """Return ` Did you mean 'x'?` for the nearest known word, or an empty string."""
    by_folded = {other.casefold(): other for other in reversed(known)}
    near = get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.6)
    return f" Did you mean {by_folded[near[0]]!r}?" if near else ""


def listed(names: Sequence[str], most: int = 40) -> str:
    """Return the names with commas, at most the first `most`, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
