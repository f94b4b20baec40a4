"""How often each label occurs: a sketch of frequent items, kept as the bytes that DataSketches writes and documents.

Up to MOST distinct labels the counts are exact. Beyond, the most frequent ones are kept, each with a lower bound and
with an error of at most 3.5 / 1024 of all values; a label that is not kept occurred at most that often.

Source:
    D. Anderson et al., A high-performance algorithm for identifying frequent items in data streams, IMC 2017.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.monitoring.sketches.damage import SketchError, loaded, require
from ml.monitoring.sketches.library import library
from ml.values.label_text import LONGEST

MOST = 768
_LG_SIZE = 10
_FAMILY, _VERSION = 10, 1
_IS_EMPTY = 0b101
_HEAD, _COUNTS = struct.Struct("<BBBBBBxx"), struct.Struct("<IxxxxQQ")
_LONGEST_BYTES = 4 * LONGEST


@dataclass(frozen=True)
class Labels:
    """Lower bounds of counts by label, at least 1 each; each is too low by at most `error`, 0 where they are exact."""

    counts: Mapping[str, int]
    error: int
    total: int


def sketch(counts: Mapping[str, int]) -> bytes:
    """Return the sketch of labels of at most 128 characters that occur so often, at least once each."""
    made = library().frequent_strings_sketch(_LG_SIZE)
    for text, times in counts.items():
        made.update(text, times)
    return bytes(made.serialize())


def merge(images: Sequence[bytes]) -> bytes:
    """Return the sketch of all labels of several sketches. Raises SketchError for bytes that are none."""
    kind = library().frequent_strings_sketch
    merged = kind(_LG_SIZE)
    for image in images:
        read(image)
        merged.merge(loaded(kind.deserialize, image))
    return bytes(merged.serialize())


def read(image: bytes) -> Labels:
    """Return what a sketch holds. Raises SketchError for bytes that are no sketch."""
    require(len(image) >= _HEAD.size, "it is cut short")
    preamble, version, family, largest, size, flags = _HEAD.unpack_from(image)
    known = (version, family, largest, bool(flags & _IS_EMPTY)) == (_VERSION, _FAMILY, _LG_SIZE, preamble == 1)
    require(known and 3 <= size <= _LG_SIZE, "it is no sketch of frequent items")
    if preamble == 1:
        require(len(image) == _HEAD.size, "an empty one has no labels")
        return Labels({}, 0, 0)
    require(preamble == 4 and len(image) >= _HEAD.size + _COUNTS.size, "it is cut short")
    kept, total, error = _COUNTS.unpack_from(image, _HEAD.size)
    require(kept <= 3 << size >> 2, "it holds more labels than it has room for")
    at = _HEAD.size + _COUNTS.size
    require(len(image) >= at + 8 * kept, "it is cut short")
    times = struct.unpack_from(f"<{kept}Q", image, at)
    counts = dict(zip(_texts(image, at + 8 * kept, kept), times, strict=True))
    require(len(counts) == kept, "a label stands twice in it")
    exact = sum(times) == total
    require(all(times) and sum(times) <= total and (exact if error == 0 else error <= total), "its counts cannot be")
    return Labels(counts, error, total)


def _texts(image: bytes, at: int, kept: int) -> list[str]:
    texts = []
    for _ in range(kept):
        require(len(image) >= at + 4, "it is cut short")
        (size,) = struct.unpack_from("<I", image, at)
        require(size <= _LONGEST_BYTES and len(image) >= at + 4 + size, "a label is too long, or cut short")
        try:
            texts.append(image[at + 4 : at + 4 + size].decode("utf-8"))
        except UnicodeDecodeError as error:
            raise SketchError("a label is no UTF-8 text") from error
        at += 4 + size
    require(at == len(image), "something stands behind its labels")
    return texts
