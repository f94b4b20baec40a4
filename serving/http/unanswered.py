"""What the journal is told of requests of which rows got no prediction: with it, versions that answer are compared."""

import asyncio
import time

from ml.rollouts.observations import REFUSED, is_failure
from schemas.deploy_spec import DeploySpec
from serving.http.deadline import going_on
from serving.http.errors import HttpError
from serving.http.question import Question
from serving.http.work import NonePredicted, NoValidRow, Work, read
from serving.journal.insertion import Unanswered
from serving.releases.loaded_version import Version

_LATE, _BROKEN, _MALFORMED = 504, 500, 400


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


def is_refusal(error: BaseException) -> bool:
    """Say whether an error may be one of what was sent, which another version might take."""
    return isinstance(error, HttpError) and error.status in REFUSED


def refused_by_both(
    error: BaseException, version: Version, other: Version, question: Question, spec: DeploySpec
) -> bool:
    """Say whether the version that was asked and the other one refuse a request, before they predict anything.

    That, such as a body that is no JSON, is no difference of theirs and no observation: clients who send enough of it
    would hide one. It does not depend on which of the two was asked, or leaving it out would be unfair to one.

    Args:
        error: With which the one that was asked ended.
        version: The one that was asked.
        other: The one that it is compared with.
        question: The request.
        spec: The service's limits.
    """
    if not is_refusal(error) or not _refuses(other, question, spec):
        return False
    before_predicting = isinstance(error, NonePredicted) or _status(error, is_late=False) == _MALFORMED
    return before_predicting or _refuses(version, question, spec)


def _refuses(version: Version, question: Question, spec: DeploySpec) -> bool:
    try:
        read(version, question, spec, going_on(spec.deadline, time.perf_counter()))
    except HttpError as error:
        return is_refusal(error)
    except Exception:  # a defect of the version, which its own requests tell of
        return False
    return False


def _status(error: BaseException, *, is_late: bool) -> int:
    """Return the status that the client gets; 0 where a service that ends gives up a request."""
    if isinstance(error, HttpError):
        return error.status
    if isinstance(error, asyncio.CancelledError):
        return _LATE if is_late else 0
    return _BROKEN if isinstance(error, Exception) else 0
