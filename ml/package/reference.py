"""Whether `reference.bin` is a profile of the package's inputs, told without the library that writes it.

whylogs writes `WHY1`, a segment header and a profile header, each behind its length, and then the columns. The service
checks that much before it takes a version in; monitoring reads the whole with whylogs.
"""

from ml.values.label_text import printable
from schemas.errors import PackageError
from schemas.signature import Signature

_MAGIC = b"WHY1"


def require_profile(data: bytes, signature: Signature) -> None:
    """Check the frame of a profile, and that it has a column for every input. Raises PackageError."""
    header = _header(data)
    if header is None:
        raise PackageError("reference.bin is no profile: monitoring could not compare anything with it")
    absent = [one.name for one in signature.inputs if printable(one.name).encode() not in header]
    if absent:
        raise PackageError(f"reference.bin has no column {absent[0]!r}: it is the profile of other rows")


def _header(data: bytes) -> bytes | None:
    if not data.startswith(_MAGIC):
        return None
    try:
        segment, start = _length(data, len(_MAGIC))
        size, start = _length(data, start + segment)
    except IndexError:
        return None
    return data[start : start + size] if size and start + size <= len(data) else None


def _length(data: bytes, start: int) -> tuple[int, int]:
    """Read a varint; return it and where it ends. Raises IndexError when the bytes end before."""
    value = shift = 0
    while True:
        byte = data[start]
        value |= (byte & 0x7F) << shift
        start, shift = start + 1, shift + 7
        if byte < 0x80:
            return value, start
        if shift > 63:
            raise IndexError("no length has so many bytes")
