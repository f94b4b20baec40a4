"""What the journal is told of requests of which rows got no prediction: with it, versions that answer are compared."""

import asyncio
import time
from collections.abc import Collection

from ml.rollouts.observations import REFUSED, is_failure
from schemas.deploy_spec import DeploySpec
from serving.http.errors import HttpError, RefusedByAll
from serving.http.question import Question
from serving.http.reading import GoOn
from serving.http.work import NoAnswer, NoValidRow, Work, read
from serving.journal.insertion import Unanswered
from serving.releases.loaded_version import Version

_LATE, _BROKEN = 504, 500
_UNAVAILABLE = 503  # a lookup does not answer


class Untold(Exception):
    """What the other version would take is not known: it is too late, or a lookup of its does not answer."""


def failed(
    request_id: str, version: str, share: float | None, error: BaseException, took: float, is_late: bool
) -> Unanswered | None:
    """Return a request that ended with an error after `took` seconds; None where that says nothing of a version.

    `is_late`: its deadline is over.
    """
    status = _status(error, is_late=is_late)
    if status not in REFUSED and not is_failure(status):
        return None
    rows = len(error.errors) if isinstance(error, NoValidRow) else 0
    return Unanswered(request_id, time.time() - took, version, share, status, rows, took)


def refused(request_id: str, version: str, share: float | None, done: Work, took: float) -> Unanswered:
    """Return a request of which some rows were refused, and others predicted."""
    return Unanswered(request_id, time.time() - took, version, share, 200, len(done.checked.errors), took)


def may_be_shared(error: BaseException) -> bool:
    """Say whether an error is a refusal before anything was predicted, so that another version might refuse it, too."""
    return isinstance(error, HttpError) and error.status in REFUSED and not isinstance(error, NoAnswer)


def is_no_difference(error: BaseException, *versions: Version) -> bool:
    """Say whether all versions refuse a body alike, so that none need read it once more.

    Those that take arrays do not read what lies in a row that is too large.
    """
    return isinstance(error, RefusedByAll) and not any(one.model.signature.arrays for one in versions)


def refused_alone(
    row: Unanswered, places: Collection[int] | None, other: Version, question: Question, spec: DeploySpec, go_on: GoOn
) -> Unanswered | None:
    """Return what a request says of the version that refused it, or some of its rows; None where that is nothing.

    What the other version refuses, too, such as a body that is no JSON, is no difference of theirs: clients who send
    enough of it would hide one. That does not depend on which of the two was asked, or leaving it out would be unfair
    to one. Of a request of which rows were predicted something is returned in any case: without it nobody knows that it
    was read by both.

    Args:
        row: What would be journalled of the request.
        places: The rows that were refused; None: all of it.
        other: The version that was not asked; it reads the request, and predicts nothing.
        question: The request.
        spec: The service's limits.
        go_on: Raises HttpError, 504, where the time for it is over.

    Raises:
        Untold: If the other version does not come to an end of it.
    """
    try:
        rows = read(other, question, spec, go_on)
    except HttpError as error:
        if error.status in (_LATE, _UNAVAILABLE):
            raise Untold from error
        if error.status not in REFUSED:
            return row
        return None if places is None else row._replace(rows=0)
    except Exception:  # a defect of the version, which its own requests tell of
        return row
    if places is None:
        return row
    return row._replace(rows=sum(place not in rows.checked.errors for place in places))


def _status(error: BaseException, *, is_late: bool) -> int:
    """Return the status that the client gets; 0 where a service that ends gives up a request."""
    if isinstance(error, HttpError):
        return error.status
    if isinstance(error, asyncio.CancelledError):
        return _LATE if is_late else 0
    return _BROKEN if isinstance(error, Exception) else 0
