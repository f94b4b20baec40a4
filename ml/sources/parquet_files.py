"""The files that a path, a folder or a glob names, and what their footers declare; no row is read."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from ml.io.arrow.frames import TEXT, common_stored_type, common_type, plain_type, stored_type
from ml.io.objects.client import filesystem
from ml.io.objects.errors import told_of_url
from ml.io.text.file import change_mark, reason
from schemas.errors import ContentError, DrivetrainError, Fault, did_you_mean, listed

ENDINGS = (".parquet", ".parq", ".pq")
_INDEX = "__index_level_"
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = re.compile(r"^-?(0|[1-9][0-9]{0,17})$")


@dataclass(frozen=True)
class Part:
    """One file, and the columns that its folders name, as in `year=2024/part-0.parquet`."""

    path: str
    folders: dict[str, str]


@dataclass(frozen=True)
class Head:
    """What the footers declare: columns to read and their plain types, how many rows, and what is wrong.

    `stored` has the type of a column that the files store in another than its plain type, if they agree on it.
    """

    types: dict[str, pa.DataType] = field(default_factory=dict)
    stored: dict[str, pa.DataType] = field(default_factory=dict)
    rows: int = 0
    faults: list[Fault] = field(default_factory=list)


class Parts:
    """The files under a path in a fixed order.

    Raises:
        ContentError: If there is none, or the file system does not answer.
        StorageError: If they are on S3, which cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            self.files, path = filesystem(url)
            with self.told():
                self.parts = self._find(path)
                if not self.parts:
                    raise FileNotFoundError  # on S3 it may be the bucket that is not there
        except DrivetrainError:
            raise
        except FileNotFoundError:
            raise ContentError(f"there is no file {url}") from None
        except Exception as error:  # S3, Google and the others each raise what their clients do
            raise ContentError(f"{url} cannot be read: {reason(error)}") from None

    def told(self) -> AbstractContextManager[None]:
        """Let what S3 answers leave a block as StorageError; all else as it is."""
        return told_of_url(self._url, self.files)

    def open(self, part: Part) -> Any:
        """Return the open Parquet file. Raises ContentError, or StorageError."""
        try:
            with self.told():
                return pq.ParquetFile(part.path, filesystem=self.files)
        except DrivetrainError:
            raise
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise ContentError(f"{part.path} is not a Parquet file: {error}") from None
        except Exception as error:  # as above
            raise ContentError(f"{part.path} cannot be read: {reason(error)}") from None

    def fingerprint(self) -> str | None:
        """Return size and time or ETag, of several files a digest of them; None where the file system tells neither."""
        try:
            marks = [change_mark(self.files.info(part.path)) for part in self.parts]
        except Exception:  # as above; whoever opens the files next is told why
            return None
        if None in marks:
            return None
        if len(marks) == 1:
            return marks[0]
        lines = "\n".join(f"{part.path} {mark}" for part, mark in zip(self.parts, marks, strict=True))
        return f"{len(marks)} files {hashlib.sha256(lines.encode()).hexdigest()}"

    def _find(self, path: str) -> list[Part]:
        if self.files.isdir(path):
            found = [name for name in self.files.find(path) if not _hidden(name, path)]
            root = path
        elif any(mark in path for mark in "*?[") and not self.files.exists(path):
            found = [name for name in self.files.glob(path) if not self.files.isdir(name)]
            root = path[: min(path.find(mark) for mark in "*?[" if mark in path)].rpartition("/")[0]
        else:
            return [Part(path, {})] if self.files.exists(path) else []
        named = [name for name in found if name.endswith(ENDINGS)]
        return [Part(name, _folders(name, root)) for name in sorted(named or found)]


def read_head(parts: Parts, leave_out: list[str]) -> Head:
    """Read every file's footer. Raises ContentError for a file that has none."""
    schemas: dict[str, pa.Schema] = {}
    rows = 0
    for part in parts.parts:
        with parts.open(part) as file:
            schemas[part.path] = file.schema_arrow
            rows += file.metadata.num_rows
    faults = list(_faults(schemas, _folder_names(parts), leave_out))
    if faults:
        return Head(rows=rows, faults=faults)
    stored = next(iter(schemas.values())).names
    types = {name: common_type(_types(schemas, name)) for name in stored if _is_read(name, leave_out)}
    faults = list(_mixed(schemas, [name for name, kind in types.items() if kind is None]))
    types |= {name: kind for name, kind in _folder_types(parts).items() if name not in stored + leave_out}
    plain = {name: kind for name, kind in types.items() if kind is not None}
    if leave_out and not types:
        faults.append(Fault("leave_out", "no column is left to read"))
    return Head(plain, _stored(schemas, plain), rows, faults)


