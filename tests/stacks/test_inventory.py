"""`python -m stacks`: what was made, and its removal with what only it used."""

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.stack import StackSpec
from stacks.__main__ import main
from tests.lifecycle.conftest import World, fresh_world

pytestmark = [pytest.mark.own_worker, pytest.mark.slow]

_LOCAL = {"flavor": "local"}


def spec(name: str, **parts: Any) -> StackSpec:
    return StackSpec.model_validate({"name": name, "orchestrator": _LOCAL, "artifact_store": _LOCAL, **parts})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from fresh_world(tmp_path_factory.mktemp("world"), prepared=False)


@pytest.fixture(scope="module")
def client(home: World) -> Any:
    from stacks.session import zenml_session

    with zenml_session(lambda _record: None) as found:
        return found


def make(client: Any, declared: StackSpec) -> None:
    from stacks.apply import apply_stack

    apply_stack(client, declared, lambda _change: None)


def test_nothing_was_made_where_nothing_ran(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ZENML_CONFIG_PATH", str(tmp_path / "nowhere"))
    assert (main(["list"]), main(["remove", "local"])) == (0, 2)
    assert "No run has made a stack here yet." in capsys.readouterr().out
    assert not (tmp_path / "nowhere").exists()


def test_a_stack_is_listed_shown_and_removed_and_what_another_holds_stays(
    client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    slack = {
        "flavor": "slack",
        "settings": {"slack_channel_id": "C1", "slack_token": {"secret": "hub", "key": "token"}},
    }
    make(client, spec("one", deployer={"flavor": "drivetrain_bentoml"}))
    make(client, spec("two", deployer={"flavor": "drivetrain_bentoml"}, alerter=slack))
    assert main(["list"]) == 0
    assert "two: " in (listed := capsys.readouterr().out) and "alerter slack" in listed
    assert main(["show", "two"]) == 0
    shown = capsys.readouterr().out
    assert "slack_token={{hub.token}}" in shown and "shared with one" in shown
    assert main(["remove", "two"]) == 0
    removed = capsys.readouterr().out
    assert "deployer drivetrain-bentoml: stays, used by drivetrain-one" in removed
    assert [line for line in removed.splitlines() if line.startswith("alerter ") and line.endswith(": removed")]
    assert client.list_stacks(name="drivetrain-two").total == 0
    assert client.list_stack_components(type="alerter", name="startswith:drivetrain-").total == 0


def test_a_changed_declaration_leaves_an_orphan_that_is_listed(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(client, spec("three", artifact_store={"flavor": "local", "settings": {"path": "/tmp/three"}}))
    make(client, spec("three"))
    main(["list"])
    assert "artifact_store drivetrain-local-" in (out := capsys.readouterr().out) and "no stack uses it" in out


def test_a_stack_that_is_not_there_is_named_with_the_nearest_one(
    client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    make(client, spec("one"))
    assert main(["show", "onne"]) == 2
    assert "Did you mean 'one'?" in capsys.readouterr().err


def test_the_active_stack_is_not_removed(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    make(client, spec("active"))
    client.activate_stack("drivetrain-active")
    try:
        assert main(["remove", "active"]) == 2
        assert "zenml stack set default" in capsys.readouterr().err
    finally:
        client.activate_stack("default")
    assert main(["remove", "active"]) == 0
