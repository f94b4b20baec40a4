"""Messages of Protocol Buffers taken apart without their library, which the service does not have.

Source:
    https://protobuf.dev/programming-guides/encoding
"""

Fields = dict[int, list[int | bytes]]
"""By number; a varint is an integer, anything else its bytes."""

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_FIXED = {_EIGHT: 8, _FOUR: 4}
_MOST_BITS = 63


class MessageError(ValueError):
    """The bytes are no message."""


def fields(message: bytes) -> Fields:
    """Return the fields of a message, each with its values in order. Raises MessageError for bytes that are none."""
    found: Fields = {}
    place = 0
    while place < len(message):
        key, place = varint(message, place)
        value: int | bytes
        if key & 7 == _VARINT:
            value, place = varint(message, place)
        elif key & 7 == _BYTES:
            value, place = delimited(message, place)
        else:
            value, place = _taken(message, place, _FIXED.get(key & 7, len(message) + 1))
        found.setdefault(key >> 3, []).append(value)
    return found


def delimited(data: bytes, start: int) -> tuple[bytes, int]:
    """Read bytes behind their length; return them and where they end. Raises MessageError if the data end before."""
    size, start = varint(data, start)
    return _taken(data, start, size)


def varint(data: bytes, start: int) -> tuple[int, int]:
    """Read an unsigned integer; return it and where it ends. Raises MessageError if the data end before."""
    value = shift = 0
    for place in range(start, len(data)):
        value |= (data[place] & 0x7F) << shift
        if data[place] < 0x80:
            return value, place + 1
        shift += 7
        if shift > _MOST_BITS:
            raise MessageError("it has a number of more than 64 bits")
    raise MessageError("it is cut short")


def _taken(data: bytes, start: int, size: int) -> tuple[bytes, int]:
    if start + size > len(data):
        raise MessageError("it is cut short")
    return data[start : start + size], start + size
