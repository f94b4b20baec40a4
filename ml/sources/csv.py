"""Source `csv`: a delimited text file, local or under any URL that fsspec knows, compressed or not."""

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from ml.components.source import Source
from ml.io.objects.check import as_fault
from ml.io.text.file import (
    HEAD_BYTES,
    SEPARATORS,
    Header,
    decode,
    fingerprint,
    read_bytes,
    read_header,
    stem,
    uncomment,
)
from ml.io.text.no_table import UNEVEN, why_no_table
from ml.io.text.surroundings import declared_separator, header_below, without_surroundings
from ml.sources.csv_params import CsvParams
from ml.values.text import normal
from schemas.column_names import composed
from schemas.errors import ContentError, Fault, StorageError
from schemas.reading import Marks, TextReading, Written

if TYPE_CHECKING:
    import pandas as pd

    from ml.components.source import Chunk

_LOOKED_AT = 20  # lines


class CsvSource(Source):
    """Rows of a delimited text file; types are read off all values, text stays text."""

    Params: ClassVar[type[BaseModel]] = CsvParams
    params: CsvParams
    endings: ClassVar[tuple[str, ...]] = (".csv", ".tsv")
    reading_keys: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("separator",),
        ("encoding",),
        ("comment",),
        ("skip_lines",),
        ("missing",),
        ("decimal", "thousands"),
    )
    file_keys: ClassVar[tuple[str, ...]] = ("skip_end",)

    @property
    def label(self) -> str:
        """The file's name without folders and endings."""
        return stem(self.params.path)

    def preflight(self) -> list[Fault]:
        """Return what is wrong with options, file and header; only the file's beginning is read."""
        faults = self._option_faults()
        if faults:
            return faults
        try:
            head, separator = self._head()
            read_header(head, separator)
        except ContentError as error:
            return [Fault(_key(str(error)), str(error))]
        except StorageError as error:
            return [as_fault("path", error)]
        if _is_one_line(head):
            return [Fault("path", f"{self.params.path} has a header but no rows")]
        return []

    def header(self) -> list[str] | None:
        """Return the column names, or None when the file cannot be read (preflight says why)."""
        if self._option_faults():
            return None
        try:
            return read_header(*self._head()).names
        except (ContentError, StorageError):
            return None

    def looks_like_table(self) -> bool:
        """Return whether the first lines have as many cells as the header, more than one, and no other form."""
        return not self.why_no_table()

    def why_no_table(self) -> str:
        """Return what the first lines look like instead of a table."""
        text, separator = self._head()
        try:
            header = read_header(text, separator)
            lines = csv.reader(io.StringIO(text, newline=""), delimiter=header.separator)
            rows = [row for row in islice(lines, 1, _LOOKED_AT) if row]
        except (ContentError, csv.Error):
            return UNEVEN
        if len(header.names) == 1 or any(len(row) != len(header.names) for row in rows):
            return UNEVEN
        return why_no_table(text, header.names)

    def header_elsewhere(self, wanted: Collection[str]) -> str:
        """Return which line seems to be the header, when another one was taken for it."""
        separators = SEPARATORS if self.params.separator == "auto" else [self.params.separator]
        above = header_below(self._head()[0], wanted, separators)
        if above is None:
            return ""
        lines = self.params.skip_lines + above
        return f"line {lines + 1} looks like the header: declare data.skip_lines: {lines}"

    def fingerprint(self) -> str | None:
        """Return size and modification time or ETag."""
        return fingerprint(self.params.path)

    def read(self) -> "pd.DataFrame":
        """Return all rows. Raises ContentError naming the rows that do not have as many cells as the header."""
        with self._opened() as (text, header):
            return self._typed(self._table(text, header), header)[0]

    def read_as_written(self, missing: Mapping[str, Sequence[str]]) -> "tuple[pd.DataFrame, Written]":
        """Return all rows, and how the file writes missing values and numbers. Raises ContentError."""
        with self._opened() as (text, header):
            return self._typed(self._table(text, header), header, missing)

    @classmethod
    def written_as(cls, text: TextReading, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters, where they leave words and marks open with those of another file."""
        given = {key: value for key, value in params.items() if value not in (None, "auto")}
        written: dict[str, Any] = {"missing": text.missing}
        if "decimal" not in given and "thousands" not in given:
            written["decimal"] = text.decimal
            if text.thousands not in (given.get("separator"), given.get("comment")):
                written["thousands"] = text.thousands
        return {**params, **written, **given}

    def chunks(self, rows: int) -> Iterator["pd.DataFrame"]:
        """Yield all rows in order, at most `rows` at a time. Raises ContentError, also after the first chunks."""
        for chunk in self.chunks_as_stored(rows, self.header() or ()):
            yield chunk.values

    def chunks_as_stored(self, rows: int, known: Collection[str]) -> Iterator["Chunk"]:
        """Yield all rows in order, at most `rows` at a time, also as the file writes them.

        The file is read twice, for types are read off all values; of neither reading more than a part is held.

        Raises:
            ContentError: If the rows cannot be read.
        """
        from ml.sources.csv_chunks import chunks, survey

        before = self.fingerprint()
        with self._streamed() as (parts, header):
            reading = survey(parts, header, self.params, known)
        with self._streamed() as (parts, header):
            yield from chunks(parts, header, reading, rows)
            if self.fingerprint() != before:
                raise ContentError("the file was changed while it was read")

    @contextmanager
    def _streamed(self) -> Iterator[tuple[Iterator[str], Header]]:
        """Give the table's text in parts, from its header on, and the header. Raises ContentError."""
        from ml.io.text.stream import table_text

        if faults := self._option_faults():
            raise ContentError("; ".join(map(str, faults)))
        given = self.params
        try:
            head, named, parts = table_text(given.path, given.encoding, given.comment, given.skip_lines, given.skip_end)
            header = read_header(head, named if given.separator == "auto" and named else given.separator)
            if _is_one_line(head):
                raise ContentError("the file has a header but no rows")
            yield parts, header
        except ContentError as error:
            raise ContentError(self._of_file(error)) from None

    def _of_file(self, error: ContentError) -> str:
        text = str(error)
        return text if self.params.path in text else f"{self.params.path}: {text}"

    @contextmanager
    def _opened(self) -> Iterator[tuple[str, Header]]:
        """Give the file's text without comments, and its header. Raises ContentError."""
        if faults := self._option_faults():
            raise ContentError("; ".join(map(str, faults)))
        raw = read_bytes(self.params.path)
        try:
            text, separator = self._table_text(decode(raw, self.params.encoding), self.params.skip_end)
            header = read_header(text, separator)
            if _is_one_line(text):
                raise ContentError("the file has a header but no rows")
            yield text, header
        except ContentError as error:
            raise ContentError(f"{self.params.path}: {error}") from None

    def _option_faults(self) -> list[Fault]:
        given = self.params
        faults = []
        if given.separator != "auto" and len(given.separator) != 1:
            faults.append(Fault("separator", f"{given.separator!r} is not one character", 'for a tab write "\\t"'))
        if given.comment is not None and (len(given.comment) != 1 or given.comment in '\r\n"'):
            faults.append(Fault("comment", f"{given.comment!r} is not one character", 'for example "#"'))
        marks = {
            "comment": given.comment,
            "separator": given.separator,
            "decimal": given.decimal,
            "thousands": given.thousands,
        }
        for first, second in (("separator", "thousands"), ("decimal", "thousands"), ("separator", "comment")):
            if marks[first] is not None and marks[first] == marks[second]:
                faults.append(Fault(second, f"{marks[second]!r} is the {first} already"))
        return faults

    def _head(self) -> tuple[str, str]:
        raw = read_bytes(self.params.path, HEAD_BYTES)
        return self._table_text(decode(raw, self.params.encoding, whole=len(raw) < HEAD_BYTES), 0)

    def _table_text(self, text: str, below: int) -> tuple[str, str]:
        """Return the text of the table alone, `below` lines less at its end, and the separator or auto."""
        given = self.params.separator
        text, named = declared_separator(text)
        text = without_surroundings(uncomment(text, self.params.comment), self.params.skip_lines, below)
        return text.lstrip("\r\n "), named if given == "auto" and named else given

    def _typed(
        self, table: Any, header: Header, declared: Mapping[str, Sequence[str]] | None = None
    ) -> "tuple[pd.DataFrame, Written]":
        import pandas as pd
        import pyarrow as pa
        import pyarrow.compute as pc

        from ml.io.text.number_format import find_number_format
        from ml.io.text.types import composed_text, typed
        from ml.values.columns import without

        words = dict.fromkeys([*self.params.missing, ""])
        columns, gaps = {}, {}
        lists = {}
        for raw, column in zip(header.names, table.columns, strict=True):
            name = composed(raw)
            own = None if declared is None else declared.get(name)
            missing = lists[name] = words if own is None else dict.fromkeys([*own, ""])
            text = composed_text(pc.utf8_trim_whitespace(column))
            gone = pc.is_in(text, pa.array([normal(word) for word in missing]))
            gaps[name] = {one["values"]: one["counts"] for one in pc.value_counts(text.filter(gone)).to_pylist()}
            columns[name] = pc.if_else(gone, pa.scalar(None, pa.string()), text)
        found = find_number_format(columns, self.params.decimal, self.params.thousands, header.separator)
        values = pd.DataFrame({name: typed(column, found) for name, column in columns.items()})
        for name, missing in lists.items():
            if any(map(_has_digit, missing)):
                values[name], numbers = without(values[name], missing, Marks(found.decimal, found.thousands))
                gaps[name] = {**gaps[name], **numbers}
        values = values.set_axis(header.names, axis="columns")
        written = TextReading(missing=list(words), decimal=found.decimal, thousands=found.thousands)
        return values, Written(text=written, gaps={name: found for name, found in gaps.items() if found})

    def _table(self, text: str, header: Header) -> Any:
        """Return the cells as the text that stands there. Raises ContentError."""
        import pyarrow as pa
        import pyarrow.csv as arrow_csv

        from ml.sources.csv_chunks import Ragged, arrow_options, unreadable

        ragged = Ragged()
        try:
            table = arrow_csv.read_csv(io.BytesIO(text.encode()), **arrow_options(header, ragged))
        except pa.ArrowInvalid as error:
            raise unreadable(error) from None
        ragged.refuse(header)
        if table.num_rows < 2:
            raise ContentError("the file has a header but no rows")
        return table.slice(1)


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _key(message: str) -> str:
    """Return the key that a fault of the file's beginning is about."""
    if "data.comment" in message:
        return "comment"
    return "encoding" if "data.encoding" in message or "is not an encoding" in message else "path"


def _is_one_line(text: str) -> bool:
    """Say whether a text has nothing but blanks after its first line; a long one is taken to have more."""
    return len(text) < HEAD_BYTES // 4 and len(text.strip().splitlines()) == 1
