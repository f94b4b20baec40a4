"""Decompression of what the program `compress` writes: Lempel-Ziv-Welch with codes of 9 to 16 bits.

Source: T. A. Welch, A Technique for High-Performance Data Compression, IEEE Computer 17(6), 1984; the order of the bits
and the padding are those of compress 4.0.
"""

from schemas.errors import ContentError

_CLEAR = 256
_FIRST_BITS, _MOST_BITS = 9, 16


def decompress(data: bytes, at_most: int) -> bytes:
    """Return the bytes that `data`, without compress's head of three bytes, holds.

    Args:
        data: The codes, low bits first; each run of one width is padded to eight codes.
        at_most: How many bytes they may give.

    Raises:
        ContentError: If a code stands for nothing yet, or there are more bytes than `at_most`.
    """
    out = bytearray()
    table = _first_table()
    bits, place, begun = _FIRST_BITS, 0, 0
    before = b""
    while place + bits <= 8 * len(data):
        code = int.from_bytes(data[place >> 3 : (place >> 3) + 4], "little") >> (place & 7) & ((1 << bits) - 1)
        place += bits
        if code == _CLEAR:
            place = begun = _padded(place, begun, bits)
            table, bits, before = _first_table(), _FIRST_BITS, b""
            continue
        entry = _entry(table, code, before)
        out += entry
        if len(out) > at_most:
            raise ContentError(f"it holds more than {at_most:,} bytes")
        if before and len(table) < 1 << _MOST_BITS:
            table.append(before + entry[:1])
        before = entry
        if len(table) >= 1 << bits and bits < _MOST_BITS:
            place = begun = _padded(place, begun, bits)
            bits += 1
    return bytes(out)


def _first_table() -> list[bytes]:
    return [*(bytes((value,)) for value in range(256)), b""]


def _padded(place: int, begun: int, bits: int) -> int:
    """Return where the group of eight codes ends in which `place` is."""
    group = 8 * bits
    return begun + (place - begun + group - 1) // group * group


def _entry(table: list[bytes], code: int, before: bytes) -> bytes:
    if code < len(table):
        return table[code]
    if code == len(table) and before:
        return before + before[:1]
    raise ContentError("it is damaged: a code stands for nothing yet")
