"""Labelled rows of a journal, joined with those of training, by a real package."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.features.cells import rows as as_sent
from ml.package.model import PackagedModel
from ml.retraining.collect import Found, Joined, Original, collect, too_few
from ml.retraining.join import SETS, Plan
from ml.retraining.rows import LabelledRow
from ml.split.random import RandomSplit, RandomSplitParams
from schemas.choice import Choice
from schemas.errors import ContentError
from schemas.retraining import Cause, RetrainSpec, Taking
from steps.components import create
from tests.ml.bench import Bench, rows

PLAN = Plan(RandomSplit(RandomSplitParams()), test=0.2, validation=0.2, by=None, salt="here")
TAKING = Taking(cause=Cause(name="hand:1", trigger="hand", why="asked"), last_label=9, as_of=1e9)
KNOWN, NEW = 200, 300


def sets(frame: pd.DataFrame) -> np.ndarray:
    return PLAN.splitter.assign(frame, "y", test=0.2, validation=0.2, by=None, salt="here")


@pytest.fixture(scope="module")
def model(
    benches: dict[str, Bench], packaged: Callable[..., PackagedModel], tmp_path_factory: pytest.TempPathFactory
) -> PackagedModel:
    bench = benches["binary"]
    trainer = create("train", Choice(name="logistic_regression"))
    fitted = trainer.fit(bench.matrix, bench.matrix, bench.signature, seed=0)
    root: Path = tmp_path_factory.mktemp("packages") / "model"
    return packaged(fitted, bench, root)


@pytest.fixture(scope="module")
def original(benches: dict[str, Bench]) -> Original:
    bench = benches["binary"]
    drawn = sets(bench.train)
    return Original(bench.train, {one: bench.train[drawn == one] for one in SETS}, bench.problem, [])


@pytest.fixture(scope="module")
def fresh() -> pd.DataFrame:
    return rows("binary", NEW, seed=5)


@pytest.fixture(scope="module")
def found(model: PackagedModel, original: Original, fresh: pd.DataFrame) -> list[LabelledRow]:
    """Rows that training has, then new ones, as a client sends them."""
    frame = pd.concat([original.rows.iloc[:KNOWN], fresh], ignore_index=True)
    instances = as_sent(frame, model.signature)
    return [
        LabelledRow(f"r{place}", 0, 1.0, "1", inputs, label, "ann" if place % 2 else "ben", 2.0)
        for place, (inputs, label) in enumerate(zip(instances, frame["y"], strict=True))
    ]


def taken(
    found: list[LabelledRow], original: Original, model: PackagedModel, spec: RetrainSpec, gone: int = 0
) -> Joined:
    return collect(Found(found, gone), original, model, "1", PLAN, TAKING, spec, seed=0)


@pytest.fixture(scope="module")
def done(found: list[LabelledRow], original: Original, model: PackagedModel) -> Joined:
    return taken(found, original, model, RetrainSpec(share=1.0), gone=3)


def test_rows_that_came_as_json_are_in_the_sets_in_which_training_would_have_them(
    done: Joined, original: Original, fresh: pd.DataFrame
) -> None:
    expected = [*sets(original.rows)[:KNOWN], *sets(pd.concat([original.rows, fresh], ignore_index=True))[700:]]
    assert [{"comparison": "test"}.get(use, use) for use in done.used["use"]] == expected
    assert done.used["request_id"].tolist() == [f"r{place}" for place in range(KNOWN + NEW)]


def test_what_is_joined_is_counted(done: Joined, original: Original) -> None:
    found = done.collection
    used = done.used["use"].value_counts().to_dict()
    assert (
        found.new == {"train": used["train"], "validation": used["validation"]} and found.recent == used["comparison"]
    )
    assert found.labelled == KNOWN + NEW + 3 and found.left_out == {"no longer in the journal": 3}
    assert len(done.train) == len(original.sets["train"]) + used["train"]
    assert len(done.rows) == len(done.train) + len(done.validation) + len(original.sets["test"])
    assert done.train.dtypes["big"] == "float64" and not done.recent["y"].isna().any()
    assert {one.source: (one.rows, one.passed) for one in found.sources} == {"ann": (250, True), "ben": (250, True)}


def test_flipped_labels_of_one_source_are_refused_by_its_name(
    found: list[LabelledRow], original: Original, model: PackagedModel
) -> None:
    draw, other = np.random.default_rng(0), {"yes": "no", "no": "yes"}
    flipped = [
        one._replace(label=other[one.label]) if one.source == "ann" and draw.random() < 0.3 else one for one in found
    ]
    (why,) = taken(flipped, original, model, RetrainSpec()).collection.refused
    assert "labels of source 'ann'" in why
    without = taken(flipped, original, model, RetrainSpec(exclude=["ann"])).collection
    assert without.refused == [] and without.left_out == {"of excluded sources": 250}


def test_labels_that_are_no_class_and_repeated_rows_are_left_out(
    found: list[LabelledRow], original: Original, model: PackagedModel
) -> None:
    again = [
        found[0]._replace(label="perhaps"),
        *found[1:60],
        *(one._replace(request_id="again") for one in found[1:40]),
    ]
    spec = RetrainSpec()
    one = taken(again, original, model, spec)
    assert one.collection.left_out == {
        "with a label that the problem does not have": 1,
        "labelled again later": 39,
    }
    assert one.used["request_id"].tolist() == [*(f"r{place}" for place in range(40, 60)), *["again"] * 39]
    assert "59 of 99 labelled rows can be used, fewer than retrain.min_labels 100" in str(too_few(one.collection, spec))
    kept = taken(again, original, model, RetrainSpec(duplicates="keep")).collection
    assert "labelled again later" not in kept.left_out and too_few(kept, RetrainSpec(min_labels=98)) is None


def test_a_table_that_lost_a_column_of_the_model_is_told(
    found: list[LabelledRow], original: Original, model: PackagedModel
) -> None:
    fewer = Original(original.rows.drop(columns="color"), original.sets, original.problem, [])
    with pytest.raises(ContentError, match="no longer have 'color', which version 1 in production takes"):
        taken(found, fewer, model, RetrainSpec())
