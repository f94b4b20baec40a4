"""Where BentoML keeps the Bentos of services, who uses them, and which nobody can want any more.

A store may belong to several homes (DRIVETRAIN_HOME) with models of the same name. Each notes beside the Bentos which
it uses; one that no home has noted was put there by a person, and is never removed.
"""

import hashlib
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from ml.io.atomic_write import write_whole
from ml.io.file_lock import one_at_a_time
from ml.io.process_token import token
from schemas.errors import DeploymentError
from serving.process import contents
from serving.process.records import logger

CODE = "src"
_NESTED = 10  # variables that name variables


def root() -> Path:
    """Return BentoML's folder."""
    named = os.environ.get("BENTOML_HOME") or "~/bentoml"
    for _ in range(_NESTED):  # as BentoML does, which goes on until nothing changes
        named = str(Path(os.path.expandvars(named)).expanduser())
    return Path(named).absolute()


def folder(tag: str) -> Path:
    """Return where the store keeps a Bento; to ask BentoML takes 0.1 s, as it reads the lock file in it."""
    return root() / "bentos" / tag.replace(":", os.sep)


def source(tag: str) -> Path:
    """Return the folder of a Bento's code. Raises DeploymentError when BentoML's store does not have it any more."""
    code = folder(tag) / CODE
    if not code.is_dir():
        raise DeploymentError(f"BentoML's store does not have {tag} any more; deploy again")
    return code


def bento_name(model: str) -> str:
    """Return what the Bentos of a model are called."""
    return f"drivetrain_{model}"


def lock(model: str) -> AbstractContextManager[None]:
    """Let one process at a time build or remove Bentos of a model; the others wait."""
    crowd = partial(logger.warning, f"another command builds the service of {model!r}; waiting for it")
    return one_at_a_time(root() / f".{bento_name(model)}.lock", waiting=crowd)


def note_use(home: Path, tag: str) -> None:
    """Note that a home has made a Bento, or serves from it; the caller holds the lock."""
    note = _note(home, tag)
    if not note.exists():
        note.parent.mkdir(parents=True, exist_ok=True)
        write_whole(note, str(home.absolute()))


def prune(home: Path, model: str, running: str, versions: Collection[str]) -> list[str]:
    """Remove what this home made and no release can come back to; return the tags.

    Args:
        home: DRIVETRAIN_HOME.
        model: The model's name.
        running: The tag of the Bento that the service runs from, which stays.
        versions: Those in production now or after a rollback; of each the newest Bento stays.
    """
    with lock(model):
        noted = {tag for tag in _tags(model) if _note(home, tag).exists()}
        kept = {running, *_newest(noted, versions)}
        removed = [tag for tag in sorted(noted - kept) if not _is_served(folder(tag))]
        for tag in removed:
            _note(home, tag).unlink()
        return [tag for tag in removed if _removed(tag)]


def _removed(tag: str) -> bool:
    """Remove a Bento unless another home uses it; BentoML sees all of it or nothing."""
    if any(_notes_of_living(tag)):
        return False
    gone = root() / f".{tag.replace(':', '-')}.{token()}.partial"
    folder(tag).rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    return True


def _tags(model: str) -> Iterator[str]:
    name = bento_name(model)
    with suppress(FileNotFoundError):
        yield from (f"{name}:{one.name}" for one in (root() / "bentos" / name).iterdir() if one.is_dir())


def _newest(tags: Collection[str], versions: Collection[str]) -> set[str]:
    """Return the tag of the newest Bento of each version."""
    dated = sorted(tags, key=lambda tag: folder(tag).stat().st_mtime)
    newest = {version: tag for tag in dated if (version := _version(tag)) in versions}
    return set(newest.values())


def _version(tag: str) -> str | None:
    try:
        inside = contents.Contents.model_validate_json((folder(tag) / CODE / contents.FILE).read_bytes())
    except (OSError, ValidationError):  # of an earlier version of this program, or half a one
        return None
    return inside.version


def _note(home: Path, tag: str) -> Path:
    name, _, version = tag.partition(":")
    home_digest = hashlib.sha256(str(home.absolute()).encode()).hexdigest()[:12]
    return root() / f".{name}.uses" / f"{version}.{home_digest}"


def _notes_of_living(tag: str) -> Iterator[Path]:
    """Give the notes of homes that are still there."""
    name, _, version = tag.partition(":")
    for note in (root() / f".{name}.uses").glob(f"{version}.*"):
        if Path(note.read_text(encoding="utf-8")).is_dir():
            yield note
        else:
            note.unlink(missing_ok=True)


def _is_served(bento: Path) -> bool:
    """Say whether a process works in a Bento, such as one that a person started by `bentoml serve`."""
    import psutil

    processes = (Path(one.info["cwd"]) for one in psutil.process_iter(["cwd"]) if one.info["cwd"])
    return any(where.is_relative_to(bento) for where in processes)
