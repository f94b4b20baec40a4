"""Profiles: any values go in, what drift needs comes out, bytes and merges keep it."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml.features.cells import cells
from ml.monitoring.column_profile import ColumnProfile
from ml.monitoring.column_summary import summarize
from ml.monitoring.profiles import KNOWN, UNKNOWN, Profile, profile, reference_profile
from ml.predictions.predictor import Predictions
from schemas.column_types import ScalarType
from schemas.errors import PackageError
from schemas.signature import IdentifierDerivation, Input, Output, Signature

NUMBER: dict[str, ScalarType] = {"x": "number"}
CATEGORY: dict[str, ScalarType] = {"x": "category"}
OLD = Path(__file__).parent / "whylogs_files" / "before_format_1.bin"
AWKWARD = [None, float("nan"), float("inf"), 1, 10**400, -(10**400), 2.5, True, "text", "\ud800", [1], pd.NaT, pd.NA]


def x_of(read: Profile) -> Any:
    """Return the column `x`, which must be there; what it may lack, such as numbers, a test finds missing itself."""
    return found(read.column("x"))


def found(column: ColumnProfile | None) -> Any:
    assert column is not None
    return column


@pytest.mark.parametrize("kind", ["number", "boolean", "category", "identifier", "date"])
def test_a_column_of_everything_is_profiled_and_nothing_is_lost(kind):
    column = x_of(Profile.from_bytes(profile({"x": AWKWARD}, {"x": kind}).to_bytes()))
    assert column.rows == len(AWKWARD)
    assert column.missing + sum(column.types.values()) == column.rows


@pytest.mark.parametrize("values", [[], np.empty(0), [None, None], np.array([np.nan, np.nan])])
@pytest.mark.parametrize("kind", ["number", "boolean", "category", "identifier", "date"])
def test_columns_without_values_have_none(values, kind):
    column = x_of(Profile.from_bytes(profile({"x": values}, {"x": kind}).to_bytes()))
    assert (column.rows, column.present, column.numbers, dict(column.counts)) == (len(values), 0, None, {})


def test_infinities_and_missing_numbers_stay_out_of_the_distribution():
    column = x_of(profile({"x": np.array([1.0, np.nan, np.inf, -np.inf, 3.0])}, NUMBER))
    assert (column.missing, column.infinite, column.numbers.n) == (1, 2, 2)
    assert (column.numbers.minimum, column.numbers.maximum) == (1.0, 3.0)


def test_arrays_and_lists_give_the_same_profile():
    values = np.random.default_rng(0).normal(size=500)
    array, listed = (x_of(profile({"x": side}, NUMBER)).numbers for side in (values, values.tolist()))
    points = np.linspace(-2, 2, 41)
    assert np.array_equal(array.share_below(points), listed.share_below(points))
    exact = [(values <= point).mean() for point in points]
    assert np.allclose(array.share_below(points), exact, atol=1e-12)


def test_one_true_and_the_text_one_are_counted_apart():
    column = x_of(profile({"x": [1, True, "1", 1.0, "a"]}, CATEGORY))
    assert column.counts == {"1": 3, "True": 1, "a": 1}
    assert column.types["boolean"] == 1


def test_column_names_may_be_unicode_reserved_or_broken():
    names = ["größe 寸法", "drivetrain:prediction:label", "\ud800", "", "<script>"]
    read = Profile.from_bytes(profile({name: [1] for name in names}, dict.fromkeys(names, "number")).to_bytes())
    assert all(found(read.column(name)).rows == 1 for name in names)
    assert read.prediction("label") is None


def test_dates_become_days_from_text_arrays_and_offsets():
    texts = ["1970-01-02", "1970-01-03T12:00:00", "1970-01-02T01:00:00+01:00", "never", None]
    found = summarize(texts, "date")
    assert sorted(found.numbers) == [1.0, 1.0, 2.5]
    assert (found.missing, found.types["string"]) == (1, 1)
    array = np.array(["1970-01-02", "NaT"], dtype="datetime64[us]")
    assert summarize(array, "date").numbers.tolist() == [1.0]
    assert summarize(array, "date").missing == 1


def test_booleans_are_counted_whether_array_or_list():
    assert summarize(np.array([True, False, True]), "boolean").counts == {"True": 2, "False": 1}
    assert summarize([True, 0, "true", None, 5], "boolean").counts == {"True": 2, "False": 1}
    assert summarize([True, 0, "true", None, 5], "boolean").types["integral"] == 1


def test_identifiers_are_known_or_unknown_and_keep_their_cardinality():
    values = [f"id{number}" for number in range(2000)]
    column = x_of(profile({"x": values}, {"x": "identifier"}, known={"x": values[:500]}))
    assert column.counts == {KNOWN: 500, UNKNOWN: 1500}
    assert column.distinct == pytest.approx(2000, rel=0.1)


def test_many_categories_keep_counts_that_are_never_too_high():
    values = [f"c{number % 3000}" for number in range(9000)] + ["often"] * 5000
    column = x_of(profile({"x": values}, CATEGORY))
    assert column.counts["often"] <= 5000
    assert column.counts["often"] > 4900
    assert sum(column.counts.values()) <= column.present
    assert all(times <= 3 for text, times in column.counts.items() if text != "often")


def test_long_labels_keep_apart():
    first, second = "x" * 5000, "x" * 5000 + "y"
    counts = x_of(profile({"x": [first, second]}, CATEGORY)).counts
    assert len(counts) == 2
    assert max(map(len, counts)) <= 128


def test_a_merge_equals_the_profile_of_all_rows_and_leaves_its_parts_alone():
    values = np.random.default_rng(1).normal(size=600)
    labels = ["a", "b", None] * 200
    kinds: dict[str, ScalarType] = {"x": "number", "y": "category"}
    whole = profile({"x": values, "y": labels}, kinds)
    parts = [profile({"x": values[half], "y": labels[half]}, kinds) for half in (slice(0, 250), slice(250, None))]
    merged = Profile.from_bytes(parts[0].merge(parts[1]).to_bytes())
    assert found(merged.column("y")).counts == found(whole.column("y")).counts
    assert found(merged.column("y")).missing == found(whole.column("y")).missing
    points = np.linspace(-2, 2, 9)
    ours, theirs = (x_of(side).numbers.share_below(points) for side in (merged, whole))
    assert np.allclose(ours, theirs, atol=0.01)
    assert x_of(parts[0]).numbers.n == 250


def test_columns_of_different_kinds_do_not_merge():
    with pytest.raises(ValueError, match="x"):
        profile({"x": [1]}, NUMBER).merge(profile({"x": [1]}, CATEGORY))


def test_the_same_rows_give_the_same_bytes():
    columns: dict[str, Any] = {"x": np.arange(100.0), "y": ["a", "b"] * 50}
    kinds: dict[str, ScalarType] = {"x": "number", "y": "category"}
    assert profile(columns, kinds).to_bytes() == profile(columns, kinds).to_bytes()


@pytest.mark.parametrize("damage", [b"", b"nothing", b"WHY1" + b"\0" * 40])
def test_what_is_no_profile_is_refused_by_name(damage):
    with pytest.raises(PackageError, match="the profile cannot be read"):
        Profile.from_bytes(damage)


def test_a_cut_profile_is_refused():
    whole = profile({"x": np.arange(100.0)}, NUMBER).to_bytes()
    for length in (10, len(whole) // 2, len(whole) - 5):
        with pytest.raises(PackageError):
            Profile.from_bytes(whole[:length])


def test_the_reference_holds_inputs_and_predictions():
    frame = pd.DataFrame(
        {
            "n": [1, 2, None, 4],
            "c": ["a", "b", "a", None],
            "d": pd.to_datetime(pd.Series(["2024-01-01", None, "2024-01-03", "2024-01-04"])),
            "i": ["u", "v", "u", "w"],
            "left out": [1, 2, 3, 4],
        }
    )
    types: dict[str, ScalarType] = {"n": "number", "c": "category", "d": "date", "i": "identifier"}
    signature = Signature(
        inputs=[Input(name=name, type=kind) for name, kind in types.items()],
        derivations=[IdentifierDerivation(column="i", values=["u", "v", "w"])],
        features=["i"],
        output=Output(task="multiclass", target="t", classes=["no", "yes", 3]),
    )
    answers = Predictions(codes=np.array([0, 1, -1, 2]), probabilities=np.array([[0.5, 0.3, 0.2]] * 4))
    read = Profile.from_bytes(reference_profile(cells(frame, signature), signature, answers))
    assert set(read.columns()) == set(types)
    assert found(read.column("n")).missing == 1
    assert found(read.column("d")).numbers.n == 3
    assert found(read.column("i")).counts == {KNOWN: 4}
    assert found(read.column("i")).once == 2
    assert found(read.prediction("label")).counts == {"no": 1, "yes": 1, "3": 1}
    assert found(read.prediction("label")).missing == 1
    assert math.isclose(found(read.prediction("confidence")).numbers.maximum, 0.5)


def test_a_regression_reference_holds_the_values():
    signature = Signature(inputs=[], derivations=[], features=[], output=Output(task="regression", target="t"))
    answers = Predictions(values=np.array([1.5, 2.5]))
    read = Profile.from_bytes(reference_profile({}, signature, answers))
    assert found(read.prediction("value")).numbers.maximum == 2.5


@pytest.mark.slow
def test_profiles_and_reading_whylogs_files_need_no_whylogs_and_writing_them_keeps_the_users_choice():
    code = (
        "import sys, os, json; os.environ['WHYLOGS_NO_ANALYTICS'] = 'mine'\n"
        "import ml.monitoring.drift, ml.monitoring.report, pathlib\n"
        "from ml.monitoring.profiles import Profile, profile\n"
        "Profile.from_bytes(profile({'x': [1, 2]}, {'x': 'number'}).to_bytes()).column('x')\n"
        f"old = Profile.from_bytes(pathlib.Path({str(OLD)!r}).read_bytes())\n"
        "early = 'whylogs' in sys.modules\n"
        "from ml.monitoring.whylogs_files.writing import write; write(old.sketches)\n"
        "print(json.dumps([early, 'whylogs' in sys.modules, os.environ['WHYLOGS_NO_ANALYTICS']]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [False, True, "mine"]
