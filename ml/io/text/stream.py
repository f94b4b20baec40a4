"""A delimited text file read from its beginning to its end, of which a block at a time is held.

What is done to the text is what `ml.io.text.file` and `ml.io.text.surroundings` do to a whole one, and gives the same.
"""

import codecs
import sys
from collections.abc import Iterable, Iterator

from ml.io.text.file import HEAD_BYTES, codec_of, no_encoding, not_encoded, read_blocks, uncomment_part
from ml.io.text.surroundings import declared_separator, end_of_lines, without_surroundings

_BLOCK = 4 * HEAD_BYTES
_BLANK = "\r\n "
_WIDE = {"utf-16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE), "utf-32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)}


def table_text(
    url: str, encoding: str, comment: str | None, skip_lines: int, skip_end: int
) -> tuple[str, str | None, Iterator[str]]:
    """Return the beginning of a table's text, the separator that the file names, and the text in parts, from there on.

    Args:
        url: A path or an fsspec URL.
        encoding: A name, or auto.
        comment: The character that comments start with.
        skip_lines: Lines above the header.
        skip_end: Lines below the rows.

    Raises:
        ContentError: If the file cannot be read or decoded; also while the parts are.
    """
    parts = decoded(read_blocks(url, _BLOCK), encoding)
    first, named = declared_separator(next(parts, ""))
    parts = _after(first, parts)
    if comment is not None:
        parts = _uncommented(parts, comment)
    parts = _without_beginning(parts, skip_lines)
    if skip_end:
        parts = _without_end(parts, skip_end)
    head = ""
    while len(head) < HEAD_BYTES and (part := next(parts, None)) is not None:
        head = (head + part).lstrip(_BLANK)
    return head, named, _after(head, parts)


def decoded(blocks: Iterator[bytes], encoding: str) -> Iterator[str]:
    """Yield the text of a file, a part for each block that holds any. Raises ContentError naming the wrong byte."""
    first = next(blocks, b"")
    encoding = codec_of(first, encoding)
    decoder = _decoder(first, encoding)
    before = lines = 0
    is_first = True
    for block in _and_end(first, blocks):
        try:
            text = decoder.decode(block, not block)
        except UnicodeDecodeError as error:
            kept = len(error.object) - len(block)  # bytes of a character that the block before began
            held = error.object[: error.start].count(b"\n") - error.object[:kept].count(b"\n")
            line, byte = lines + held + 1, error.object[error.start]
            raise not_encoded(encoding, line, byte, before - kept + error.start) from None
        before, lines = before + len(block), lines + block.count(b"\n")
        if text:
            yield text.removeprefix("\ufeff") if is_first else text
            is_first = False


def _decoder(start: bytes, encoding: str) -> codecs.IncrementalDecoder:
    try:
        start[:0].decode(encoding)  # it knows which codecs are of text
        name = codecs.lookup(encoding).name
        if name in _WIDE and not start.startswith(_WIDE[name]):
            name = f"{name}-{'le' if sys.byteorder == 'little' else 'be'}"  # as a whole text without a mark is read
        return codecs.getincrementaldecoder(name)()
    except LookupError:
        raise no_encoding(encoding) from None


def _and_end(first: bytes, blocks: Iterable[bytes]) -> Iterator[bytes]:
    yield first or b""
    if first:
        yield from blocks
        yield b""


def _after(first: str, parts: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from parts


def _uncommented(parts: Iterator[str], mark: str) -> Iterator[str]:
    """Yield whole lines, without comments."""
    rest, quotes = "", 0
    for part in parts:
        cut = part.rfind("\n") + 1
        if not cut:
            rest += part
            continue
        text, quotes = uncomment_part(rest + part[:cut], mark, quotes)
        rest = part[cut:]
        yield text
    yield uncomment_part(rest, mark, quotes)[0]


def _without_beginning(parts: Iterator[str], lines: int) -> Iterator[str]:
    """Yield the text below so many lines."""
    text = ""
    while lines:
        found, end = end_of_lines(text, lines)
        lines, text = lines - found, text[end:]
        if lines:
            part = next(parts, None)
            if part is None:  # what ends with the text is a line, too
                text, lines = without_surroundings(text, lines, 0), 0
            else:
                text += part
    yield from _after(text, parts)


def _without_end(parts: Iterator[str], lines: int) -> Iterator[str]:
    """Yield what stands above the last lines that are not empty: it stands above them in a longer text, too."""
    text = ""
    for part in parts:
        text += part
        above = without_surroundings(text, 0, lines)
        yield above
        text = text[len(above) :]
