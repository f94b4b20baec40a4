"""A delimited text file in chunks: read once to see what all its values are, and once more to give them.

Both readings hold a block of the file at a time. What they give is what reading it whole gives, cut into chunks.
"""

import io
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from ml.components.source import Chunk
from ml.io.arrow.frames import TEXT, frame
from ml.io.text.file import Header
from ml.io.text.lossless import ColumnFacts
from ml.io.text.number_format import Evidence, NumberFormat, candidates, format_by
from ml.io.text.types import Kind, composed_text, converted
from ml.sources.csv_params import CsvParams
from ml.values.columns import without
from ml.values.text import normal
from schemas.errors import ContentError
from schemas.reading import Marks, TextReading

_SHOWN = 5
_BLOCK = 1 << 20  # bytes that are parsed at once: no row may be longer
NO_ROWS = "the file has a header but no rows"


class Ragged:
    """The rows that have not as many cells as the header: how many, and the first."""

    def __init__(self) -> None:
        self._count = 0
        self._first: list[str] = []

    def note(self, row: Any) -> str:
        """Take one of them, which the parser skips."""
        self._count += 1
        if self._count <= _SHOWN:
            self._first.append(f"row {row.number} has {row.actual_columns} ({row.text[:60]!r})")
        return "skip"

    def refuse(self, header: Header) -> None:
        """Raise ContentError naming them if there are any."""
        if not self._count:
            return
        more = f"; and {self._count - _SHOWN} more" if self._count > _SHOWN else ""
        raise ContentError(
            f"the header has {len(header.raw)} columns, but {'; '.join(self._first)}{more}. Quote cells that hold the "
            f"separator {header.separator!r}, or declare data.separator; or data.skip_lines where titles stand above "
            "the header, data.skip_end where a total stands below the rows"
        )


def arrow_options(header: Header, ragged: Ragged) -> dict[str, Any]:
    """Return how Arrow reads cells as the text that stands there."""
    return {
        # Row numbers need one thread; names that Arrow makes up cannot differ from those in `column_types`.
        "read_options": arrow_csv.ReadOptions(use_threads=False, autogenerate_column_names=True, block_size=_BLOCK),
        "parse_options": arrow_csv.ParseOptions(
            delimiter=header.separator, newlines_in_values=True, invalid_row_handler=ragged.note
        ),
        "convert_options": arrow_csv.ConvertOptions(
            column_types={f"f{place}": pa.string() for place in range(len(header.raw))}, strings_can_be_null=False
        ),
    }


def unreadable(error: pa.ArrowInvalid) -> ContentError:
    """Return what is said of a text that the parser does not take."""
    return ContentError(f"the file cannot be read as delimited text: {error}")


def batches(parts: Iterable[str], header: Header) -> Iterator[pa.RecordBatch]:
    """Yield the rows below the header as text, some at a time.

    Raises:
        ContentError: If they cannot be read, also after the first; of rows of another length at the end, all at once.
    """
    ragged, rows = Ragged(), 0
    try:
        with arrow_csv.open_csv(_Text(parts), **arrow_options(header, ragged)) as reader:
            for batch in reader:
                below = batch if rows else batch.slice(1)
                rows += batch.num_rows
                if below.num_rows:
                    yield below
    except pa.ArrowInvalid as error:
        raise unreadable(error) from None
    ragged.refuse(header)
    if rows < 2:
        raise ContentError(NO_ROWS)


def trimmed(column: Any, missing: Collection[str]) -> Any:
    """Return cells without blanks at their ends, letters composed, null where they say that a value is missing."""
    text = composed_text(pc.utf8_trim_whitespace(column))
    gone = pc.is_in(text, pa.array([normal(word) for word in missing], pa.string()))
    return pc.if_else(gone, pa.scalar(None, pa.string()), text)


@dataclass(frozen=True)
class Reading:
    """How the file's columns are read, by the names of the header: what all their values decide."""

    text: TextReading
    number_format: NumberFormat
    kinds: list[Kind]
    gaps: list[bool]
    are_typed: list[bool]
    rows: int


