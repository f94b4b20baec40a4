"""Sketches are the bytes that DataSketches documents: read by our own eyes, checked before it sees them."""

import warnings
from collections.abc import Callable

import datasketches
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.monitoring.sketches import cardinality, distinct_sample, labels, quantiles
from ml.monitoring.sketches.damage import SketchError
from ml.monitoring.sketches.moments import Moments

NUMBERS = np.random.default_rng(3).normal(size=5000)


def _of_4_bits(size: int) -> bytes:
    made = datasketches.hll_sketch(12, datasketches.HLL_4)
    for one in range(size):
        made.update(f"label {one}")
    return bytes(made.serialize_compact())


def _merged_widened(images: list[bytes]) -> bytes:
    return cardinality.merge([cardinality.widened(image) for image in images])


IMAGES: dict[str, tuple[bytes, Callable[[bytes], object], Callable[[list[bytes]], bytes]]] = {
    "quantiles": (quantiles.sketch(NUMBERS), quantiles.read, quantiles.merge),
    "one value": (quantiles.sketch(NUMBERS[:1]), quantiles.read, quantiles.merge),
    "labels": (labels.sketch({f"l{one}": one + 1 for one in range(900)}), labels.read, labels.merge),
    "registers": (cardinality.of_numbers(NUMBERS), cardinality.check, cardinality.merge),
    "a set": (cardinality.of_labels("abcdefghijklmnop"), cardinality.check, cardinality.merge),
    "4 bits": (_of_4_bits(300_000), lambda image: cardinality.check(cardinality.widened(image)), _merged_widened),
    "sample": (distinct_sample.sketch({"a": 1, "b": 2}), distinct_sample.read, distinct_sample.merge),
}


@pytest.mark.parametrize("size", [1, 2, 1024, 1025, 5000])
def test_ranks_are_those_of_the_library(size: int) -> None:
    image = quantiles.sketch(NUMBERS[:size])
    theirs = datasketches.kll_doubles_sketch.deserialize(image)
    ours = quantiles.read(image)
    assert ours is not None
    points = np.linspace(-2, 2, 41)
    ranks = np.concatenate([[0], np.cumsum(ours.weights)])
    for side, inclusive in (("left", False), ("right", True)):
        below = ranks[np.searchsorted(ours.values, points, side=side)] / ours.n  # type: ignore[call-overload]
        assert below.tolist() == theirs.get_cdf(points.tolist(), inclusive)[:-1]
    assert (ours.n, ours.minimum, ours.maximum) == (size, NUMBERS[:size].min(), NUMBERS[:size].max())
    assert ours.error == (theirs.normalized_rank_error(False) if size > quantiles.K else 0)


@pytest.mark.parametrize("size", [0, 1, 8, 9, 384, 385, 5000])
def test_distinct_numbers_are_hashed_as_the_library_does(size: int) -> None:
    theirs = datasketches.hll_sketch(12, datasketches.HLL_8)
    values = np.append(NUMBERS[:size], [0.0, -0.0] if size else [])
    for value in values.tolist():
        theirs.update(value)
    ours = cardinality.of_numbers(values)
    if size > 400:
        assert ours[16:] == theirs.serialize_compact()[16:]  # all but the estimate that depends on the order
    assert cardinality.estimate(ours) == pytest.approx(theirs.get_estimate(), rel=0.05)
    assert cardinality.estimate(cardinality.merge([ours, ours])) == pytest.approx(cardinality.estimate(ours))


def test_leading_zeros_are_those_of_integers() -> None:
    edges = [0, *(1 << one for one in range(64)), *((1 << one) - 1 for one in range(1, 65)), (1 << 53) + 1]
    found = cardinality.leading_zeros(np.array(edges, dtype=np.uint64))
    assert found.tolist() == [64 - one.bit_length() for one in edges]


@pytest.mark.parametrize("size", [0, 1, 8, 9, 384, 400, 5000, 300_000])
def test_registers_of_4_bits_become_those_that_8_bits_would_have_been(size: int) -> None:
    image = _of_4_bits(size)
    assert cardinality.widened(image) == cardinality.of_labels(f"label {one}" for one in range(size))
    if size == 300_000:
        assert image[6] > 0, "the smallest register is above 0"
        assert len(image) > 40 + 2048, "some are listed"


def test_few_numbers_that_repeat_are_counted_as_few() -> None:
    assert cardinality.estimate(cardinality.of_numbers(np.arange(200_000, dtype=np.float64) % 7)) == pytest.approx(
        7, abs=0.01
    )


@pytest.mark.parametrize("distinct", [0, 1, 4095, 4096, 60_000])
def test_labels_that_occur_once_are_counted(distinct: int) -> None:
    image = distinct_sample.sketch({f"label {one}": 1 + one % 3 for one in range(distinct)})
    assert distinct_sample.once(image) == pytest.approx(-(-distinct // 3), rel=0.06 if distinct >= 4096 else 0)
    assert len(image) <= 16 * distinct_sample.K


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(IMAGES)), st.data())
def test_damaged_sketches_are_refused_or_merge(name: str, data: st.DataObject) -> None:
    image, read, merge = IMAGES[name]
    changed = bytearray(image[: data.draw(st.one_of(st.just(len(image)), st.integers(0, len(image))))])
    for _ in range(data.draw(st.integers(0, 3))):
        if changed:
            place = data.draw(st.one_of(st.integers(0, len(changed) - 1), st.integers(0, min(47, len(changed) - 1))))
            changed[place] = data.draw(st.integers(0, 255))
    try:
        read(bytes(changed))
    except SketchError:
        return
    read(merge([bytes(changed), image]))


@given(st.lists(st.lists(st.floats(-1e6, 1e6), max_size=20), max_size=5))
@settings(max_examples=50, deadline=None)
def test_moments_of_parts_are_those_of_the_whole(parts: list[list[float]]) -> None:
    whole = np.array([value for part in parts for value in part], dtype=np.float64)
    merged = Moments.merged([Moments.of(np.array(part, dtype=np.float64)) for part in parts])
    assert merged.n == len(whole)
    if len(whole) > 1:
        assert merged.mean == pytest.approx(whole.mean(), abs=1e-8)
        assert (merged.deviation or 0.0) == pytest.approx(whole.std(ddof=1), abs=1e-5)


def test_a_spread_beyond_floats_is_not_known() -> None:
    assert Moments.of(np.array([1e308, -1e308])).deviation is None
    with warnings.catch_warnings(action="error"):
        assert Moments.merged([Moments.of(np.array([1e308])), Moments.of(np.array([-1e308]))]).deviation is None
