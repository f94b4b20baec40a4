"""A file of what the journal is owed: mapped pages, which outlive the process that writes them, however that ends.

Its room is allocated before it is needed, so that a full disk does not matter. Whatever moment a process is killed in,
the file tells the truth, for everything counts by one store of an aligned word, which is the last:

- A request that is held counts once its serial number is written, and no longer once that is 0.
- A count has its figures twice, and its first word says which of them hold.
- A count that takes in a request that was held says its serial number; one that stands in both is in the count.

The words are those of the machine, in its order: no other machine reads them.
"""

import math
import mmap
import os
import struct
from collections.abc import Iterator
from typing import NamedTuple, get_args
from uuid import uuid4

from serving.journal.insertion import Request
from serving.journal.loss import Loss, Reason

_MAGIC = int.from_bytes(b"DTowed\x00\x01", "little")  # the last byte is the format
_WORD = 8  # bytes
_HEAD = 512  # words: magic, requests, counts, 0, id (2), hash of where the journal is (4)
_ID, _VERSION, _REASON = 144, 1_024, 32  # bytes; names have 36, 255 and 32 characters of at most 4
_HELD = 4 + (_ID + _VERSION) // _WORD  # words: serial, rows, time, lengths, texts
_FIGURES = 5  # words: since, until, requests, rows, serial of the request that was held before
_COUNT = 4 + 2 * _FIGURES + (_REASON + _VERSION) // _WORD  # words: which figures hold, key (2), lengths, figures, texts
_REASONS: tuple[str, ...] = get_args(Reason)
_MOST_REQUESTS, _MOST_ROWS = 2**31, 2**63  # the journal's columns hold less


class Damaged(ValueError):
    """A file that holds something else than what was written."""


class Note(NamedTuple):
    """One request that was held; `time` is seconds since the epoch."""

    request_id: str
    time: float
    version: str
    rows: int


class Contents(NamedTuple):
    """What a file says: its id, the hash of where its journal is, the requests that are held, and the counts by key."""

    name: str
    journal: bytes
    held: list[Note]
    counts: dict[str, Loss]


