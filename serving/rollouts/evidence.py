"""Rows of the journal as observations of two versions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, Select, and_, literal, select

from ml.rollouts.observations import NEW, OLD, REFUSED, Observations, is_failure
from schemas.rollout_state import Measure
from serving.journal.exploded import Record, by_place
from serving.journal.schema import labels, requests, shadows, unanswered
from serving.journal.trouble import Unreadable
from serving.rollouts import reading
from serving.rollouts.measure import as_decided, binned, count_of_bins, loss
from serving.rollouts.reading import Found, is_first
from serving.rollouts.record import Rollout

_AT_ONCE = 200  # numbers in one statement
_LATE = 504
Answers = dict[int, Record]


class Outcome(NamedTuple):
    """What a version did with a request: `total` are its rows less those that both versions refuse."""

    status: int
    answers: Answers
    total: int
    latency: float


@dataclass
class _Seen:
    """One observation: what each version did, or the loss of each."""

    found: Found
    share: float
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    losses: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """Observations in order, and the row that each was read from; some rows are no observation."""

    observations: Observations
    rows: list[Found]


def evidence(connection: Connection, rollout: Rollout, found: Sequence[Found], by_key: bool) -> Evidence:
    """Return what rows of the journal say; what is not what was written says nothing."""
    seen: dict[Found, _Seen] = {}
    for rank, read in ((reading.REQUESTS, _requests), (reading.UNANSWERED, _unanswered), (reading.SHADOWS, _shadows)):
        for part in _parts([one for one in found if one.rank == rank]):
            seen |= {one.found: one for one in read(connection, rollout, part)}
    for part in _parts([one for one in found if one.rank == reading.LABELS]):
        seen |= {one.found: one for one in _labels(connection, rollout, part, by_key)}
    ordered = [seen[one] for one in sorted(seen)]
    return Evidence(_observations(rollout.measure, ordered), [one.found for one in ordered])


def _parts(found: Sequence[Found]) -> Iterator[dict[int, Found]]:
    for start in range(0, len(found), _AT_ONCE):
        yield {one.id: one for one in found[start : start + _AT_ONCE]}


def _requests(connection: Connection, rollout: Rollout, part: dict[int, Found]) -> Iterator[_Seen]:
    c, u = requests.c, unanswered.c
    query = select(c.id, c.version, c.share, c.rows, c.places, c.answers, c.latency, u.status, u.rows)
    query = query.select_from(requests.outerjoin(unanswered, u.request_id == c.request_id)).where(c.id.in_(part))
    for number, version, share, rows, places, text, latency, status, refused in connection.execute(query):
        answers = _answers(rollout, version, rows, places, text)
        if status is None and places is not None:
            continue  # the other version did not read in time which of its rows both refuse
        if answers is not None and status in (None, 200):  # else it was answered too late, which is a row of its own
            yield _Seen(part[number], share, {_which(rollout, version): _answered(answers, refused, latency)})


def _unanswered(connection: Connection, rollout: Rollout, part: dict[int, Found]) -> Iterator[_Seen]:
    u = unanswered.c
    query = select(u.id, u.version, u.share, u.status, u.rows, u.latency).where(u.id.in_(part))
    for number, version, share, status, rows, latency in connection.execute(query):
        yield _Seen(part[number], share, {_which(rollout, version): Outcome(status, {}, rows, latency)})


def _shadows(connection: Connection, rollout: Rollout, part: dict[int, Found]) -> Iterator[_Seen]:
    s, c, u = shadows.c, requests.c, unanswered.c
    there = shadows.outerjoin(requests, c.request_id == s.request_id)
    there = there.outerjoin(unanswered, u.request_id == s.request_id)
    query = select(
        *(s.id, s.status, s.rows, s.places, s.answers),
        *(c.version, c.rows, c.places, c.answers),
        *(u.version.label("other"), u.status.label("failure"), u.rows.label("refused")),
    ).select_from(there).where(s.id.in_(part))  # fmt: skip
    for row in connection.execute(query):
        old = _of_old(rollout, row[5:])
        new = _answers(rollout, rollout.candidate, *row[2:5]) if row[1] == 200 else {}
        if old is None or new is None or (old.status in REFUSED and row[1] in REFUSED):
            continue  # what both refuse is no difference
        total = len(old.answers.keys() | new.keys())  # nor are rows without any answer
        outcomes = {OLD: old._replace(total=total), NEW: Outcome(row[1], new, total, np.nan)}
        yield _Seen(part[row[0]], 0.0, outcomes)


def _of_old(rollout: Rollout, row: Sequence[Any]) -> Outcome | None:
    """Return what the old version did with a request that a shadow followed, None where that is not known."""
    version, rows, places, text, other, status, refused = row
    if status not in (None, 200):
        return Outcome(status, {}, refused, np.nan) if other == rollout.old else None
    answers = _answers(rollout, version, rows, places, text) if version == rollout.old else None
    return None if answers is None else _answered(answers, refused, np.nan)


def _labels(connection: Connection, rollout: Rollout, part: dict[int, Found], by_key: bool) -> Iterator[_Seen]:
    """Yield the first label of each request: once a label was seen, where the request was sent is no secret."""
    split_by = reading.shares(rollout)
    for row in connection.execute(_labelled(rollout, part, by_key)):
        found = part[row.id]
        is_split = row.share in split_by and row.version in (rollout.old, rollout.candidate) and row.is_first
        answers = {_which(rollout, row.version): _answers(rollout, row.version, row.rows, row.places, row.answers)}
        if not is_split and row.version == rollout.old and row.shadow_status == 200:
            answers[NEW] = _answers(rollout, rollout.candidate, row.shadow_rows, row.shadow_places, row.shadow_answers)
        elif not is_split:
            continue
        losses = {which: _loss(rollout.measure, given, row.row, row.label) for which, given in answers.items()}
        known = {which: one for which, one in losses.items() if one is not None}
        if len(known) == len(losses):
            yield _Seen(found, row.share if is_split else 0.0, {}, known)


def _labelled(rollout: Rollout, part: dict[int, Found], by_key: bool) -> Select[Any]:
    own, c, s, earlier = labels.c, requests.c, shadows.c, labels.alias()
    mine = and_(
        s.request_id == own.request_id, s.version == rollout.candidate, s.id > rollout.position.first[shadows.name]
    )
    since = and_(c.request_id == own.request_id, c.id > rollout.position.first[requests.name])
    is_later = select(literal(1)).where(earlier.c.request_id == own.request_id, earlier.c.id < own.id).exists()
    return select(
        *(own.id, own.row, own.label, c.version, c.share, c.rows, c.places, c.answers),
        (is_first(requests) if by_key else literal(True)).label("is_first"),
        *(s.status.label("shadow_status"), s.rows.label("shadow_rows")),
        *(s.places.label("shadow_places"), s.answers.label("shadow_answers")),
    ).select_from(labels.join(requests, since).outerjoin(shadows, mine)).where(
        own.id.in_(part), ~is_later, c.time - c.latency >= rollout.started + reading.FOLLOWED
    )  # fmt: skip


def _which(rollout: Rollout, version: str) -> int:
    return NEW if version == rollout.candidate else OLD


def _answers(rollout: Rollout, version: str, rows: int, places: str | None, text: str) -> Answers | None:
    try:
        found = by_place(rows, places, text)
    except (Unreadable, ValueError):
        return None
    output = rollout.measure.outputs[_which(rollout, version)]
    return found if output is None else dict(zip(found, as_decided(output, list(found.values())), strict=True))


def _answered(answers: Answers, refused: int | None, latency: float) -> Outcome:
    return Outcome(200, answers, len(answers) + (refused or 0), latency)


def _loss(measure: Measure, answers: Answers | None, row: int, label: str) -> float | None:
    record = None if answers is None else answers.get(row)
    return None if record is None else loss(measure, record, label)


def _observations(measure: Measure, seen: list[_Seen]) -> Observations:
    n = len(seen)
    columns = {name: np.full((n, 2), np.nan) for name in ("failed", "latency", "invalid", "loss")}
    bins = np.full((n, 2, count_of_bins(measure)), np.nan)
    for version in (OLD, NEW):
        told = [(place, one.outcomes[version]) for place, one in enumerate(seen) if version in one.outcomes]
        places = [place for place, _ in told]
        if told:
            answers = [list(outcome.answers.values()) for _, outcome in told]
            bins[places, version] = binned(measure, answers, [outcome.total for _, outcome in told])
        for place, outcome in told:
            columns["failed"][place, version] = is_failure(outcome.status)
            columns["invalid"][place, version] = _invalid(outcome)
            is_late = outcome.status == _LATE and not np.isnan(outcome.latency)
            columns["latency"][place, version] = np.inf if is_late else outcome.latency
        for place, one in enumerate(seen):
            columns["loss"][place, version] = one.losses.get(version, np.nan)
    times, shares = [one.found.time for one in seen], [one.share for one in seen]
    return Observations(np.array(times), np.array(shares), bins=bins, **columns)


def _invalid(outcome: Outcome) -> float:
    """Return the share of rows without a valid prediction; of a request that failed, `failed` says enough."""
    if outcome.status != 200:
        return float(not is_failure(outcome.status))
    return 1 - len(outcome.answers) / max(outcome.total, 1)
