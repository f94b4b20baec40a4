"""What the journal is told of requests of which rows got no prediction: with it, versions that answer are compared."""

import asyncio
import time

from ml.rollouts.observations import is_failure
from serving.http.errors import HttpError
from serving.http.work import NoValidRow, Work
from serving.journal.insertion import Unanswered

_REFUSED = frozenset({400, 413, 422})
"""What a version may refuse that another takes: tensors that are not its columns, too large an answer, values.

What every version refuses, such as a body that is no JSON, is the same for both, and no difference of theirs.
"""
_LATE, _BROKEN = 504, 500


def failed(
    request_id: str, version: str, share: float | None, error: BaseException, took: float, is_late: bool
) -> Unanswered | None:
    """Return a request that ended with an error after `took` seconds; None where that says nothing of a version.

    `is_late`: its deadline is over.
    """
    status = _status(error, is_late=is_late)
    if status not in _REFUSED and not is_failure(status):
        return None
    rows = len(error.errors) if isinstance(error, NoValidRow) else 0
    return Unanswered(request_id, time.time() - took, version, share, status, rows, took)


def refused(request_id: str, version: str, share: float | None, done: Work, took: float) -> Unanswered:
    """Return a request of which some rows were refused, and others predicted."""
    return Unanswered(request_id, time.time() - took, version, share, 200, len(done.checked.errors), took)


def _status(error: BaseException, *, is_late: bool) -> int:
    """Return the status that the client gets; 0 where a service that ends gives up a request."""
    if isinstance(error, HttpError):
        return error.status
    if isinstance(error, asyncio.CancelledError):
        return _LATE if is_late else 0
    return _BROKEN if isinstance(error, Exception) else 0
