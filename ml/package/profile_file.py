"""The file of a profile: our own container, read without any library but those of the service.

    bytes 0-7     b"DTPROFIL"
    8-9           version of the format, 1; all integers are little-endian and unsigned
    10-15         zero
    16-19         length of the header
    20-27         length of the sketches
    then          the header: JSON, one `ColumnRecord` a column; the sketches, one behind the other, as it has them
    last 32       SHA-256 of all before

What each sketch holds: `ml/monitoring/sketches/`, and ADR 49. A file is taken whole or refused: nothing in it is
guessed, and a length is believed only where the bytes are there.
"""

import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from schemas.base import Strict
from schemas.column_types import ScalarType
from schemas.errors import PackageError

MAGIC = b"DTPROFIL"
VERSION = 1
MOST_COLUMNS = 100_000
MOST_SKETCH = 1 << 20
"""Bytes of one sketch; the largest that is written, of 768 labels of 128 characters, takes half of it."""
MOST_BYTES = 1 << 30

Role = Literal["input", "prediction"]
SketchName = Literal["quantiles", "labels", "distinct", "sample"]
SKETCHES: tuple[SketchName, ...] = ("quantiles", "labels", "distinct", "sample")
_HEAD = struct.Struct("<8sH6sIQ")
_DIGEST = 32
_Count = Annotated[int, Field(ge=0, lt=1 << 63)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]


class ColumnRecord(Strict):
    """What a profile's header says of a column: counts that are exact, and how long its sketches are.

    `mean` and `squares`, the sum of squared distances from the mean, are null where a float cannot hold them. `once` is
    an upper bound of the labels that occur once, for a column without a `sample`.
    """

    name: str
    role: Role
    kind: ScalarType
    rows: _Count
    missing: _Count
    infinite: _Count
    types: dict[Literal["integral", "fractional", "boolean", "string", "object"], _Count]
    mean: _Finite | None
    squares: _Finite | None
    once: _Count | None
    sketches: dict[SketchName, Annotated[int, Field(ge=0, le=MOST_SKETCH)]]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.missing + sum(self.types.values()) != self.rows:
            raise ValueError("the values by type and the missing ones are not as many as the rows")
        if self.infinite > self.rows - self.missing:
            raise ValueError("more values are infinite than there are")
        if not {"quantiles", "labels", "distinct"} <= self.sketches.keys():
            raise ValueError("a sketch is missing")
        return self


class _Header(Strict):
    columns: Annotated[list[ColumnRecord], Field(max_length=MOST_COLUMNS)]

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len({(one.role, one.name) for one in self.columns}) < len(self.columns):
            raise ValueError("a column stands twice")
        return self


@dataclass(frozen=True)
class StoredColumn:
    """A column as the file has it."""

    record: ColumnRecord
    sketches: dict[SketchName, bytes]


def is_profile(data: bytes) -> bool:
    """Say whether bytes begin as a file of this format, of whatever version."""
    return data.startswith(MAGIC)


def first_fault(error: ValidationError) -> str:
    """Return where the first thing is that is wrong with a record, and what."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place or 'its root'}: {first['msg']}"


def pack(columns: Sequence[StoredColumn]) -> bytes:
    """Return the file's bytes; the same columns give the same bytes."""
    header = json.dumps(
        {"columns": [one.record.model_dump() for one in columns]}, separators=(",", ":"), ensure_ascii=False
    ).encode()
    body = b"".join(one.sketches[name] for one in columns for name in SKETCHES if name in one.sketches)
    whole = _HEAD.pack(MAGIC, VERSION, bytes(6), len(header), len(body)) + header + body
    return whole + hashlib.sha256(whole).digest()


def unpack(data: bytes) -> list[StoredColumn]:
    """Read a file's bytes. Raises PackageError that says what is wrong with them."""
    if not is_profile(data):
        raise _refusal("it does not begin as one")
    if len(data) > MOST_BYTES:
        raise _refusal(f"it has {len(data):,} bytes, and {MOST_BYTES:,} are the most that are read")
    if len(data) < _HEAD.size + _DIGEST:
        raise _refusal("it is cut short")
    _, version, zeros, header, body = _HEAD.unpack_from(data)
    if version != VERSION:
        raise _refusal(f"its format is version {version}, and this version of Drivetrain reads {VERSION}; take a newer")
    if any(zeros) or len(data) != _HEAD.size + header + body + _DIGEST:
        raise _refusal("it is not as long as it says: it is cut short, or something was added")
    if hashlib.sha256(memoryview(data)[:-_DIGEST]).digest() != data[-_DIGEST:]:
        raise _refusal("its checksum is not that of its content: it was damaged")
    return _columns(_header(data[_HEAD.size : _HEAD.size + header]), data[_HEAD.size + header : -_DIGEST])


def _header(content: bytes) -> _Header:
    try:
        return _Header.model_validate_json(content, strict=True)
    except ValidationError as error:
        raise _refusal(f"its header is wrong at {first_fault(error)}") from error


def _columns(header: _Header, body: bytes) -> list[StoredColumn]:
    columns, at = [], 0
    for record in header.columns:
        sketches: dict[SketchName, bytes] = {}
        for name in SKETCHES:
            if name in record.sketches:
                sketches[name] = body[at : at + record.sketches[name]]
                at += record.sketches[name]
        columns.append(StoredColumn(record, sketches))
    if at != len(body):
        raise _refusal("its sketches are not as long as its header says")
    return columns


def _refusal(why: str) -> PackageError:
    return PackageError(f"the profile cannot be read: {why}")
