"""What is routed to review, and why so much."""

from schemas.base import Strict


class ReviewRecord(Strict):
    """How the review threshold came about; shares are of the validation rows.

    `threshold` above 1: no prediction is sure enough, all are routed to review. None: the model gives no probabilities,
    and only what it abstains from is routed to review. `confident_error` is the error among the others, and
    `error_bound` what it is at most, with 90 % confidence.
    """

    max_error: float
    threshold: float | None
    rows: int
    confident_error: float | None
    error_bound: float | None = None
    handed_over: float
    why: str

    @property
    def keeps_its_promise(self) -> bool:
        """Whether what is not routed to review is wrong as seldom as declared, as far as the validation rows show."""
        return self.threshold is not None or (self.error_bound is not None and self.error_bound <= self.max_error)
