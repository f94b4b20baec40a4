"""What the jobs of a sweep gave, and their order."""

from schemas.base import Strict
from schemas.learning import LearningCurves
from schemas.summary import REUSED, Summary


class JobResult(Strict):
    """One job: the values that it does not share with the others, where it left its files, how it went.

    `metric` is what it is ranked by and `rows` the hash of the validation rows; both None when it never got that far.
    `trained_in` are the seconds that the training took where it was done, by this job or by an earlier one; `learning`
    is how a model learnt that learns by epochs.
    """

    number: int
    choices: dict[str, str]
    folder: str
    summary: Summary
    metric: str | None = None
    rows: str | None = None
    trained_in: float | None = None
    learning: LearningCurves | None = None

    @property
    def label(self) -> str:
        """What makes this job differ, as typed."""
        return " ".join(f"{key}={value}" for key, value in self.choices.items())

    @property
    def is_reused(self) -> bool:
        """Whether the model is one that an earlier job or run trained."""
        return self.summary.seconds.get("train") == REUSED

    @property
    def train_seconds(self) -> float | None:
        """Seconds that the training took where it was done; None where there was none, or nobody knows any more."""
        return self.trained_in if self.is_reused else self.summary.seconds.get("train")


class Comparison(Strict):
    """The jobs that succeeded, best first, then those that failed or were refused, in the order they ran.

    `ties` counts the jobs whose 95 % interval overlaps that of the best one.
    """

    metric: str | None
    ranked: list[JobResult]
    others: list[JobResult]
    ties: int = 0
    same_rows: bool = True
