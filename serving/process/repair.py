"""Mending a damaged journal: what can be read goes into a new one, the damaged one is kept beside it."""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from filecmp import cmp
from itertools import count
from pathlib import Path

from sqlalchemy.engine import make_url

from ml.io.process_token import token
from ml.io.sync import sync_folder
from schemas.errors import DeploymentError
from schemas.home import Home
from serving.journal import location
from serving.journal.contents import format_in
from serving.journal.integrity import damage
from serving.journal.salvage import Saved, copy_whole, salvage, unreadable_rows
from serving.journal.schema import FORMAT
from serving.journal.trouble import unknown
from serving.process import launch, records
from serving.process.probe import damage_told, until_ready
from serving.process.records import Deployment

_READY_SECONDS = 30.0


@dataclass(frozen=True)
class Repaired:
    """What was saved into the new journal, and where the damaged one is now; no table where it was sound.

    `restarted` says whether the service was started again.
    """

    url: str
    tables: list[Saved]
    kept: Path | None
    restarted: bool = False


def repair(home: Path, name: str, tell: Callable[[str], None] = records.logger.warning) -> Repaired:
    """Mend the journal of a model; its service is stopped meanwhile and started again if it ran.

    A crash at any point leaves the damaged journal or the new one, and the next call goes on. A sound journal is left
    as it is; a service that took it for damaged is started again.

    Args:
        home: DRIVETRAIN_HOME.
        name: The model's name.
        tell: Gets a sentence where another process is waited for.

    Raises:
        DeploymentError: If there is no such journal, it is no file or of a later format, or a new one has no room.
    """
    with records.lock(home, name, tell=tell):
        known = records.read(home, name)
        url = known.journal_url if known else location.journal_url(Home(home), name)
        file = _file(name, url)
        if (found := format_in(file) or FORMAT) > FORMAT:  # what it would not save, it does not know
            raise DeploymentError(unknown(str(file), found, FORMAT))
        lives = _note(home, name)
        is_lived = lives.exists() or (known is not None and records.is_looked_after(home, name))
        tables: list[Saved] = []
        kept = None
        if damage(file) is not None or unreadable_rows(file):
            if is_lived:
                lives.touch()
            launch.end(home, name)
            try:
                tables, kept = _mend(file)
            except OSError as error:
                why = error.strerror or error
                raise DeploymentError(f"The journal {file} cannot be repaired: {why}") from error
        elif not lives.exists():
            is_lived = known is not None and damage_told(known.url) is not None
        if known is not None and is_lived:
            _restart(home, known)
        lives.unlink(missing_ok=True)
        return Repaired(url, tables, kept, restarted=known is not None and is_lived)


def _restart(home: Path, known: Deployment) -> None:
    launch.end(home, known.name)
    launch.start(
        home, known.name, known.spec, known.journal_url, known.journal, known.code_hash, known.bento, known.port
    )
    until_ready(known.url, _READY_SECONDS)


def _note(home: Path, name: str) -> Path:
    """Return the file that says, while a journal is repaired, that its service ran before."""
    return records.folder(home) / f".{name}.repairing"


def _file(name: str, url: str) -> Path:
    place = make_url(url)
    if place.get_backend_name() != "sqlite":
        raise DeploymentError(
            f"The journal of {name!r} is in a database, {place.render_as_string()}, which looks after its own files"
        )
    file = Path(place.database or "")
    if not file.is_file():
        raise DeploymentError(f"There is no journal of {name!r} at {file}")
    return file


def _mend(file: Path) -> tuple[list[Saved], Path]:
    kept = _unused(file.with_name(f"{file.name}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"))
    copy_whole(_whole(file), kept)
    prefix = f".{file.name}.{token()}."  # by which the next run knows what a killed one left
    with tempfile.TemporaryDirectory(prefix=prefix, suffix=".partial", dir=file.parent) as folder:
        scratch, fresh = Path(folder) / "damaged.db", Path(folder) / "fresh.db"
        copy_whole(kept, scratch)
        tables = salvage(scratch, fresh)
        _sync(fresh)
        for suffix in ("-wal", "-shm"):  # they belong to the damaged file, and would be applied to the new one
            Path(f"{file}{suffix}").unlink(missing_ok=True)
        fresh.replace(file)
    sync_folder(file.parent)
    return tables, kept


def _whole(file: Path) -> Path:
    """Return the journal; where a killed repair had removed its last commits, the copy that has them."""
    copies = sorted(path for path in file.parent.glob(f"{file.name}.damaged-*") if not path.name.endswith("-wal"))
    for copy in reversed(copies):
        had_more = Path(f"{copy}-wal").exists() and not Path(f"{file}-wal").exists()
        if had_more and cmp(copy, file, shallow=False):
            return copy
    return file


def _unused(path: Path) -> Path:
    """Return the path, or one with a number where something is there: no copy takes the place of another."""
    others = (path.with_name(f"{path.name}-{number}") for number in count(2))
    return path if not path.exists() else next(other for other in others if not other.exists())


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
