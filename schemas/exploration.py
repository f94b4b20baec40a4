"""What `pipeline=explore` finds in the training rows: plain values, as the page shows them."""

from typing import Literal

from schemas.base import Name, Strict, Task
from schemas.choice import Choice
from schemas.column_types import ColumnType
from schemas.data_spec import DataSpec
from schemas.evaluation import CheckState
from schemas.run import ReviewSpec
from schemas.split_spec import SplitSpec


class Declaration(Strict):
    """What the explored experiment declares itself; the suggested one declares it again."""

    name: Name
    data: DataSpec
    split: SplitSpec
    metric: str = "auto"
    baseline: Choice = Choice(name="auto")
    review: ReviewSpec | None = None


class Outcome(Strict):
    """One data check: what it asks, and how it went in figures. Cells are never quoted: it saw all rows."""

    name: str
    column: str | None
    state: CheckState
    text: str


class Bars(Strict):
    """How often values occur: a count between each two `edges` (one more than counts), or for each of `labels`.

    Edges of dates are days since 1970. `others` rows hold values that are not listed; `clipped`: the outer bars also
    hold what lies beyond the edges.
    """

    kind: Literal["numbers", "dates", "labels"]
    counts: list[int]
    edges: list[float] = []
    labels: list[str] = []
    others: int = 0
    clipped: bool = False


class Numbers(Strict):
    """The five-number summary of a column's numbers with mean and standard deviation (population)."""

    minimum: float
    quarter: float
    median: float
    three_quarters: float
    maximum: float
    mean: float
    deviation: float


class Span(Strict):
    """The first, middle and last timestamp of a column of dates, ISO 8601."""

    first: str
    middle: str
    last: str


class Group(Strict):
    """Rows that are alike in one column, and the target among them.

    `shares` are those of the listed classes, then of all others; `mean` and the quartiles `low` and `high` are those
    of a target that is a number.
    """

    label: str
    rows: int
    missing: bool = False
    shares: list[float] = []
    mean: float | None = None
    low: float | None = None
    high: float | None = None


class ColumnView(Strict):
    """One column of the training rows; `association` is between 0 and 1, None where it is undefined."""

    name: str
    type: ColumnType | Literal["drop"]
    declared: bool
    why: str
    unit: str | None = None
    missing: int
    distinct: int
    numbers: Numbers | None = None
    span: Span | None = None
    bars: Bars | None = None
    association: float | None = None
    groups: list[Group] = []


class WordShare(Strict):
    """A word, and the share of the texts that have it: of a group of rows, and of all others."""

    word: str
    share: float
    elsewhere: float


class WordGroup(Strict):
    """The words by which a class, or an end of the target's values, is told best; the surest first."""

    label: str
    words: list[WordShare]


class TextWords(Strict):
    """One column of free text: how many texts were looked at, how many words come in a few of them, what they tell.

    `left_out`: how many of the rarest classes are not among the groups.
    """

    column: str
    texts: int
    words: int
    groups: list[WordGroup]
    left_out: int = 0


class Pair(Strict):
    """Two columns and their correlation, between -1 and 1."""

    first: str
    second: str
    value: float


class Correlations(Strict):
    """Rank correlations of the columns of numbers: `lower[i][j]` for j < i, None where it is undefined.

    `left_out` columns of numbers were too many to be compared.
    """

    names: list[str]
    lower: list[list[float | None]]
    strongest: list[Pair]
    left_out: int = 0


class Pattern(Strict):
    """A set of columns that are missing in the same rows, and in how many."""

    columns: list[str]
    rows: int


class Gaps(Strict):
    """Missing values: cells, rows with any, the most frequent patterns, and columns that are missing together.

    A pair's value is the Jaccard index of the rows in which the two are missing; `left_out` columns with gaps were too
    many to be compared.
    """

    cells: int
    rows: int
    patterns: list[Pattern]
    missing_together: list[Pair]
    left_out: int = 0


class Repeats(Strict):
    """Rows that repeat an earlier one, and rows equal in every input to one with another target."""

    rows: int
    contradicting: int


class Exploration(Strict):
    """One exploration of the training rows."""

    name: str
    source: str
    sets: dict[Literal["train", "validation", "test"], int]
    table_rows: int
    target: str
    task: Task
    why: str
    unit: str | None
    classes: list[str]
    target_bars: Bars
    target_numbers: Numbers | None
    outcomes: list[Outcome]
    columns: list[ColumnView]
    measure: str
    words: list[TextWords] = []
    correlations: Correlations
    gaps: Gaps
    repeats: Repeats
    suggestion: str
