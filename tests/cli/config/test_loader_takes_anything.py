"""Whatever stands on the command line or in a file: a Run, or a ConfigurationError. Never another exception."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cli.config.arguments import parse_arguments
from cli.config.compose import Composition, compose
from cli.config.load import load_run
from cli.config.passes import PASSES
from cli.config.reading import Reading, read
from schemas.errors import ConfigurationError
from schemas.run import Run

pytestmark = [pytest.mark.untraced, pytest.mark.slow]

KNOWN_KEYS = (
    "name seed metric data split trainer gate deploy monitor stack baseline pipeline target task columns checks "
    "test min max port window path type flavor resources orchestrator no_worse_than_production tolerance "
    "beat_baseline rows severity parts"
)
KNOWN_WORDS = (
    "csv ridge random_forest auto regression binary local ??? ${seed} ${a} y _target_ training 1000 24h accuracy r2 "
    "stratified majority date null [1,2] {a:b} é"
)
KEYS, WORDS = st.sampled_from(KNOWN_KEYS.split()), st.sampled_from(KNOWN_WORDS.split())
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=8)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
TREES = st.dictionaries(KEYS, JUNK, max_size=8)
DOTTED = st.lists(KEYS | st.text(alphabet="ab_@/~+.= {}[]$'\"\\,:(", max_size=5), min_size=1, max_size=4).map(".".join)
OVERRIDES = st.builds(
    lambda plus, key, value: f"{plus}{key}={value}",
    st.sampled_from(["", "+", "++", "~"]),
    DOTTED,
    WORDS | st.text(max_size=10) | st.integers().map(str) | st.floats().map(str),
)
MANY = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def composed() -> Composition:
    return compose(parse_arguments(["+experiment=diabetes"]))


def loads_or_faults(words: list[str]) -> None:
    try:
        assert isinstance(load_run(compose(parse_arguments(words))), Run)
    except ConfigurationError as error:
        assert error.faults
        assert all(fault.message for fault in error.faults)


@MANY
@given(st.lists(OVERRIDES | st.text(max_size=12), max_size=4))
@example(["trainer.="])
@example(["a.b.c={d:{e:[1,{f:null}]}}"])
@example(["data.columns={x:{type:date,parts:[]}}"])
@example(["split=random@x"])
@example(["x@y:z=1"])
@example(["name=${"])
@example(["name=${{"])
@example(["hydra.run.dir=${hydra.run.dir}"])
def test_any_overrides_give_a_run_or_faults(words: list[str]) -> None:
    loads_or_faults(["+experiment=diabetes", "--", *words])


@MANY
@given(TREES)
def test_any_experiment_file_gives_a_run_or_faults(tree: dict[str, Any]) -> None:
    defaults = {"defaults": [{"override /data": "csv"}]}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "experiment" / "x.yaml"
        file.parent.mkdir()
        file.write_text(
            "# @package _global_\n" + yaml.safe_dump({**defaults, **tree}, allow_unicode=True), encoding="utf-8"
        )
        loads_or_faults([f"--config-dir={folder}", "+experiment=x"])


@MANY
@given(st.text(max_size=60))
def test_any_text_as_an_experiment_file_gives_faults(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "experiment" / "x.yaml"
        file.parent.mkdir()
        file.write_text("# @package _global_\n" + text, encoding="utf-8", errors="surrogatepass")
        loads_or_faults([f"--config-dir={folder}", "+experiment=x"])


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_any_plain_tree_is_read_or_faulted(tree: dict[str, Any]) -> None:
    _, *later = PASSES  # the first fills the tree
    reading = read(Reading(composed(), tree), later)
    assert (reading.run is None) == bool(reading.faults)
