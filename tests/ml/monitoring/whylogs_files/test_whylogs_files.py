"""Files of whylogs: packages from before, anybody's, and ours written as such."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.profiles import Profile, merge_all, profile
from ml.monitoring.whylogs_files.library import whylogs
from ml.monitoring.whylogs_files.writing import write
from schemas.errors import PackageError

HERE = Path(__file__).parent
POINTS, SHARES = np.linspace(-5, 10, 16), np.linspace(0, 1, 21)


def column(of: Profile, key: str) -> ColumnProfile:
    role, name = key.split(":", 1)
    found = of.column(name) if role == "input" else of.prediction(name)
    assert found is not None, key
    return found


def said(of: ColumnProfile) -> dict[str, Any]:
    return {
        "rows": of.rows,
        "missing": of.missing,
        "infinite": of.infinite,
        "kind": of.kind,
        "counts": dict(of.counts),
        "once": of.once,
        "distinct": of.distinct,
        "types": dict(of.types),
        "below": None if of.numbers is None else of.numbers.share_below(POINTS).tolist(),
        "quantiles": None if of.numbers is None else of.numbers.quantiles(SHARES).tolist(),
        "deviation": None if of.numbers is None else of.numbers.deviation,
    }


def test_a_package_from_before_says_what_it_said() -> None:
    """Against what whylogs and the code of then read from this file."""
    read = Profile.from_bytes((HERE / "before_format_1.bin").read_bytes())
    expected = json.loads((HERE / "before_format_1.json").read_text(encoding="utf-8"))
    assert len(expected) == len(read.sketches) == 12
    for key, before in expected.items():
        now = column(read, key)
        for name in ("kind", "rows", "missing", "infinite", "counts", "once"):
            assert getattr(now, name) == before[name], (key, name)
        assert now.distinct == pytest.approx(before["distinct"], rel=0.01)
        numbers, then = now.numbers, before["numbers"]
        assert (numbers is None) == (then is None)
        if numbers is not None:
            for name in ("n", "minimum", "maximum", "error", "deviation"):
                assert getattr(numbers, name) == then[name], (key, name)
            assert numbers.share_below(POINTS).tolist() == then["below"]
            assert numbers.share_below(POINTS, inclusive=False).tolist() == then["strictly_below"]
            if numbers.error == 0:
                assert numbers.quantiles(SHARES).tolist() == then["quantiles"]
    assert column(read, "input:größe 寸").types["integral"] == 400
    assert column(read, "input:größe 寸").types["fractional"] == 0  # was 400 as well


def test_what_was_read_goes_into_our_format_and_back_unchanged() -> None:
    read = Profile.from_bytes((HERE / "before_format_1.bin").read_bytes())
    ours = Profile.from_bytes(read.to_bytes())
    again = Profile.from_bytes(write(ours.sketches))
    for key in json.loads((HERE / "before_format_1.json").read_text(encoding="utf-8")):
        assert said(column(ours, key)) == said(column(read, key)) == said(column(again, key))


def test_whylogs_reads_what_we_write() -> None:
    numbers = np.random.default_rng(2).normal(size=4000)
    found = profile({"n": numbers, "c": ["a", "b", "a", None] * 1000}, {"n": "number", "c": "category"})
    view = whylogs().View.deserialize(write(found.sketches))
    summary = view.get_column("n").to_summary_dict()
    assert summary["counts/n"] == summary["distribution/n"] == 4000
    assert summary["distribution/stddev"] == pytest.approx(numbers.std(ddof=1), rel=1e-12)
    assert summary["distribution/median"] == pytest.approx(np.median(numbers), abs=0.03)
    assert (summary["distribution/min"], summary["distribution/max"]) == (numbers.min(), numbers.max())
    assert summary["cardinality/est"] == pytest.approx(4000, rel=0.06)
    labels = view.get_column("c").get_metric("frequent_items").to_summary_dict()["frequent_strings"]
    assert {one.value: one.est for one in labels} == {"a": 2000, "b": 1000}


def test_a_file_of_why_log_is_read_as_its_values_suggest() -> None:
    read = Profile.from_bytes((HERE / "why_log.bin").read_bytes())
    found = {name: column(read, f"input:{name}") for name in read.columns()}
    kinds = {"x": "number", "n": "number", "c": "category", "b": "boolean", "mixed": "category"}
    assert {name: one.kind for name, one in found.items()} == kinds
    assert found["c"].counts == {"a": 25, "b": 25}
    assert found["b"].counts == {"True": 25, "False": 25}
    assert found["b"].numbers is None
    numbers = found["n"].numbers
    assert numbers is not None
    assert (numbers.n, numbers.minimum, numbers.maximum, found["n"].missing) == (50, 0.0, 49.0, 0)
    assert numbers.deviation == pytest.approx(np.arange(50.0).std(ddof=1))


def test_merged_with_ours_labels_that_occur_once_are_exact_or_too_many() -> None:
    first = profile({"c": ["a", "b"], "i": ["u", "v"]}, {"c": "category", "i": "identifier"})
    second = Profile.from_bytes(write(profile({"c": ["a"], "i": ["u"]}, {"c": "category", "i": "identifier"}).sketches))
    merged = Profile.from_bytes(merge_all([first, second]).to_bytes())
    assert column(merged, "input:c").once == 1
    assert column(merged, "input:i").once == 3
    assert column(merge_all([first, first]), "input:c").once == 0


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["before_format_1.bin", "why_log.bin"]), st.data())
def test_a_damaged_file_is_refused_or_makes_sense(file: str, data: st.DataObject) -> None:
    """Its own reader ends the process at some of them."""
    changed = bytearray((HERE / file).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(4, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = Profile.from_bytes(bytes(changed))
    except PackageError as error:
        assert "cannot be read" in str(error)
        return
    merged = Profile.from_bytes(merge_all([read, read]).to_bytes())
    for name in merged.columns():
        assert column(merged, f"input:{name}").rows == 2 * column(read, f"input:{name}").rows


def test_several_segments_are_refused_and_not_read_in_part() -> None:
    whole = (HERE / "why_log.bin").read_bytes()
    assert whole[4] == 0, "it has no segments"
    segments = b"\x08\x01" + b"\x2a\x04\x08\x00\x10\x00" + b"\x2a\x04\x08\x01\x10\x63"  # beginning at 0 and 99
    with pytest.raises(PackageError, match="2 segments"):
        Profile.from_bytes(b"WHY1" + bytes([len(segments)]) + segments + whole[5:])


@pytest.mark.parametrize("file", ["before_format_1.bin", "why_log.bin"])
def test_what_is_cut_short_is_refused(file: str) -> None:
    whole = (HERE / file).read_bytes()
    for size in (4, 40, len(whole) // 2, len(whole) - 9):
        with pytest.raises(PackageError, match="cannot be read"):
            Profile.from_bytes(whole[:size])
