"""The King James Bible as Debian's package `bible-kjv-text` has it: compressed windows of lines, a line a verse."""

import re
import struct
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from ml.sources.packages.lzw import decompress
from schemas.errors import ContentError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("book", "chapter", "verse", "text")
_MAGIC = b"EC02Compressed Data File"
_SIZES_AT = 0x54
_HEAD = 3  # the first window alone has compress's
_VERSE = re.compile(r"(\d?[A-Za-z]+)(\d+):(\d+) (.+)")
_MOST_WINDOWS = 10_000


def read_verses(file: Path) -> "pd.DataFrame":
    """Return every verse in its order: the book's abbreviation ("Ge"), chapter, verse, text. Raises ContentError."""
    import pandas as pd

    try:
        data = file.read_bytes()
        found = [_VERSE.fullmatch(line) for line in _windows(data).decode("ascii").splitlines()[1:]]
    except (OSError, UnicodeDecodeError, struct.error, ContentError) as error:
        raise ContentError(f"{file} cannot be read: {error}") from None
    if not found or None in found:
        raise ContentError(f"{file} is not laid out as bible-kjv-text 4.38 lays it out: a line is no verse")
    rows = pd.DataFrame([verse.groups() for verse in found if verse], columns=list(COLUMNS), dtype="str")
    return rows.astype({"chapter": "int64", "verse": "int64"})


def _windows(data: bytes) -> bytes:
    if not data.startswith(_MAGIC):
        raise ContentError(f"it does not begin with {_MAGIC.decode()!r}")
    size, count = struct.unpack_from(">II", data, _SIZES_AT)
    if count > _MOST_WINDOWS:
        raise ContentError(f"its head speaks of {count} windows")
    begins_at = _SIZES_AT + 8
    places = struct.unpack_from(f">{count + 1}I", data, begins_at)
    return b"".join(decompress(data[begin:end], size) for begin, end in pairwise(places))
