"""A delimited text file under any fsspec URL: opening, decoding, separator and header."""

import csv
import io
import lzma
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from zipfile import BadZipFile

from ml.io.objects.client import client_of, filesystem
from ml.io.objects.location import Location, is_object_url
from ml.io.objects.reading import StoredObject
from ml.io.text.no_table import is_shown
from schemas.errors import ContentError, DrivetrainError

HEAD_BYTES = 1_000_000
_LONGEST = 300
SEPARATORS = [",", ";", "\t", "|"]
_MARKS = [(b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")]
_COMMENTS = ("#", "%", "//", "!")
_UNCHANGED = ("ETag", "etag", "md5Hash", "md5", "mtime", "LastModified", "last_modified", "updated", "created")


@dataclass(frozen=True)
class Header:
    """The separator, the names as they stand in the file, and the names that columns get."""

    separator: str
    raw: list[str]
    names: list[str]


def stem(url: str) -> str:
    """Return the file's name without folders and endings: `s3://bucket/houses.csv.gz` is `houses`."""
    name = PurePosixPath(url.split("::")[-1].split("?")[0]).name
    return name.split(".")[0] or name


def fingerprint(url: str) -> str | None:
    """Return size and time or ETag of the file; None where the file system tells neither."""
    try:
        files, path = filesystem(url)
        return change_mark(files.info(path))
    except Exception:  # file systems raise what their clients do; whoever opens the file next is told why
        return None


def change_mark(info: Mapping[str, Any]) -> str | None:
    """Return size and time or ETag out of what fsspec tells of a file; None where it tells neither."""
    marks = [f"{key}={info[key]}" for key in _UNCHANGED if info.get(key) is not None]
    return f"size={info.get('size')} {marks[0]}" if marks else None


def read_bytes(url: str, limit: int | None = None) -> bytes:
    """Return the file's bytes, decompressed by its ending, at most `limit` of them.

    Raises:
        ContentError: If it is not there, or cannot be read or decompressed.
        StorageError: If it is on S3, which cannot be used.
    """
    with _told(url), _opened(url) as file:
        return bytes(file.read(-1 if limit is None else limit))


def read_blocks(url: str, size: int) -> Iterator[bytes]:
    """Yield the file's bytes, decompressed by its ending, `size` at a time. Raises as `read_bytes` does."""
    with ExitStack() as stack:
        with _told(url):
            file = stack.enter_context(_opened(url))
        while block := _block(url, file, size):
            yield block


def _block(url: str, file: Any, size: int) -> bytes:
    """Return the next bytes, fewer than `size` at the end only."""
    parts, missing = list[bytes](), size
    while missing:
        with _told(url):
            part = bytes(file.read(missing))
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Say what went wrong with a file while it was opened or read."""
    try:
        yield
    except DrivetrainError:
        raise
    except FileNotFoundError:
        raise ContentError(f"there is no file {url}") from None
    except IsADirectoryError:
        raise ContentError(f"{url} is a folder; name one file") from None
    except (EOFError, zlib.error, lzma.LZMAError, BadZipFile) as error:
        raise ContentError(f"{url} cannot be decompressed: {error}; the file is cut off or damaged") from None
    except Exception as error:  # S3, Google and the others each raise what their clients do, without a common class
        raise ContentError(f"{url} cannot be read: {reason(error)}") from None


def _opened(url: str) -> AbstractContextManager[Any]:
    import fsspec
    from fsspec.compression import compr

    if not is_object_url(url):
        opened: AbstractContextManager[Any] = fsspec.open(url, "rb", compression="infer")
        return opened
    try:
        location = Location.parse(url)
    except ValueError as error:
        raise ContentError(f"{url} {error}") from None
    stored = StoredObject(client_of(location), location)
    packed = fsspec.core.get_compression(location.key, "infer")
    unpacked: AbstractContextManager[Any] = compr[packed](stored, mode="rb") if packed else stored
    return unpacked


def reason(error: Exception) -> str:
    """Return what a file system's error says, on one line; its class where it says nothing."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def decode(raw: bytes, encoding: str, *, whole: bool = True) -> str:
    """Return text; `auto` is UTF-8, or UTF-16 with a byte order mark. Raises ContentError naming the wrong byte."""
    encoding = codec_of(raw, encoding)
    try:
        return raw.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise no_encoding(encoding) from None
    except UnicodeDecodeError as error:
        if not whole and error.start >= len(raw) - 4:  # the limit cut a character in two
            return raw[: error.start].decode(encoding).removeprefix("\ufeff")
        line = raw[: error.start].count(b"\n") + 1
        raise not_encoded(encoding, line, raw[error.start], error.start) from None


def codec_of(start: bytes, encoding: str) -> str:
    """Return the encoding of a file that begins with `start`. Raises ContentError where it looks like another one."""
    if encoding == "auto":
        encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")
    elif encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    if encoding.startswith("utf-8") and (wide := _utf_16(start[:1000])):
        raise ContentError(f"every other byte is NUL: the file looks like UTF-16; declare data.encoding: {wide}")
    return encoding


def no_encoding(encoding: str) -> ContentError:
    """Return what is said of a name that is none of an encoding."""
    return ContentError(f"{encoding!r} is not an encoding; for example utf-8, latin-1, cp1252, utf-16")


def not_encoded(encoding: str, line: int, byte: int, position: int) -> ContentError:
    """Return what is said of a byte that an encoding does not have there."""
    return ContentError(
        f"line {line} is not {encoding}: byte 0x{byte:02x} at position {position}; "
        "declare data.encoding (files from Windows programs are often cp1252, others latin-1)"
    )


def uncomment(text: str, mark: str | None) -> str:
    """Return `text` without the lines that start with `mark`, the one character; lines within quotes are kept."""
    return text if mark is None else uncomment_part(text, mark, 0)[0]


def uncomment_part(text: str, mark: str, quotes: int) -> tuple[str, int]:
    """Return a part of a text, from the start of a line on, without comments, and how many quotes stand up to its end.

    Args:
        text: The part.
        mark: The character that comments start with.
        quotes: How many quotes stand before it.
    """
    if mark not in text:
        return text, quotes + text.count('"')
    kept, end = [], 0
    for line in re.finditer(rf"^{re.escape(mark)}[^\r\n]*(?:\r\n|\r|\n|\Z)", text, re.MULTILINE):
        quotes += text.count('"', end, line.start())
        before = text[end : line.start()]
        kept.append(before if quotes % 2 == 0 else before + line.group())
        quotes += 0 if quotes % 2 == 0 else line.group().count('"')
        end = line.end()
    return "".join([*kept, text[end:]]), quotes + text.count('"', end)


def read_header(text: str, separator: str) -> Header:
    """Return the header of `text`; `auto` takes the separator that the first line has most of. Raises ContentError."""
    lines = text.lstrip("\r\n ")
    if not lines.strip():
        raise ContentError("the file is empty")
    try:
        if separator == "auto":
            separator = _sniff(lines.splitlines()[0])
        _refuse_comment(lines)
        raw = next(csv.reader(io.StringIO(lines, newline=""), delimiter=separator))
    except csv.Error as error:
        raise ContentError(f"the header cannot be read: {error}") from None
    names = [name.strip() or f"column {position}" for position, name in enumerate(raw, start=1)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = "; ".join(f"{_quoted(name)} in columns {_places(names, name)}" for name in twice)
        raise ContentError(f"column names must be unique, but {places}; rename all but one in the file")
    return Header(separator, raw, names)


def _utf_16(start: bytes) -> str | None:
    """Return which UTF-16 the bytes look like: text in Latin letters has a NUL in every other byte."""
    nuls = [start[odd::2].count(0) / max(1, len(start) // 2) for odd in (0, 1)]
    if max(nuls) < 0.4 or min(nuls) > 0.1:
        return None
    return "utf-16-be" if nuls[0] > nuls[1] else "utf-16-le"


def _refuse_comment(text: str) -> None:
    """Raise ContentError when the first line looks like a comment: a mark, and not as many cells as the next line."""
    lines = [line for line in text[:100_000].splitlines() if line.strip()]
    mark = next((mark for mark in _COMMENTS if lines[0].startswith(mark)), None)
    after = next((line for line in lines if mark and not line.startswith(mark)), None)
    if mark is None or after is None:
        return
    separator = _sniff(after)
    cells = [len(next(csv.reader([line], delimiter=separator), [])) for line in (lines[0], after)]
    if cells[0] != cells[1]:
        raise ContentError(
            f"the first line begins with {mark!r} and looks like a comment, not like the names of {cells[1]} columns; "
            f'declare data.comment: "{mark[0]}" to skip the lines that start with it'
        )


def _sniff(line: str) -> str:
    counts = {mark: len(next(csv.reader([line], delimiter=mark), [])) for mark in SEPARATORS}
    return max(SEPARATORS, key=lambda mark: counts[mark])


def _quoted(name: str) -> str:
    return repr(name) if is_shown(name) else "one that is not shown, for it does not look like a name"


def _places(names: list[str], wanted: str) -> str:
    return " and ".join(str(position) for position, name in enumerate(names, start=1) if name == wanted)
