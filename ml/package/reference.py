"""Whether `reference.bin` is a profile of the package's inputs, told without the libraries that make one.

The service checks that much before it takes a version in: of our own format everything but the sketches, of whylogs',
which packages from before have, the frame: `WHY1`, a segment header and a profile header, each behind its length, and
then the columns. Monitoring reads the whole.
"""

from collections.abc import Iterable

from ml.features.summaries import summaries
from ml.package.profile_file import is_profile, unpack
from ml.package.protobuf import MessageError, delimited, fields
from ml.values.label_text import printable
from schemas.errors import PackageError
from schemas.signature import Signature

_MAGIC = b"WHY1"
_LENGTH = 4  # of the fields of a profile header: the bytes of all columns


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
        whole = columns > 0 and fields(header).get(_LENGTH) == [columns]
    except MessageError:
        whole = False
    if not whole:
        raise PackageError("reference.bin is no profile: monitoring could not compare anything with it")
    return [name for name in names if printable(name).encode() not in header]


def _parts(data: bytes) -> tuple[bytes, int]:
    """Return the profile header, and how many bytes of columns come behind it. Raises MessageError if it has none."""
    if not data.startswith(_MAGIC):
        raise MessageError("it does not begin as one")
    _, start = delimited(data, len(_MAGIC))
    header, start = delimited(data, start)
    return header, len(data) - start
