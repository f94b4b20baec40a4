"""What is looked at before a run is seen as its steps would see it, with the variables of the stack."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.preflight.run import preflight
from cli.sweep.expand import Words
from cli.sweep.jobs import Job, preflight_all
from ml.sources.csv import CsvSource
from schemas.errors import ConfigurationError, Fault
from schemas.run import Run
from tests.stacks.checks.filled import shipped

Load = Callable[..., Run]
KEYS = {"AWS_ACCESS_KEY_ID": {"env": "STORE_KEY"}, "AWS_REGION": "eu-central-1"}
OF_ZENML = {"AWS_ACCESS_KEY_ID": {"secret": "store", "key": "id"}}


@pytest.fixture
def run(load: Load, empty: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run whose rows only somebody with the key of the store may see."""

    def look(_source: CsvSource) -> list[Fault]:
        allowed = os.environ.get("AWS_ACCESS_KEY_ID") == "store"
        return [] if allowed else [Fault("path", "there are no credentials")]

    (empty / "rows.csv").write_text("price,agency_id,sold_on\n1,2,2026-01-01\n")
    monkeypatch.setattr(CsvSource, "preflight", look)
    for name in ("AWS_ACCESS_KEY_ID", "STORE_KEY"):
        monkeypatch.delenv(name, raising=False)
    return load("+experiment=houses", "data=csv", "data.path=rows.csv", "data.target=price", "pipeline=training")


def on(run: Run, environment: object) -> Run:
    return run.model_copy(update={"stack": shipped("local", {"environment": environment})})


def faults(look: Callable[[], None]) -> list[str]:
    try:
        look()
    except ConfigurationError as error:
        return [f"{fault.path}: {fault.message}" for fault in error.faults]
    return []


def test_the_variables_of_the_stack_are_there(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORE_KEY", "store")
    assert faults(lambda: preflight(run)) == ["data.path: there are no credentials"]
    assert faults(lambda: preflight(on(run, KEYS))) == []
    assert "AWS_ACCESS_KEY_ID" not in os.environ


def test_one_that_is_missing_is_told_with_what_is_wrong_with_a_file_of_this_machine(run: Run) -> None:
    variable, file = faults(lambda: preflight(on(run, KEYS)))
    assert variable.startswith("stack.environment.AWS_ACCESS_KEY_ID: the environment variable STORE_KEY is not set")
    assert file == "data.path: there are no credentials"


def test_one_that_is_missing_is_told_in_the_place_of_what_is_not_seen_without(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CsvSource, "needs_this_machine", False)
    (fault,) = faults(lambda: preflight(on(run, KEYS)))
    assert fault.startswith("stack.environment.AWS_ACCESS_KEY_ID: the environment variable STORE_KEY is not set")
    (fault,) = faults(lambda: preflight(on(run, OF_ZENML)))
    assert fault == "stack.environment.AWS_ACCESS_KEY_ID: ZenML has no secret 'store'"
    assert not Path("zenml").exists(), "looking makes no store"


def test_one_that_is_missing_and_not_needed_is_told_with_the_rest_of_the_stack(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CsvSource, "preflight", lambda _source: [])
    assert faults(lambda: preflight(on(run, KEYS))) == []


def test_a_sweep_looks_as_a_run_does(run: Run) -> None:
    jobs = [Job(0, Words((), {}), None, on(run, KEYS))]  # type: ignore[arg-type]
    fault, _ = faults(lambda: preflight_all(jobs))
    assert fault.startswith("stack.environment.AWS_ACCESS_KEY_ID")


def test_an_address_that_other_machines_reach_is_told_with_what_else_is_wrong(load: Load, empty: Path) -> None:
    words = ["+experiment=houses", "data=csv", "data.path=none.csv", "data.target=price", "deploy.host=0.0.0.0"]
    file, host = faults(lambda: preflight(load(*words)))
    assert file.startswith("data.path: ") and host.startswith("deploy.host: other machines reach 0.0.0.0")
    assert not any("deploy.host" in one for one in faults(lambda: preflight(load(*words, "deploy.open=true"))))
    assert not any("deploy.host" in one for one in faults(lambda: preflight(load(*words, "pipeline=training"))))
    words += ["deploy.open=true", "journal.archive=/dev/null/x", "journal.keep_days=1"]
    assert any("journal.archive: /dev/null is no folder" in one for one in faults(lambda: preflight(load(*words))))