class OwedFile:
    """A file by its `words`; who may write which of its places is its owner's affair.

    Args:
        descriptor: An empty file.
        held: Places for requests.
        counts: Places for counts.
        journal: Hash of where the journal is, 32 bytes.

    Raises:
        OSError: If there is no room.
    """

    def __init__(self, descriptor: int, held: int, counts: int, journal: bytes) -> None:
        size = _WORD * (_HEAD + held * _HELD + counts * _COUNT)
        os.posix_fallocate(descriptor, 0, size)
        self._map = mmap.mmap(descriptor, size)
        self._view = memoryview(self._map)
        self.words, self._reals = self._view.cast("Q"), self._view.cast("d")
        self._counts = _HEAD + held * _HELD
        self.words[1], self.words[2] = held, counts
        self._map[32:80] = uuid4().bytes + journal
        self.words[0] = _MAGIC

    def hold(self, place: int, serial: int, request: Request) -> None:
        """Note a request at a place that is free."""
        at = _HEAD + place * _HELD
        name, version = _cut(request.request_id, _ID), _cut(request.version, _VERSION)
        self.words[at + 1] = request.rows
        self._reals[at + 2] = request.time
        self.words[at + 3] = len(name) << 16 | len(version)
        self._text(at + 4, name)
        self._text(at + 4 + _ID // _WORD, version)
        self.words[at] = serial

    def release(self, place: int) -> None:
        """Hold a request no longer."""
        self.words[_HEAD + place * _HELD] = 0

    def count(self, place: int, key: str, loss: Loss, serial: int) -> None:
        """Note what a count is now, at its place or one that is free, and which request that was held is in it."""
        at = self._counts + place * _COUNT
        before = self.words[at]
        if not before:
            reason, version = _cut(loss.reason, _REASON), _cut(loss.version, _VERSION)
            self._text(at + 1, bytes.fromhex(key))
            self.words[at + 3] = len(reason) << 16 | len(version)
            self._text(at + 4 + 2 * _FIGURES, reason)
            self._text(at + 4 + 2 * _FIGURES + _REASON // _WORD, version)
        now = 2 if before == 1 else 1
        figures = at + 4 + (now - 1) * _FIGURES
        self._reals[figures], self._reals[figures + 1] = loss.since, loss.until
        self.words[figures + 2], self.words[figures + 3] = loss.requests, loss.rows
        self.words[figures + 4] = serial
        self.words[at] = now

    def forget(self, place: int) -> None:
        """Note that a count is in the journal."""
        self.words[self._counts + place * _COUNT] = 0

    def close(self) -> None:
        """Let go of the pages."""
        for view in (self.words, self._reals, self._view):
            view.release()
        self._map.close()

    def _text(self, word: int, text: bytes) -> None:
        self._map[word * _WORD : word * _WORD + len(text)] = text


def read(data: bytes) -> Contents | None:
    """Return what a file holds; None where whoever made it was killed before anything could be in it.

    Raises:
        Damaged: If it is no such file, or not as it was written.
    """
    if not data or not any(data[:_WORD]):
        return None
    if len(data) < _WORD * _HEAD or _word(data, 0) != _MAGIC:
        raise Damaged("it is no file of this format")
    held, counts = _word(data, 1), _word(data, 2)
    if len(data) != _WORD * (_HEAD + held * _HELD + counts * _COUNT):
        raise Damaged("it has lost a part")
    found = dict(_counts(data, _HEAD + held * _HELD, counts))
    counted = {serial for _, serial in found.values()}
    notes = [note for serial, note in _held(data, held) if serial not in counted]
    return Contents(data[32:48].hex(), data[48:80], notes, {key: loss for key, (loss, _) in found.items()})


def _held(data: bytes, held: int) -> Iterator[tuple[int, Note]]:
    for place in range(held):
        at = _HEAD + place * _HELD
        if serial := _word(data, at):
            lengths = _word(data, at + 3)
            name = _text(data, at + 4, lengths >> 16, _ID)
            version = _text(data, at + 4 + _ID // _WORD, lengths & 0xFFFF, _VERSION)
            note = Note(name, _real(data, at + 2), version, _word(data, at + 1))
            if not (name and 0 <= note.rows < _MOST_ROWS):
                raise Damaged("a request in it is none")
            yield serial, note


def _counts(data: bytes, first: int, counts: int) -> Iterator[tuple[str, tuple[Loss, int]]]:
    for place in range(counts):
        at = first + place * _COUNT
        if now := _word(data, at):
            lengths, texts = _word(data, at + 3), at + 4 + 2 * _FIGURES
            figures = at + 4 + (min(now, 2) - 1) * _FIGURES
            reason = _text(data, texts, lengths >> 16, _REASON)
            version = _text(data, texts + _REASON // _WORD, lengths & 0xFFFF, _VERSION)
            since, until = _real(data, figures), _real(data, figures + 1)
            requests, rows, serial = (_word(data, figures + word) for word in (2, 3, 4))
            if now > 2 or reason not in _REASONS or not (0 < requests < _MOST_REQUESTS and rows < _MOST_ROWS):
                raise Damaged("a count in it is none")
            key = data[(at + 1) * _WORD : (at + 3) * _WORD].hex()
            yield key, (Loss(since, until, version, requests, rows, reason), serial)


def _word(data: bytes, word: int) -> int:
    return int(struct.unpack_from("=Q", data, word * _WORD)[0])


def _real(data: bytes, word: int) -> float:
    found = float(struct.unpack_from("=d", data, word * _WORD)[0])
    if not math.isfinite(found):
        raise Damaged("a time in it is none")
    return found


def _text(data: bytes, word: int, length: int, most: int) -> str:
    if length > most:
        raise Damaged("a text in it is longer than its room")
    try:
        text = data[word * _WORD : word * _WORD + length].decode()
    except UnicodeDecodeError as error:
        raise Damaged("what is in it is no text") from error
    if "\0" in text:
        raise Damaged("what is in it is no text")
    return text


def _cut(text: str, most: int) -> bytes:
    """Return a text's bytes; the journal has no longer ones."""
    whole = text.encode(errors="replace")
    return whole if len(whole) <= most else whole[:most].decode(errors="ignore").encode()
