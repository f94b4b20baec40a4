"""A training run reads each table once, verifies each package once, and a name decides no reuse."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import ml.package.storage as storage
import ml.schema_inference.infer as inference
import steps.materializers.frame as frame_materializer
import steps.materializers.package as package_materializer
from ml.schema_inference.column_types import guess
from ml.values.digest import frame_digest
from steps.materializers.frame import FrameMaterializer
from tests.lifecycle.conftest import Result, World

pytestmark = [pytest.mark.own_worker, pytest.mark.untraced]
RUN = ("+experiment=diabetes", "pipeline=training")


@pytest.fixture(scope="module")
def counted(world: World) -> Iterator[tuple[Result, Counter[str]]]:
    """A first training run, and how often what costs was done."""
    times: Counter[str] = Counter()

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any) -> Any:
            times[name] += 1
            return function(*arguments)

        return called

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FrameMaterializer, "_read", counting("tables read", FrameMaterializer._read))
        digest = counting("tables hashed", frame_digest)
        patch.setattr(frame_materializer, "frame_digest", digest)
        patch.setattr(inference, "guess", counting("types inferred", guess))
        verify = counting("packages verified", storage.verify)
        patch.setattr(storage, "verify", verify)
        patch.setattr(package_materializer, "verify", verify)
        yield world.run(*RUN), times


def test_each_table_is_read_once(counted: tuple[Result, Counter[str]]) -> None:
    result, times = counted
    assert result.code == 0, result.said
    assert times["tables read"] == 4, "all rows and the three sets"


def test_a_package_is_verified_when_it_is_made_and_when_it_is_loaded(counted: tuple[Result, Counter[str]]) -> None:
    _, times = counted
    # Candidate and baseline: once when they were written, once when a later step took them. The sealed one is loaded by
    # `register`.
    assert 1 <= times["packages verified"] <= 5


def test_each_table_is_hashed_and_each_column_typed_once(counted: tuple[Result, Counter[str]], world: World) -> None:
    _, times = counted
    assert times["tables hashed"] == 4, "when each was stored"
    assert times["types inferred"] == 10, "the columns"
    kept = {
        frame_digest(pd.read_parquet(file)): len(pd.read_parquet(file)) for file in world.folder.rglob("rows.parquet")
    }
    manifests = [storage.read_manifest(file.parent) for file in world.folder.rglob("manifest.json")]
    assert len(manifests) >= 3 and len(kept) == 4
    for manifest in manifests:
        assert kept[manifest.data.fingerprint] == manifest.data.rows["train"], "that of the training rows"


def test_another_name_trains_nothing_again(counted: tuple[Result, Counter[str]], world: World) -> None:
    named = world.run(*RUN, "name=sugar")
    assert named.code == 0 and named.summary["model"]["name"] == "sugar"
    assert {"load", "split", "fit_features", "train", "train_baseline", "evaluate", "profile"} <= named.reused
    assert "open_test_set" in named.reused, "the page that has the name is the gate's"
    assert {"gate", "package", "register"} <= named.ran
