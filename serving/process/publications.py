"""A publication under way: noted beside the service's record, so that one which was killed is finished or undone.

What a killed publication leaves, and what becomes of it when the next run finds the note:

- an announcement without an outcome: it is marked as failed, nobody waits for it any more;
- a service that has no version yet, with or without a record: it is stopped, as after a first deployment that failed;
- a version that is current, whose service was being replaced: the service is started again;
- a pointer that moved, while nobody has mirrored it: the caller mirrors it.

The note goes when a publication ends, well or not; not when it is interrupted. Whoever publishes holds the lock of the
name: an announcement that is open while somebody else holds the lock has no publisher.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout
from pydantic import ValidationError

from ml.io.atomic_write import write_whole
from ml.io.process_identity import ProcessIdentity
from ml.io.process_token import token
from schemas.base import Strict
from schemas.deploy_spec import DeploySpec
from schemas.errors import DrivetrainError
from serving.journal import tables
from serving.process import launch, records, services
from serving.process.bento import Packaged
from serving.releases import publisher
from serving.releases.events import Event

_SUFFIX = ".publishing"


class Note(Strict):
    """Who publishes what."""

    name: str
    version: str
    journal_url: str
    spec: DeploySpec
    process: ProcessIdentity
    again: str | None = None
    """The command that does the same again; None: the experiment's."""

    @property
    def how(self) -> str:
        """How it is published after all."""
        if self.again is not None:
            return f"run: {self.again}"
        chosen = self.spec.rollout if isinstance(self.spec.rollout, str) else "replace"  # stages are the experiment's
        rollout = "" if chosen == "replace" else f" deploy.rollout={chosen}"
        return f"run its experiment with pipeline=deployment{rollout}"


@dataclass(frozen=True)
class Resolved:
    """What became of a killed publication: the version that is current, or why its service is down or nobody knows."""

    note: Note
    current: Event | None
    why_down: str | None = None
    unknown: str | None = None

    def __str__(self) -> str:
        what = f"the publication of version {self.note.version} of {self.note.name!r} was cut off: its process is gone"
        if self.unknown is not None:
            return f"{what}; what is in production is not known: {self.unknown}"
        publish = f". To publish version {self.note.version}, {self.note.how}"
        if self.current is None:
            return f"{what}; nothing is in production{publish}"
        now = f"version {self.current.version} is in production"
        if self.why_down:
            return f"{what}; {now}, but its service is down: {self.why_down}"
        return f"{what}; {now}" + ("" if self.current.version == self.note.version else publish)


@contextmanager
def under_way(
    home: Path, name: str, version: str, journal_url: str, spec: DeploySpec, again: str | None = None
) -> Iterator[None]:
    """Note that this process publishes a version while the block runs; `again` is the command that does so again."""
    process = ProcessIdentity.mine()
    note = Note(name=name, version=version, journal_url=journal_url, spec=spec, process=process, again=again)
    path = records.folder(home) / f".{name}.{token()}{_SUFFIX}"
    write_whole(path, note.model_dump_json(), private=True)
    try:
        yield
    except Exception:  # its outcome stands in the journal
        path.unlink(missing_ok=True)
        raise
    path.unlink(missing_ok=True)


def resolve_abandoned(home: Path) -> Iterator[Resolved]:
    """Finish or undo each publication whose process is gone; what a living run does is left alone.

    The note stays until the caller has taken the result, so that a run killed meanwhile loses nothing.
    """
    for path in records.folder(home).glob(f".*{_SUFFIX}"):
        note = _abandoned(path)
        if note is None:
            continue
        with ExitStack() as held:
            try:
                held.enter_context(records.lock(home, note.name, wait=False))
            except Timeout:  # somebody publishes; the run after will find the note again
                continue
            if path.exists():
                yield (resolved := _resolved(home, note))
                if resolved.unknown is None:
                    path.unlink(missing_ok=True)


def _abandoned(path: Path) -> Note | None:
    try:
        note = Note.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    return note if note.process.fate == "gone" else None


def _resolved(home: Path, note: Note) -> Resolved:
    try:
        current = publisher.close_open(note.journal_url) if tables.exists(note.journal_url) else None
    except DrivetrainError as error:
        return Resolved(note, None, unknown=str(error))
    known = records.read(home, note.name)
    if current is None and known is not None and known.journal_url != note.journal_url:
        return Resolved(note, None)  # the service that lives is of another journal
    if current is None:
        launch.end(home, note.name)
        records.remove(home, note.name)
        return Resolved(note, None)
    return Resolved(note, current, _healed(home, note, current))


def _healed(home: Path, note: Note, current: Event) -> str | None:
    """Start the service again unless it lives; return why that failed."""
    known = records.read(home, note.name)
    if known is not None and records.is_looked_after(home, note.name):
        return None
    packaged = Packaged.at(current.package_url, current.version)
    try:
        services.running(home, note.name, known.spec if known else note.spec, packaged, note.journal_url)
    except DrivetrainError as error:
        return str(error)
    return None
