"""How a rollout begins: the new version is announced and loaded, and gets its first place and its row in one step."""

import logging
import time
from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, Engine

from ml.rollouts.rollout import begin
from schemas.errors import DeploymentError, PackageError
from schemas.release import Release
from schemas.rollout import RolloutSpec
from schemas.rollout_state import Measure, Reference
from schemas.signature import Output
from serving.journal.opened import opened
from serving.releases import events as stream
from serving.releases.announcing import announce, require_pointer
from serving.releases.events import Entry, Event
from serving.releases.overview import overview_in
from serving.releases.package_cache import fetch_signature
from serving.releases.traffic import beside
from serving.rollouts import reading, record
from serving.rollouts.before import before

logger = logging.getLogger("bentoml.drivetrain")


def roll_out(
    journal_url: str, version: str, package_url: str, spec: RolloutSpec, *, timeout: float = 120.0
) -> list[Release]:
    """Begin to roll out a version, in the place of whatever stands beside the one in production.

    A rollout of the same version that runs already goes on as it is.

    Args:
        journal_url: The model's journal.
        version: The version.
        package_url: Where its package is.
        spec: Its stages, and what stops it.
        timeout: Seconds until every worker must have loaded it.

    Returns:
        All versions, the current one first.

    Raises:
        DeploymentError: If nothing is in production, or this is; nothing is known that versions could be compared by;
            or it could not be loaded.
    """
    with opened(journal_url) as engine:
        with engine.connect() as connection:
            pointer = stream.current(stream.read(connection))
            runs = record.running(connection)
        if pointer is None:
            raise DeploymentError(f"Version {version} has nothing to be compared with: no version is in production")
        if pointer.version == version:
            raise DeploymentError(f"Version {version} is in production; it cannot be compared with itself")
        if runs is None or (runs.candidate, runs.package_url) != (version, package_url):
            outputs = (_output_of(pointer.package_url), _output_of(package_url))
            with engine.connect() as connection:
                known = before(connection, pointer.version, outputs)
            _begin(engine, pointer, Entry(version, package_url, "announced"), spec, known, timeout)
        return overview_in(engine)


def _output_of(package_url: str) -> Output | None:
    """Return what a package says of its two classes; None where it has others, or cannot be read here."""
    try:
        output = fetch_signature(package_url).output
    except PackageError as error:
        logger.warning("labels are compared as they are answered, whatever thresholds are moved: %s", error)
        return None
    return output if output.task == "binary" else None


def _begin(
    engine: Engine,
    pointer: Event,
    announced: Entry,
    spec: RolloutSpec,
    known: tuple[Reference, Measure],
    timeout: float,
) -> None:
    first = spec.stages[0]
    why = f"rollout: stage 1 of {len(spec.stages)} ({first.title})"
    try:
        begin(spec, known[0], time.time())
    except ValueError as error:
        raise DeploymentError(f"Version {announced.version} cannot be rolled out by stages: {error}") from error
    place = Entry(
        *(announced.version, announced.package_url, "candidate" if first.traffic else "shadow", why),
        weight=first.traffic,
    )
    then = partial(_placed, expected=pointer, place=place)
    announce(engine, announced, timeout, then, partial(write, pointer=pointer, place=place, spec=spec, known=known))


def _placed(past: Sequence[Event], announced: Event, expected: Event, place: Entry) -> list[Entry]:
    require_pointer(past, announced, expected)
    others = [one for one in beside(past) if one.version != place.version]
    gone = [Entry(one.version, one.package_url, "withdrawn", f"replaced by {place.version}") for one in others]
    return [*gone, place]


def write(
    connection: Connection, pointer: Event, place: Entry, spec: RolloutSpec, known: tuple[Reference, Measure]
) -> None:
    """Write the row of a rollout, in the transaction that gives the version its first place.

    Args:
        connection: To the journal.
        pointer: The event that put the old version into production.
        place: What gives the new version its place.
        spec: As declared.
        known: Of the old version.
    """
    now = time.time()
    runs = record.running(connection)
    if runs is not None:
        record.end(connection, runs, "taken_over", f"replaced by {place.version}", now)
    record.add(
        connection,
        candidate=place.version,
        package_url=place.package_url,
        old=pointer.version,
        pointer=pointer.sequence,
        spec=spec,
        measure=known[1],
        state=begin(spec, known[0], now + reading.FOLLOWED),
        position=reading.start(connection, now),
        why=place.why or "",
        started=now,
    )
