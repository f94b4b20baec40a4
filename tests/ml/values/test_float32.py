"""Numbers of few bits are read as the decimal numbers that they print as."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.values.float32 import shortest


@pytest.mark.parametrize("width", [16, 32])
def test_a_number_of_few_bits_is_what_it_prints_as(width: int) -> None:
    dtype = np.dtype(f"float{width}")

    @given(st.lists(st.floats(width=width), min_size=1, max_size=20))  # type: ignore[arg-type]
    def holds(values: list[float]) -> None:
        numbers = np.array(values, dtype=dtype)
        assert np.array_equal(shortest(numbers), numbers.astype(str).astype(np.float64), equal_nan=True)

    holds()


def test_many_numbers_of_every_size_are_what_they_print_as() -> None:
    draw = np.random.default_rng(0)
    numbers = (draw.normal(size=20_000) * 10.0 ** draw.integers(-38, 38, 20_000)).astype(np.float32)
    short = draw.integers(0, 10_000, 20_000).astype(np.float32) / np.float32(100)
    for one in (numbers, short):
        assert np.array_equal(shortest(one), one.astype(str).astype(np.float64), equal_nan=True)
