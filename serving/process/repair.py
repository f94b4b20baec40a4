"""Mending a damaged journal: what can be read goes into a new one, the damaged one is kept beside it."""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from ml.io.sync import sync_folder
from schemas.errors import DeploymentError
from schemas.home import Home
from serving.journal import location
from serving.journal.integrity import damage, unreadable_rows
from serving.journal.salvage import Saved, copy_whole, salvage
from serving.process import launch, records
from serving.process.probe import until_ready

_READY_SECONDS = 30.0


@dataclass(frozen=True)
class Repaired:
    """What was saved into the new journal, and where the damaged one is now; no table where it was sound."""

    url: str
    tables: list[Saved]
    kept: Path | None


def repair(home: Path, name: str) -> Repaired:
    """Mend the journal of a model; its service is stopped meanwhile and started again if it ran.

    A crash at any point leaves the damaged journal or the new one, and the next call goes on.

    Args:
        home: DRIVETRAIN_HOME.
        name: The model's name.

    Raises:
        DeploymentError: If there is no such journal, it is no file, or there is no room for a new one.
    """
    with records.lock(home, name):
        known = records.read(home, name)
        url = known.journal_url if known else location.journal_url(Home(home), name)
        file = _file(name, url)
        finished = file.with_name(f"{file.name}.repaired")
        if damage(file) is None and not unreadable_rows(file) and not finished.exists():
            return Repaired(url, [], None)
        lives = known is not None and records.is_looked_after(home, name)
        launch.end(home, name)
        try:
            tables, kept = _mend(file, finished)
        except OSError as error:
            raise DeploymentError(f"The journal {file} cannot be repaired: {error.strerror or error}") from error
        if known is not None and lives:
            launch.start(home, name, known.spec, known.journal_url, known.code_hash, known.bento, known.port)
            until_ready(known.url, _READY_SECONDS)
        return Repaired(url, tables, kept)


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


def _mend(file: Path, finished: Path) -> tuple[list[Saved], Path]:
    tables: list[Saved] = []
    kept = file.with_name(f"{file.name}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}")
    if not finished.exists():
        copy_whole(file, kept)
        with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
            scratch, fresh = Path(folder) / "damaged.db", Path(folder) / "fresh.db"
            copy_whole(file, scratch)
            tables = salvage(scratch, fresh)
            _sync(fresh)
            fresh.replace(finished)
        sync_folder(file.parent)
    for suffix in ("-wal", "-shm"):  # they belong to the damaged file, and would be applied to the new one
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    finished.replace(file)
    sync_folder(file.parent)
    return tables, kept


def _sync(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
