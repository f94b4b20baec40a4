"""What a command does ahead on a Ray cluster: join it where a run would, and leave all that is wrong to the run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ml.io.process_token import started_at
from schemas.errors import DrivetrainError
from schemas.home import Home
from schemas.stack import StackSpec
from stacks.ray import ahead, cluster


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a cluster that lives, as this process does."""
    since = started_at(os.getpid())
    assert since is not None
    record = cluster.ClusterRecord(
        address="127.0.0.1:1", folder=str(tmp_path), raylet=os.getpid(), started=since, asked=cluster.asked({})
    )
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "cluster.json").write_text(record.model_dump_json())
    return Home(tmp_path)


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What connections do, in order; no cluster is there."""
    done: list[str] = []

    @contextmanager
    def connected(address: str, code: Path, variables: dict[str, str]) -> Iterator[Any]:
        done.append(f"joined {address}")
        try:
            yield Ray(done)
        finally:
            done.append("left")

    monkeypatch.setattr(ahead, "connected", connected)
    monkeypatch.setattr(ahead, "mailbox", lambda _ray, kept: "box")
    return done


class Ray:
    """Stands for the module: notes what tasks are asked for."""

    def __init__(self, done: list[str]) -> None:
        self._done = done

    def remote(self, *what: Any, **options: Any) -> Any:
        """Make a task of a function, or ask for it."""
        if options:
            return lambda function: self
        self._done.append(f"warmed up with {what[0]}")
        return None


def spec(**settings: Any) -> StackSpec:
    """Return a stack whose steps run on Ray."""
    parts = {name: {"flavor": "local"} for name in ("artifact_store", "deployer", "data_validator")}
    return StackSpec.model_validate(
        {"name": "ray", "orchestrator": {"flavor": cluster.FLAVOR, "settings": settings}, **parts}
    )


def test_a_cluster_that_runs_is_joined_and_left_at_the_end(home: Home, joined: list[str]) -> None:
    with ahead.joined_ahead(spec(), home):
        assert joined == ["joined 127.0.0.1:1", "warmed up with {}"]
    assert joined[2:] == ["left"]


def test_the_first_run_takes_the_connection_and_ends_it_and_the_next_makes_its_own(
    home: Home, joined: list[str]
) -> None:
    with ahead.joined_ahead(spec(), home):
        first, second = ahead.connection(), ahead.connection()
        first.close()
        assert joined[-1] == "left" and second is not first
    assert joined.count("left") == 1


@pytest.mark.parametrize("wrong", [{"cpus": "many"}, {"cpus": [1]}, {"cpus": 3}, {"address": "10.0.0.1:6379"}])
def test_another_cluster_than_declared_or_nonsense_is_left_to_the_run(
    wrong: dict[str, Any], home: Home, joined: list[str]
) -> None:
    with ahead.joined_ahead(spec(**wrong), home):
        assert joined == []


def test_one_that_does_not_let_in_is_left_to_the_run(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def refused(*_: Any) -> Iterator[Any]:
        raise DrivetrainError("it cannot be used")
        yield

    monkeypatch.setattr(ahead, "connected", refused)
    with ahead.joined_ahead(spec(), home) as open_store:
        open_store()
        assert not ahead._ahead


def test_without_a_cluster_or_on_another_stack_nothing_is_done(tmp_path: Path, home: Home, joined: list[str]) -> None:
    with ahead.joined_ahead(spec(), Home(tmp_path / "another")) as open_store:
        open_store()
    local = spec().model_copy(update={"orchestrator": spec().orchestrator.model_copy(update={"flavor": "local"})})
    with ahead.joined_ahead(local, home) as open_store:
        open_store()
    assert joined == []
