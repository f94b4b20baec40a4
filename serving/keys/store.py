"""The keys of one service: a file that its owner alone may read, replaced whole whenever a key is made or revoked.

It outlives the service, as the journal does. While there are keys in it requests need one, also where all of them are
revoked, and where the file is gone.
"""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from ml.io.atomic_write import write_whole
from ml.io.file_lock import one_at_a_time
from schemas.base import Strict
from schemas.errors import DeploymentError, did_you_mean
from serving.keys import key
from serving.keys.key import Key

VARIABLE = "DRIVETRAIN_KEYS"
"""The environment variable that names the file to a service that nobody gave settings."""


class _Content(Strict):
    keys: list[Key]


def are_needed(path: Path) -> bool:
    """Say whether keys were made and not forgotten since, also where their file is gone."""
    return _mark(path).exists()


def named_file() -> Path | None:
    """Return the file that the environment names, None where it names none."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


def read(path: Path) -> list[Key]:
    """Return the keys, the oldest first, none where there is no file. Raises DeploymentError if it cannot be read."""
    try:
        return _Content.model_validate_json(path.read_bytes()).keys
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        why = (
            error.strerror
            if isinstance(error, OSError)
            else "it is not as it was written; forget all keys (key clear) and make new ones"
        )
        raise DeploymentError(f"The file of keys {path} cannot be read: {why}") from error


def add(path: Path, name: str | None, expires: datetime | None) -> tuple[Key, str]:
    """Make a key and keep its hash; return what is kept, and the key, which is nowhere else.

    Args:
        path: The file; it is made where need be.
        name: What the key is called by, for who lists and revokes; None: `key-1`, `key-2`, and so on.
        expires: When it ends; None: when it is revoked.

    Raises:
        DeploymentError: If a key has this name, also a revoked one, or it is no name.
    """
    shown = ""

    def added(keys: list[Key]) -> list[Key]:
        nonlocal shown
        names = [one.name for one in keys]
        if name in names:
            raise DeploymentError(f"There is a key {name!r} already; take another name, by which both can be told")
        try:
            made, shown = key.make(name or _free(names), expires)
        except ValidationError as error:
            raise DeploymentError(
                f"{name!r} is no name of a key: up to 63 letters, digits and . _ @ -, the first a letter or digit"
            ) from error
        return [*keys, made]

    keys = _change(path, added)
    write_whole(_mark(path), "", private=True)
    return keys[-1], shown


def revoke(path: Path, name: str) -> Key:
    """Let a key be good no more, and return it. Raises DeploymentError if it is unknown or revoked already."""

    def revoked(keys: list[Key]) -> list[Key]:
        found = next((one for one in keys if one.name == name), None)
        names = [one.name for one in keys]
        if found is None:
            have = f"keys: {', '.join(names)}" if names else "there are none"
            raise DeploymentError(f"There is no key {name!r}.{did_you_mean(name, names)} {have[:1].upper()}{have[1:]}")
        if found.revoked is not None:
            raise DeploymentError(f"The key {name!r} was revoked before, at {found.revoked:%Y-%m-%d %H:%M} UTC")
        now = datetime.now(UTC)
        return [one.model_copy(update={"revoked": now}) if one is found else one for one in keys]

    return next(one for one in _change(path, revoked) if one.name == name)


def clear(path: Path) -> None:
    """Forget all keys, also such as cannot be read, so that none is asked for any more."""
    with one_at_a_time(path.with_name(f".{path.stem}.lock")):
        write_whole(path, _Content(keys=[]).model_dump_json(indent=1), private=True)
        _mark(path).unlink(missing_ok=True)


def _change(path: Path, change: Callable[[list[Key]], list[Key]]) -> list[Key]:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with one_at_a_time(path.with_name(f".{path.stem}.lock")):
        keys = change(read(path))
        write_whole(path, _Content(keys=keys).model_dump_json(indent=1), private=True)
        return keys


def _mark(path: Path) -> Path:
    """Return the file beside the keys that says that there are some: without it a lost file would open the service."""
    return path.with_name(f"{path.stem}.needed")


def _free(names: list[str]) -> str:
    return next(name for number in range(1, len(names) + 2) if (name := f"key-{number}") not in names)
