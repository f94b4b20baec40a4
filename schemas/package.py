"""The manifest of a model package."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from schemas.base import Strict
from schemas.choice import Choice
from schemas.evaluation import Evaluation, GateVerdict, Scores
from schemas.learning import LearningCurves
from schemas.retraining import LineageRecord
from schemas.review import ReviewRecord
from schemas.rules import RuleRecord
from schemas.split_spec import Ordered

Runtime = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
"""A row of the table in `ml.runtimes.load`, which names what runs it and refuses what it does not know."""


class FileRecord(Strict):
    """Size in bytes and sha256 of one file of the package."""

    bytes: int
    sha256: str


class SplitRecord(Strict):
    """What decides which rows were test rows; two packages with equal records were tested on the same rows.

    `hashing` tells the ways of drawing a row by its content apart; 1 is that of packages that do not state it.
    """

    method: Choice
    salt: str
    test: float
    validation: float
    by: str | None = None
    hashing: int = 1

    @property
    def ordered(self) -> Ordered | None:
        """The column of timestamps with its declared form, None with another method than `time`."""
        return Ordered.of(self.method, self.by)


class DataRecord(Strict):
    """Which rows the model saw; after a split by time, `newest` is the latest timestamp among them (ISO 8601)."""

    label: str
    fingerprint: str
    rows: dict[str, int]
    split: SplitRecord
    newest: str | None = None


class Naming(Strict):
    """What a package is called and how its rows were drawn: it changes nothing of what a trainer learns."""

    model: str
    label: str
    split: SplitRecord


class Manifest(Strict):
    """Everything known of a package; written last, so that a folder with a manifest is complete.

    `retraining`: which labelled rows of a journal it was trained on, None where it was trained on those of its data.
    """

    format: Literal[1] = 1
    model: str
    runtime: Runtime
    runtime_file: str
    runtime_reason: str
    trainer: Choice
    seed: int
    data: DataRecord
    git_commit: str | None
    python: str
    libraries: dict[str, str]
    evaluation: Evaluation | None = None
    baseline: dict[str, JsonValue] | None = None
    gate: GateVerdict | None = None
    learning: LearningCurves | None = None
    review: ReviewRecord | None = None
    rules: list[RuleRecord] = []
    warnings: list[str] = []
    retraining: LineageRecord | None = None
    files: dict[str, FileRecord]


class Baseline(Strict):
    """The baseline that every training run scores too."""

    name: str
    metrics: dict[Literal["validation", "test"], Scores]


class Samples(Strict):
    """Raw rows by column, arrays as nested lists, and the trainer's own predictions for them.

    What does not fit the task is null.
    """

    cells: Mapping[str, Sequence[JsonValue]]
    codes: list[int] | None = None
    probabilities: list[list[float]] | None = None
    values: list[float] | list[list[float]] | None = None
