"""What a count of losses says."""

from typing import Literal, NamedTuple, get_args

Reason = Literal["full", "refused", "damaged", "removed", "closed", "killed"]
"""`full`: too much waited already; `refused`: the database does not take such a row; `damaged`, `removed`: that is what
became of the journal's file; `closed`: the service ended before the journal came back; `killed`: the worker that held
it was killed before.
"""
REASONS: tuple[Reason, ...] = get_args(Reason)


class Loss(NamedTuple):
    """Requests of one version that are not in the journal; the times are those of the first and the last answer."""

    since: float
    until: float
    version: str
    requests: int
    rows: int
    reason: str
