"""A file of whylogs 1 taken apart, without whylogs: the sketches in it are bytes still, and nobody has checked them.

    "WHY1"
    DatasetSegmentHeader    behind its length; 5: where each segment begins, where there are several
    DatasetProfileHeader    behind its length; 1: properties, 2: where the chunks of a column begin, by its name,
                            4: bytes of all chunks, 5: the paths of metrics, by number
    chunks                  each a ChunkHeader behind its length, 1: its type, 3: its length, and a ChunkMessage, 1: the
                            components by the number of their path

Source:
    https://github.com/whylabs/whylogs/blob/mainline/proto/src/whylogs_messages.proto
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from ml.monitoring.sketches.damage import require
from ml.package.protobuf import Fields, delimited, fields, varint

MAGIC = b"WHY1"
Component = int | float | bytes
"""A count, a number, or the bytes of a sketch."""

_SEGMENTS = 5
_PROPERTIES, _COLUMNS, _LENGTH, _PATHS = 1, 2, 4, 5
_METADATA = 7  # of the properties
_KEY, _VALUE = 1, 2  # of an entry of a map
_CHUNK_TYPE, _CHUNK_LENGTH, _OF_COLUMN = 1, 3, 2
_INTEGER, _FLOAT, _SKETCHES = 2, 3, (4, 5, 6)  # of a component
_DOUBLE = struct.Struct("<d")


@dataclass(frozen=True)
class WhylogsFile:
    """The metadata, and by name what is kept of each column, by path: "counts/n", "distribution/kll"."""

    metadata: Mapping[str, str]
    columns: Mapping[str, Mapping[str, Component]]


def opened(content: bytes) -> WhylogsFile:
    """Take a file apart. Raises ValueError that says what is wrong with its bytes."""
    require(content.startswith(MAGIC), "whylogs did not write it")
    segments, start = delimited(content, len(MAGIC))
    many = len(fields(segments).get(_SEGMENTS, []))
    require(many <= 1, f"it has {many} segments, of which each must be a file of its own")
    frame, start = delimited(content, start)
    header, chunks = fields(frame), content[start:]
    require(_number(header, _LENGTH) == len(chunks), "it is not as long as it says: it is cut short, or has more")
    properties = fields(_bytes(header, _PROPERTIES))
    paths = {_number(one, _KEY): _bytes(one, _VALUE).decode() for one in _entries(header, _PATHS)}
    columns, read = {}, 0
    for entry in _entries(header, _COLUMNS):
        components, size = _components(chunks, _offsets(_bytes(entry, _VALUE)))
        read += size
        require(read <= len(chunks), "its columns overlap")
        require(components.keys() <= paths.keys(), "a metric in it has no name")
        columns[_bytes(entry, _KEY).decode()] = {paths[number]: value for number, value in components.items()}
    metadata = {_bytes(one, _KEY).decode(): _bytes(one, _VALUE).decode() for one in _entries(properties, _METADATA)}
    return WhylogsFile(metadata, columns)


def _components(chunks: bytes, offsets: list[int]) -> tuple[dict[int, Component], int]:
    """Return what stands in the chunks of a column, by the number of the path, and their bytes."""
    found: dict[int, Component] = {}
    size = 0
    for offset in offsets:
        header, start = delimited(chunks, offset)
        one = fields(header)
        end = start + _number(one, _CHUNK_LENGTH)
        require(_number(one, _CHUNK_TYPE) == _OF_COLUMN and end <= len(chunks), "a chunk of it is none of a column")
        size += end - offset
        for entry in _entries(fields(chunks[start:end]), 1):
            component = _component(fields(_bytes(entry, _VALUE)))
            if component is not None:
                found[_number(entry, _KEY)] = component
    return found, size


def _component(message: Fields) -> Component | None:
    """Return a component, None for one of a kind that we have no use for."""
    if _INTEGER in message:
        number = _number(message, _INTEGER)
        return number - (1 << 64) if number >> 63 else number
    if _FLOAT in message:
        image = _bytes(message, _FLOAT)
        require(len(image) == _DOUBLE.size, "a number in it is none")
        return float(_DOUBLE.unpack(image)[0])
    sketches = [_bytes(fields(_bytes(message, kind)), 1) for kind in _SKETCHES if kind in message]
    return sketches[0] if sketches else None


def _offsets(message: bytes) -> list[int]:
    found = []
    for value in fields(message).get(1, []):
        if isinstance(value, int):
            found.append(value)
            continue
        place = 0
        while place < len(value):
            offset, place = varint(value, place)
            found.append(offset)
    return found


def _entries(message: Fields, number: int) -> list[Fields]:
    entries = []
    for one in message.get(number, []):
        require(isinstance(one, bytes), "a message in it is none")
        entries.append(fields(bytes(one)))
    return entries


def _number(message: Fields, number: int) -> int:
    """Return the last value of a field, which is 0 where it is left out."""
    value = message.get(number, [0])[-1]
    require(isinstance(value, int), "a number in it is none")
    return int(value)


def _bytes(message: Fields, number: int) -> bytes:
    value = message.get(number, [b""])[-1]
    require(isinstance(value, bytes), "a text in it is none")
    return bytes(value)