def survey(parts: Iterable[str], header: Header, params: CsvParams, known: Collection[str]) -> Reading:
    """Read a file once to see what its values are. Raises ContentError.

    Args:
        parts: Its text, from the header on.
        header: The header.
        params: What is declared.
        known: Columns whose typed reading is meant; others are kept as text where typing would change them.
    """
    words = list(dict.fromkeys([*params.missing, ""]))
    formats = candidates(params.decimal, params.thousands)
    facts = [[ColumnFacts(one, words, is_known=name in known) for name in header.names] for one in formats]
    evidence = [Evidence(params.thousands) for _ in header.names] if len(formats) > 1 else []
    rows = 0
    for batch in batches(parts, header):
        rows += batch.num_rows
        for place, cells in enumerate(map(_chunked, batch.columns)):
            text = trimmed(cells, words)
            if evidence:
                evidence[place].add(text)
            for columns in facts:
                columns[place].add(text, cells)
    found = formats[0]
    if evidence:
        found = format_by(dict(zip(header.names, evidence, strict=True)), params.thousands, header.separator)
    own = facts[formats.index(found)]
    return Reading(
        text=TextReading(missing=words, decimal=found.decimal, thousands=found.thousands),
        number_format=found,
        kinds=[one.kind for one in own],
        gaps=[one.gaps for one in own],
        are_typed=[one.is_typed for one in own],
        rows=rows,
    )


def chunks(parts: Iterable[str], header: Header, reading: Reading, rows: int) -> Iterator[Chunk]:
    """Yield a file's rows, `rows` at a time, as a survey of it found. Raises ContentError if it has changed since."""
    given = 0
    for table in _sized(batches(parts, header), rows):
        given += table.num_rows
        try:
            yield _chunk(table, header, reading)
        except (pa.ArrowInvalid, ValueError) as error:
            raise ContentError(f"the file was changed while it was read: {error}") from None
    if given != reading.rows:
        raise ContentError(f"the file was changed while it was read: it had {reading.rows:,} rows, and {given:,} later")


def _sized(found: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Yield tables of so many rows each, fewer in the last one."""
    waiting, count = list[pa.RecordBatch](), 0
    for batch in found:
        start = 0
        while count + batch.num_rows - start >= rows:
            end = start + rows - count
            yield pa.Table.from_batches([*waiting, batch.slice(start, end - start)])
            waiting, count, start = [], 0, end
        if start < batch.num_rows:
            waiting.append(batch.slice(start))
            count += batch.num_rows - start
    if waiting:
        yield pa.Table.from_batches(waiting)


def _chunk(table: pa.Table, header: Header, reading: Reading) -> Chunk:
    columns = dict(zip(header.names, table.columns, strict=True))
    values = pd.DataFrame(
        {name: _values(column, reading, place) for place, (name, column) in enumerate(columns.items())}
    )
    cells = frame({name: column.cast(TEXT) for name, column in columns.items()}, gaps=False)
    kept = {
        name: values[name] if is_typed else cells[name].where(cells[name] != "")
        for name, is_typed in zip(header.names, reading.are_typed, strict=True)
    }
    return Chunk(values, cells, pd.DataFrame(kept), reading.text)


def _values(column: pa.ChunkedArray, reading: Reading, place: int) -> pd.Series:
    text = trimmed(column, reading.text.missing)
    series = converted(text, reading.kinds[place], reading.number_format, gaps=reading.gaps[place])
    if not any(any(map(str.isdigit, word)) for word in reading.text.missing):
        return series
    return without(series, reading.text.missing, Marks(reading.text.decimal, reading.text.thousands))[0]


def _chunked(column: pa.Array) -> pa.ChunkedArray:
    return pa.chunked_array([column])


class _Text(io.RawIOBase):
    """Parts of a text as the file of UTF-8 that Arrow reads."""

    def __init__(self, parts: Iterable[str]) -> None:
        self._parts = iter(parts)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        held = [self._rest]
        count = len(self._rest)
        while count < size or size < 0:
            part = next(self._parts, None)
            if part is None:
                break
            held.append(part.encode())
            count += len(held[-1])
        whole = b"".join(held)
        end = len(whole) if size < 0 else size
        self._rest = whole[end:]
        return whole[:end]
