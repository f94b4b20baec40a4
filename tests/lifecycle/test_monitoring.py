"""Held-out rows are quiet, shifted ones alarm, and an operator can go back."""

import time
from pathlib import Path

import pytest

from examples.demo import ROWS, held_out_rows, play, shifted
from serving.__main__ import main as operators
from serving.journal.predictions import count
from tests.lifecycle.conftest import Result, World, ask

pytestmark = pytest.mark.untraced


def test_held_out_rows_are_ok_and_a_shifted_copy_is_drift(first: Result, world: World) -> None:
    url = first.summary["deployment"]["url"]
    rows = held_out_rows("breast_cancer")[:ROWS]
    journal = f"sqlite:///{world.home / 'journals' / 'breast_cancer.db'}"
    before = count(journal)
    play(url, rows)
    assert count(journal) == before + len(rows), "every predicted row is in the journal"
    calm = world.run("+experiment=breast_cancer", "pipeline=monitoring", "monitor.window=200")
    play(url, shifted(rows))
    alarmed = world.run("+experiment=breast_cancer", "pipeline=monitoring", "monitor.window=200")
    verdicts = [result.summary["monitoring"]["verdict"] for result in (calm, alarmed)]
    assert verdicts == ["ok", "drift"]
    assert (calm.code, alarmed.code) == (0, 0)
    assert "The data has drifted" in Path(alarmed.summary["monitoring"]["report"]).read_text(encoding="utf-8")


def test_a_rollback_changes_what_is_served_and_the_next_run_mirrors_it_in_zenml(first: Result, world: World) -> None:
    from zenml.client import Client

    url = first.summary["deployment"]["url"]
    world.run("+experiment=breast_cancer")
    before = ask(url, "/releases")
    assert operators(["rollback", "breast_cancer"]) == 0
    time.sleep(0.3)  # the service follows within a tenth of a second
    after = ask(url, "/releases")
    assert after[0]["version"] != before[0]["version"]
    world.run("+experiment=breast_cancer", "pipeline=monitoring")
    assert Client().get_model_version("breast_cancer", "production").name == after[0]["version"]
