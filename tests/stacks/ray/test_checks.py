"""What keeps a stack from working on a Ray cluster, found before anything begins."""

import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from schemas.home import Home
from schemas.stack import StackSpec
from stacks.checks import ray
from stacks.ray import cluster, probe

LOCAL = {"flavor": "local"}
PYTHON = "3.11.0"


def spec(resources: dict[str, Any] | None = None, store: dict[str, Any] | None = None, **settings: Any) -> StackSpec:
    return StackSpec.model_validate(
        {
            "name": "there",
            "orchestrator": {"flavor": "drivetrain_ray", "settings": settings},
            "artifact_store": store or LOCAL,
            "resources": resources or {},
        }
    )


def paths(declared: StackSpec, tmp_path: Path, sqlite: bool = True) -> list[str]:
    return [fault.path for fault in ray.faults(declared, sqlite, Home(tmp_path))]


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


def test_a_stack_without_ray_is_none_of_this(tmp_path: Path) -> None:
    other = StackSpec.model_validate({"name": "x", "orchestrator": LOCAL, "artifact_store": LOCAL})
    assert ray.faults(other, True, Home(tmp_path)) == []


@pytest.mark.parametrize("asked", [{"gpu_count": 64}, {"cpu_count": 100_000}, {"memory": "900TiB"}])
def test_more_than_this_machine_has_is_refused_of_a_cluster_on_it(asked: dict[str, Any], tmp_path: Path) -> None:
    assert paths(spec({"train": asked}), tmp_path) == ["stack.resources.train"]


def test_more_than_the_stack_gives_the_cluster_is_refused(tmp_path: Path) -> None:
    assert paths(spec({"train": {"cpu_count": 2}}, cpus=1), tmp_path) == ["stack.resources.train"]
    assert paths(spec({"train": {"cpu_count": 1}}, cpus=1), tmp_path) == []


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere.invalid:6379", "127.0.0.1", "host:port"])
def test_an_address_where_nothing_answers_is_refused(address: str, tmp_path: Path) -> None:
    assert paths(spec(address=address), tmp_path) == ["stack.orchestrator.settings.address"]


@pytest.mark.slow
def test_something_else_that_listens_is_no_cluster(listening: int, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(probe, "_LONGEST", 5.0)
    (fault,) = ray.faults(spec(address=f"127.0.0.1:{listening}"), True, Home(tmp_path))
    assert "nothing there answers" in fault.message


@pytest.mark.slow
def test_a_client_address_needs_a_server_a_store_and_artifacts_that_all_reach(listening: int, tmp_path: Path) -> None:
    there = f"ray://127.0.0.1:{listening}"
    assert paths(spec(address=there), tmp_path) == ["stack.orchestrator", "stack.artifact_store.flavor"]
    shared = {"flavor": "local", "settings": {"path": "/srv/shared"}}
    assert paths(spec(address=there, store=shared), tmp_path, sqlite=False) == []
    assert paths(spec(address="ray://127.0.0.1:1", store=shared), tmp_path, sqlite=False) == [
        "stack.orchestrator.settings.address"
    ]


def test_auto_is_what_the_environment_says_or_the_last_cluster_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "_LAST", tmp_path / "last")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(probe.UnreachableError, match="no cluster was started"):
        probe.resolved("auto")
    (tmp_path / "last").write_text("10.0.0.1:6379\n")
    assert probe.resolved("auto") == "10.0.0.1:6379"
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.2:6379")
    assert probe.resolved("auto") == "10.0.0.2:6379" and probe.resolved("host:1") == "host:1"


@pytest.mark.parametrize(("there", "same"), [((version("ray"), PYTHON), True), (("2.9.0", PYTHON), False)])
def test_both_sides_need_the_same_ray(there: tuple[str, str], same: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    python = there[1].replace("3.11", f"3.{sys.version_info.minor}")
    assert (probe.mismatch(probe.Cluster(there[0], python, (), ())) == "") is same
    assert probe.mismatch(probe.Cluster(there[0], "2.7.18", (), ()))


def test_a_cluster_with_other_machines_is_known_by_their_addresses() -> None:
    assert probe.Cluster("", "", ("127.0.0.1",), ()).is_here
    assert not probe.Cluster("", "", ("127.0.0.1", "203.0.113.9"), ()).is_here


def test_one_node_must_have_all_that_a_step_asks_for() -> None:
    nodes = ({"CPU": 8.0}, {"CPU": 2.0, "GPU": 1.0})
    assert probe.fits(probe.Cluster("", "", (), nodes), {"CPU": 2.0, "GPU": 1.0})
    assert not probe.fits(probe.Cluster("", "", (), nodes), {"CPU": 8.0, "GPU": 1.0})


def test_a_cluster_of_a_machine_that_was_started_anew_is_none(tmp_path: Path) -> None:
    home = Home(tmp_path)
    record = cluster.ClusterRecord(
        address="127.0.0.1:1", folder=str(tmp_path / "gone"), raylet=1, started=1, asked={"cpus": None, "gpus": None}
    )
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray" / "cluster.json").write_text(record.model_dump_json())
    assert cluster.record_of(home) is None
    assert cluster.stop(home) is False and not (tmp_path / "ray" / "cluster.json").exists()


def test_the_token_is_its_owners_alone(tmp_path: Path) -> None:
    file = cluster.token_file(Home(tmp_path))
    assert file.stat().st_mode & 0o777 == 0o600 and len(file.read_text()) == 64
    assert cluster.token_file(Home(tmp_path)) == file
