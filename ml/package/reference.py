"""Whether `reference.bin` is a profile of the package's inputs, told without the libraries that make one.

The service checks that much before it takes a version in: of our own format everything but the sketches, of whylogs',
which packages from before have, the frame: `WHY1`, a segment header and a profile header, each behind its length, and
then the columns. Monitoring reads the whole.
"""

from collections.abc import Iterable

from ml.features.summaries import summaries
from ml.package.profile_file import is_profile, unpack
from ml.values.label_text import printable
from schemas.errors import PackageError
from schemas.signature import Signature

_MAGIC = b"WHY1"
_LENGTH = 4  # of the fields of a profile header: the bytes of all columns
_VARINT, _BYTES = 0, 2  # how protobuf writes a field


def require_profile(data: bytes, signature: Signature) -> None:
    """Check a profile's file, and that it has a column for every input. Raises PackageError."""
    inputs = [one.column for one in summaries(signature.inputs)]
    absent = list(_absent(data, inputs) if is_profile(data) else _absent_from_whylogs(data, inputs))
    if absent:
        raise PackageError(f"reference.bin has no column {absent[0]!r}: it is the profile of other rows")


def _absent(data: bytes, names: Iterable[str]) -> Iterable[str]:
    columns = {one.record.name for one in unpack(data) if one.record.role == "input"}
    return [name for name in names if printable(name) not in columns]


def _absent_from_whylogs(data: bytes, names: Iterable[str]) -> Iterable[str]:
    try:
        header, columns = _parts(data)
        whole = columns > 0 and _number(header, _LENGTH) == columns
    except IndexError:
        whole = False
    if not whole:
        raise PackageError("reference.bin is no profile: monitoring could not compare anything with it")
    return [name for name in names if printable(name).encode() not in header]


def _parts(data: bytes) -> tuple[bytes, int]:
    """Return the profile header, and how many bytes of columns come behind it. Raises IndexError where it has none."""
    if not data.startswith(_MAGIC):
        raise IndexError
    segment, start = _length(data, len(_MAGIC))
    size, start = _length(data, start + segment)
    if not size or start + size > len(data):
        raise IndexError
    return data[start : start + size], len(data) - start - size


def _number(message: bytes, wanted: int) -> int | None:
    """Return a number of a protobuf message, None where it is not in it. Raises IndexError for what is no message."""
    place, found = 0, None
    while place < len(message):
        key, place = _length(message, place)
        value, place = _length(message, place) if key & 7 in (_VARINT, _BYTES) else (0, len(message) + 1)
        place += value if key & 7 == _BYTES else 0
        found = value if key >> 3 == wanted and key & 7 == _VARINT else found
    if place > len(message):
        raise IndexError
    return found


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
