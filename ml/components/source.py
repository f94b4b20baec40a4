"""Kind `load`: raw rows from somewhere."""

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from ml.components.component import Component
from schemas.errors import Fault
from schemas.reading import TextReading, Written

if TYPE_CHECKING:
    import pandas as pd


class Chunk(NamedTuple):
    """The same rows three times: to predict them, to show them, and to keep them."""

    values: "pd.DataFrame"
    """As a model reads them."""
    cells: "pd.DataFrame"
    """As they stand in the source: the text of a text file, else what is stored, in its own type."""
    kept: "pd.DataFrame"
    """For an output with types: what is stored in its own type, and a text file's cells where typing changes none."""
    text: TextReading | None = None
    """How the text of `cells` is written, of a text file: its rows are then read from them, as a request's are."""


class Source(Component):
    """A data source. `label` and `read` are its own; all else has a default.

    One whose parameters have a field of type `SecretRef` is constructed
    with `(params, reveal)`, where `reveal(reference) -> str` gives the secret at the point of use.
    """

    endings: ClassVar[tuple[str, ...]] = ()
    """The endings of the files that it reads, `.csv`: a batch whose input has one of them needs no name of a source."""
    reading_keys: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """The keys that say how its rows are written, in groups that only make sense together. A batch's input of the same
    source takes them over from the experiment, each group of which it has no key of its own."""
    file_keys: ClassVar[tuple[str, ...]] = ()
    """The keys that say what stands in one file alone, by which rows are lost unnoticed where it does not stand. No
    batch takes them over; where the experiment has one and the batch does not, the run says so."""
    keys: ClassVar[tuple[str, ...]] = ()
    """Keys that only this source has, by which a block without a name is known to be its."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The data's name, which salts the split; independent of where the data lies."""

    @abstractmethod
    def read(self) -> "pd.DataFrame":
        """Return all rows. Raises ContentError when they cannot be read."""

    def read_as_written(self, missing: Mapping[str, Sequence[str]]) -> "tuple[pd.DataFrame, Written]":
        """Return all rows, and of a text file how its text is written; by default what `read` gives.

        Args:
            missing: For each column that declares them, the texts that mean that a value is missing.

        Raises:
            ContentError: When the rows cannot be read.
        """
        from ml.values.columns import without_words

        rows, gaps = without_words(self.read(), missing)
        return rows, Written(gaps=gaps)

    @classmethod
    def written_as(cls, text: TextReading, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return parameters that leave nothing open that `text` says; of what is no text file as they are."""
        return dict(params)

    def preflight(self) -> list[Fault]:
        """Return what keeps the source from being read; fault paths are relative to `data`. Reads a head at most."""
        return []

    def header(self) -> list[str] | None:
        """Return the column names without reading the rows, or None where that is impossible."""
        return None

    def looks_like_table(self) -> bool:
        """Return whether the source can be shown in messages: what is no table may hold anything, keys included."""
        return True

    def why_no_table(self) -> str:
        """Return what the source looks like instead of a table, so that it is not shown; nothing where it is one."""
        return "" if self.looks_like_table() else "does not look like a table"

    def header_elsewhere(self, wanted: Collection[str]) -> str:
        """Return where the columns `wanted` are, when the header lacks them, and which key mends it; or nothing."""
        return ""

    def fingerprint(self) -> str | None:
        """Return what changes when the rows may have changed (size, mtime, ETag), or None: never cache."""
        return None

    def chunks(self, rows: int) -> "Iterator[pd.DataFrame]":
        """Yield all rows in order, at most `rows` at a time and with equal dtypes; by default slices of `read`.

        Raises:
            ContentError: When the rows cannot be read; also after the first chunks.
        """
        table = self.read()
        for start in range(0, len(table), rows):
            yield table.iloc[start : start + rows].reset_index(drop=True)

    def chunks_as_stored(self, rows: int, known: Collection[str]) -> Iterator[Chunk]:
        """Yield what `chunks` yields, also as the source holds it, for sources that change values in reading.

        Args:
            rows: At most so many at a time.
            known: The columns of a model; others are only carried along.

        Raises:
            ContentError: When the rows cannot be read; also after the first chunks.
        """
        for frame in self.chunks(rows):
            yield Chunk(frame, frame, frame)
