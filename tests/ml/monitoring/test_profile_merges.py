"""The profile of all rows is the merge of the profiles of its parts, in whatever order."""

import math
from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.profiles import Profile, merge_all, profile
from schemas.column_types import ScalarType

KINDS: dict[str, ScalarType] = {"n": "number", "c": "category", "d": "date", "i": "identifier", "b": "boolean"}
CELLS = st.fixed_dictionaries(
    {
        "n": st.one_of(st.none(), st.floats(), st.integers(-(10**18), 10**18), st.just(10**400), st.just("x")),
        "c": st.one_of(st.none(), st.sampled_from("abc"), st.text(max_size=3), st.integers(0, 3), st.booleans()),
        "d": st.one_of(st.none(), st.sampled_from(["2024-01-01", "2024-05-05T12:00:00", "never"])),
        "i": st.one_of(st.none(), st.integers(0, 20).map(lambda one: f"u{one}")),
        "b": st.one_of(st.none(), st.booleans(), st.just("yes")),
    }
)


def of(rows: list[dict[str, Any]]) -> Profile:
    columns = {name: [row[name] for row in rows] for name in KINDS}
    return profile(columns, KINDS, {"i": [f"u{one}" for one in range(10)]})


def exact(column: ColumnProfile | None) -> dict[str, Any]:
    """Return what must be equal to the last bit, for columns of few values."""
    assert column is not None
    numbers = column.numbers
    ends = None if numbers is None else (numbers.n, numbers.minimum, numbers.maximum, numbers.error)
    asked = np.array([-1e6, -1.0, 0.0, 0.5, 1.0, 1e6])
    below = None if numbers is None else numbers.share_below(asked).tolist()
    counts = (column.rows, column.missing, column.infinite, dict(column.types), dict(column.counts), column.once)
    return {"counts": counts, "ends": ends, "below": below, "distinct": round(column.distinct)}


@settings(max_examples=60, deadline=None)
@given(st.lists(CELLS, max_size=40), st.lists(st.integers(0, 40), max_size=4), st.randoms(use_true_random=False))
def test_few_rows_are_merged_without_any_loss(rows: list[dict[str, Any]], cuts: list[int], chance: Random) -> None:
    ends = [0, *sorted(cuts), len(rows)]
    parts = [of(rows[start:end]) for start, end in pairwise(ends)]
    chance.shuffle(parts)
    merged = Profile.from_bytes(merge_all(parts).to_bytes())
    whole = of(rows)
    for name in KINDS:
        assert exact(merged.column(name)) == exact(whole.column(name))
    ours, theirs = (one.sketches["input", "n"].moments for one in (merged, whole))
    assert ours.n == theirs.n
    if math.isfinite(theirs.squares) and math.isfinite(ours.squares) and ours.n:
        largest = max(
            abs(row["n"]) for row in rows if isinstance(row["n"], int | float) and math.isfinite(_f(row["n"]))
        )
        assert ours.mean == pytest.approx(theirs.mean, rel=1e-9, abs=1e-13 * largest + 1e-300)
        spread, other = (math.sqrt(one.squares / one.n) for one in (ours, theirs))
        assert spread == pytest.approx(other, rel=1e-6, abs=1e-7 * largest + 1e-150)


def _f(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def test_a_month_is_a_merge_of_its_days_within_the_bounds_of_one_sketch() -> None:
    rng = np.random.default_rng(5)
    days: list[dict[str, Any]] = [
        {
            "n": rng.normal(day / 10, 1, 700),
            "c": [f"c{one}" for one in rng.zipf(1.3, 700) % 5000],
            "i": [f"u{one}" for one in rng.integers(0, 40_000, 700)],
        }
        for day in range(30)
    ]
    kinds: dict[str, ScalarType] = {"n": "number", "c": "category", "i": "identifier"}
    profiles = [profile(day, kinds) for day in days]
    forth, back = merge_all(profiles), merge_all(profiles[::-1])
    numbers = np.sort(np.concatenate([day["n"] for day in days]))
    labels = Counter(text for day in days for text in day["c"])
    known = Counter(text for day in days for text in day["i"])
    for month in (forth, back):
        read = month.column("n")
        assert read is not None and read.numbers is not None
        points = np.linspace(-3, 6, 200)
        true = np.searchsorted(numbers, points, side="right") / len(numbers)
        # Of 200 points of one sketch; the bound of a single one holds in 99 of 100 sketches.
        assert np.abs(read.numbers.share_below(points) - true).max() < 3 * read.numbers.error
        assert (read.numbers.n, read.numbers.minimum, read.numbers.maximum) == (21_000, numbers[0], numbers[-1])
        assert read.numbers.deviation == pytest.approx(numbers.std(ddof=1), rel=1e-12)
        named = month.column("c")
        assert named is not None
        assert all(labels[text] - 3.5 / 1024 * 21_000 <= times <= labels[text] for text, times in named.counts.items())
        assert set(named.counts) >= {text for text, times in labels.items() if times > 3.5 / 1024 * 21_000}
        assert named.distinct == pytest.approx(len(labels), rel=0.06)
        users = month.column("i")
        assert users is not None
        assert users.distinct == pytest.approx(len(known), rel=0.06)
        assert users.once == pytest.approx(sum(times == 1 for times in known.values()), rel=0.06)
    for name in ("c", "i"):  # depend on the set of values alone
        ours, theirs, whole = (
            forth.column(name),
            back.column(name),
            profile({name: [text for day in days for text in day[name]]}, kinds).column(name),
        )
        assert ours is not None and theirs is not None and whole is not None
        assert ours.once == theirs.once == whole.once
        assert ours.distinct == theirs.distinct == whole.distinct


def test_a_merge_leaves_its_parts_alone_and_needs_none() -> None:
    part = of([{"n": 1, "c": "a", "d": None, "i": "u1", "b": True}])
    before = part.to_bytes()
    merge_all([part, part, part])
    assert part.to_bytes() == before
    assert merge_all([]).columns() == []
    assert merge_all([part]).to_bytes() == before


def test_all_columns_of_different_kinds_are_named() -> None:
    first = profile({"x": [1], "y": [1], "z": [1]}, {"x": "number", "y": "number", "z": "number"})
    second = profile({"x": [1], "y": [1], "z": [1]}, {"x": "category", "y": "date", "z": "number"})
    with pytest.raises(ValueError, match=r"\['x', 'y'\]"):
        merge_all([first, second])
