"""The thresholds by which a version decides, where an operator has moved them."""

from pydantic import Field

from schemas.base import Strict


class Thresholds(Strict):
    """What takes the place of a package's own thresholds; None: that of the package.

    `review`: predictions whose largest probability is below it are routed to review. `decision`: of two classes the
    second one is chosen where its probability reaches it.
    """

    review: float | None = Field(default=None, ge=0, le=1)
    decision: float | None = Field(default=None, ge=0, le=1)

    @property
    def text(self) -> str:
        """Those that are given, for a person."""
        given = {"review": self.review, "decision": self.decision}
        return ", ".join(f"{name} {value:g}" for name, value in given.items() if value is not None)


class Moved(Thresholds):
    """Thresholds that an operator moved: since when, who did it, and why."""

    since: str
    who: str
    why: str | None = None

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds alone."""
        return Thresholds(review=self.review, decision=self.decision)
