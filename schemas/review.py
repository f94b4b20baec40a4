"""What is handed to a person, and why so much."""

from schemas.base import Strict


class ReviewRecord(Strict):
    """How the review threshold came about; shares are of the validation rows.

    `threshold` above 1: no answer is sure enough, all are handed over. None: the model gives no probabilities, and only
    what it abstains from is handed over.
    """

    max_error: float
    threshold: float | None
    rows: int
    confident_error: float | None
    handed_over: float
    why: str
