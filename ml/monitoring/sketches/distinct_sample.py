"""How many labels occur exactly once: the labels with the smallest digests, each with its exact count.

A label that is among the K smallest of all is among the K smallest of every part that has it. So a merge of parts is
to the byte the sample of the whole, whatever the order. Up to K distinct labels the answer is exact; beyond, it is an
estimate with a standard error of about 1.6 % of the distinct labels.

Source:
    K. Beyer et al., On synopses for distinct-value estimation under multiset operations, SIGMOD 2007: KMV synopses with
    counters, and their estimate.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ml.monitoring.sketches.damage import require

K = 4096
_WHOLE = 2.0**64


def sketch(counts: Mapping[str, int]) -> bytes:
    """Return the sample of labels that occur so often: ascending digests, then their counts, 8 bytes each."""
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=8).digest() for text in counts)
    return _written(np.frombuffer(digests, "<u8"), np.fromiter(counts.values(), "<u8", len(counts)))


def merge(images: Sequence[bytes]) -> bytes:
    """Return the sample of all labels of several samples. Raises SketchError for bytes that are none."""
    sides = [read(image) for image in images]
    empty = np.empty(0, "<u8")
    return _written(
        np.concatenate([empty, *(digests for digests, _ in sides)]),
        np.concatenate([empty, *(counts for _, counts in sides)]),
    )


def read(image: bytes) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return digests and counts, shape (kept,) each. Raises SketchError for bytes that are no sample."""
    require(len(image) % 16 == 0 and len(image) <= 16 * K, "it is no sample of labels")
    digests, counts = np.frombuffer(image, "<u8").reshape(2, -1)
    require(bool((digests[1:] > digests[:-1]).all()) and bool((counts > 0).all()), "its labels are not in order")
    return digests, counts


def once(image: bytes) -> int:
    """Return how many labels occur exactly once; an estimate where there are K distinct labels or more."""
    digests, counts = read(image)
    single = int((counts == 1).sum())
    if len(digests) < K:
        return single
    distinct = (K - 1) / ((float(digests[-1]) + 1) / _WHOLE)
    return round(single / K * distinct)


def _written(digests: NDArray[np.uint64], counts: NDArray[np.uint64]) -> bytes:
    kept, place = np.unique(digests, return_inverse=True)
    sums = np.zeros(len(kept), "<u8")
    np.add.at(sums, place, counts)
    return kept[:K].astype("<u8").tobytes() + sums[:K].tobytes()
