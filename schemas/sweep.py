"""What the jobs of a sweep gave, and their order."""

from schemas.base import Strict
from schemas.summary import Summary


class JobResult(Strict):
    """One job: the values that it does not share with the others, where it left its files, how it went.

    `metric` is what it is ranked by and `rows` the hash of the validation rows; both None when it never got that far.
    """

    number: int
    choices: dict[str, str]
    folder: str
    summary: Summary
    metric: str | None = None
    rows: str | None = None

    @property
    def label(self) -> str:
        """What makes this job differ, as typed."""
        return " ".join(f"{key}={value}" for key, value in self.choices.items())

    @property
    def train_seconds(self) -> float:
        """Seconds that the training took, 0 where it was reused: what jobs share is nobody's own time."""
        return self.summary.seconds.get("train", 0.0)


class Comparison(Strict):
    """The jobs that succeeded, best first, then those that failed or were refused, in the order they ran.

    `ties` counts the jobs whose 95 % interval overlaps that of the best one.
    """

    metric: str | None
    ranked: list[JobResult]
    others: list[JobResult]
    ties: int = 0
    same_rows: bool = True