def folder_value(part: Part, name: str, kind: pa.DataType) -> pa.Scalar:
    """Return the value that a file's folders give a column."""
    text = part.folders.get(name, _NO_VALUE)
    return pa.scalar(None if text == _NO_VALUE else int(text) if kind == pa.int64() else text, kind)


def _faults(schemas: dict[str, pa.Schema], folders: list[str], leave_out: list[str]) -> Iterator[Fault]:
    path, first = next(iter(schemas.items()))
    for place, schema in schemas.items():
        if twice := [name for name, count in Counter(schema.names).items() if count > 1]:
            yield Fault("path", f"column names must be unique, but {_named(twice)} stand twice in {place}")
    known = dict.fromkeys([*(name for schema in schemas.values() for name in schema.names), *folders])
    for name in leave_out:
        if name not in known:
            there = [name for name in known if _is_read(name, [])]
            suggestion = did_you_mean(name, there)
            yield Fault("leave_out", f"there is no column {name!r}.{suggestion}", f"columns: {_named(there)}")
    wrong = {
        item.name: str(item.type)
        for schema in schemas.values()
        for item in schema
        if _is_read(item.name, leave_out) and plain_type(item.type) is None
    }
    if wrong:
        shown = ", ".join(f"{name!r} ({kind if len(kind) < 60 else kind[:57] + '…'})" for name, kind in wrong.items())
        hint = f"convert them, or do not read them: leave_out: [{', '.join(wrong)}]"
        yield Fault(
            "path",
            f"a column must hold numbers, text, dates, booleans or nested lists of numbers, but these do not: {shown}",
            hint,
        )
    for other, schema in schemas.items():
        differ = [name for name in sorted({*first.names} ^ {*schema.names}) if _is_read(name, leave_out)]
        if differ:
            what = f"{other} and {path} do not have the same columns; only one of them has {_named(differ)}"
            yield Fault("path", what, f"to go on without: leave_out: [{', '.join(differ)}]")


def _mixed(schemas: dict[str, pa.Schema], names: list[str]) -> Iterator[Fault]:
    if names:
        kinds = {name: sorted({str(schema.field(name).type) for schema in schemas.values()}) for name in names}
        shown = "; ".join(f"{name!r} is {' and '.join(found)}" for name, found in kinds.items())
        hint = f"write them alike, or do not read them: leave_out: [{', '.join(names)}]"
        yield Fault("path", f"the files do not agree on the types of columns: {shown}", hint)


def _is_read(name: str, leave_out: list[str]) -> bool:
    """Say whether a column is data: pandas writes an unnamed index, its row labels, as a column too."""
    return name not in leave_out and not name.startswith(_INDEX)


def _types(schemas: dict[str, pa.Schema], name: str) -> list[pa.DataType]:
    kinds = (plain_type(schema.field(name).type) for schema in schemas.values())
    return [kind for kind in kinds if kind is not None]


def _stored(schemas: dict[str, pa.Schema], types: dict[str, pa.DataType]) -> dict[str, pa.DataType]:
    found: dict[str, pa.DataType] = {}
    first = next(iter(schemas.values()))
    for name in [name for name in types if name in first.names and types[name] != TEXT]:
        kinds = {stored_type(schema.field(name).type) for schema in schemas.values()}
        kind = common_stored_type({kind for kind in kinds if not pa.types.is_null(kind)})
        if kind is not None and kind != types[name]:
            found[name] = kind
    return found


def _folder_types(parts: Parts) -> dict[str, pa.DataType]:
    def kind(name: str) -> pa.DataType:
        values = {part.folders.get(name, _NO_VALUE) for part in parts.parts} - {_NO_VALUE}
        return pa.int64() if values and all(map(_WHOLE.match, values)) else TEXT

    return {name: kind(name) for name in _folder_names(parts)}


def _folder_names(parts: Parts) -> list[str]:
    return list(dict.fromkeys(name for part in parts.parts for name in part.folders))


def _folders(path: str, root: str) -> dict[str, str]:
    inside = PurePosixPath(path.removeprefix(root)).parts[:-1]
    pairs = (segment.partition("=") for segment in inside if "=" in segment)
    return {unquote(name): unquote(value) for name, _, value in pairs}


def _hidden(path: str, root: str) -> bool:
    return any(segment.startswith((".", "_")) for segment in PurePosixPath(path.removeprefix(root)).parts)


def _named(names: list[str]) -> str:
    return listed([repr(name) for name in names])
