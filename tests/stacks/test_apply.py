"""Declared stacks against a real ZenML store: one apply converges, a second changes nothing, nobody else is touched."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import ConfigurationError
from schemas.home import ROOT
from schemas.stack import ComponentSpec, StackSpec
from tests.lifecycle.conftest import World, fresh_world
from tests.soak import count

pytestmark = [pytest.mark.own_worker, pytest.mark.slow]

_LOCAL = ComponentSpec(flavor="local")
_TOKEN: dict[str, Any] = {"slack_token": {"secret": "hub", "key": "token"}}


def spec(name: str = "here", **parts: Any) -> StackSpec:
    return StackSpec.model_validate({"name": name, "orchestrator": _LOCAL, "artifact_store": _LOCAL, **parts})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    yield from fresh_world(tmp_path_factory.mktemp("world"), prepared=False)


@pytest.fixture(scope="module")
def client(home: World) -> Iterator[Any]:
    from stacks.session import zenml_session

    with zenml_session(lambda _record: None) as found:
        # What a person made, and has active.
        found.create_stack("mine", {"orchestrator": "default", "artifact_store": "default"})
        found.activate_stack("mine")
        yield found


def apply(client: Any, declared: StackSpec) -> list[str]:
    from stacks.apply import apply_stack

    changes: list[str] = []
    apply_stack(client, declared, lambda change: changes.append(f"{change.action} {change.kind} {change.name}"))
    return changes


def found(client: Any, declared: StackSpec) -> dict[str, tuple[str, dict[str, Any]]]:
    stack = client.get_stack(f"drivetrain-{declared.name}", allow_name_prefix_match=False)
    return {
        kind.value: (many[0].flavor_name, client.get_stack_component(kind, many[0].id).configuration)
        for kind, many in stack.components.items()
        if many
    }


def of_others(client: Any, home: World) -> tuple[Any, ...]:
    """Return what belongs to the person: their stacks, the one that is active, and ZenML's configuration file."""
    stacks = [stack for stack in client.list_stacks(size=100, hydrate=True) if not stack.name.startswith("drivetrain-")]
    kept = {stack.name: stack.model_dump_json() for stack in stacks}
    return kept, client.active_stack_model.name, (home.folder / "zenml" / "config.yaml").read_bytes()


def test_a_declared_stack_is_made_once(client: Any) -> None:
    assert apply(client, spec("once"))
    assert apply(client, spec("once")) == []


_ALERTERS = st.one_of(
    st.none(),
    st.builds(
        lambda channel: ComponentSpec(
            flavor="slack",
            settings=_TOKEN | {"slack_channel_id": channel},
        ),
        st.sampled_from(["C1", "C2", "C3"]),
    ),
)
_STORES = st.one_of(
    st.just(_LOCAL),
    st.builds(
        lambda path: ComponentSpec(flavor="local", settings={"path": path}), st.sampled_from(["/tmp/a", "/tmp/b"])
    ),
)
_DEPLOYERS = st.one_of(
    st.none(),
    st.just(ComponentSpec(flavor="drivetrain_bentoml")),
    st.builds(
        lambda seconds: ComponentSpec(flavor="drivetrain_bentoml", settings={"publish_timeout": seconds}),
        st.sampled_from([30, 60.5, "90"]),
    ),
)
_REGISTRIES = st.one_of(
    st.none(),
    st.builds(
        lambda uri: ComponentSpec(flavor="default", settings={"uri": uri}),
        st.sampled_from(["registry.example.org/ml", "registry.example.org/other"]),
    ),
)
_SPECS = st.builds(
    lambda name, alerter, store, deployer, registry: spec(
        name, alerter=alerter, artifact_store=store, deployer=deployer, container_registry=registry
    ),
    st.sampled_from(["one", "two"]),
    _ALERTERS,
    _STORES,
    _DEPLOYERS,
    _REGISTRIES,
)


@pytest.mark.untraced
@settings(max_examples=count(6, 50), deadline=None, suppress_health_check=list(HealthCheck))
@given(first=_SPECS, second=_SPECS)
def test_any_declared_state_is_reached_from_any_other_by_one_apply(
    client: Any, home: World, first: StackSpec, second: StackSpec
) -> None:
    before = of_others(client, home)
    for declared in (first, second):
        apply(client, declared)
        assert apply(client, declared) == []
        made = found(client, declared)
        assert made.keys() == declared.components.keys()
        assert {kind: flavor for kind, (flavor, _) in made.items()} == {
            kind: part.flavor for kind, part in declared.components.items()
        }
        if declared.deployer is not None and declared.deployer.settings:
            assert made["deployer"][1] == {"publish_timeout": float(str(declared.deployer.settings["publish_timeout"]))}
        if declared.alerter is not None:
            assert made["alerter"][1]["slack_token"] == "{{hub.token}}"
    assert of_others(client, home) == before


def test_what_was_changed_by_hand_becomes_as_declared_and_is_told(client: Any) -> None:
    declared = spec("hand", alerter={"flavor": "slack", "settings": _TOKEN | {"slack_channel_id": "C9"}})
    apply(client, declared)
    stack = client.get_stack("drivetrain-hand", allow_name_prefix_match=False)
    from zenml.enums import StackComponentType

    (alerter,) = stack.components[StackComponentType.ALERTER]
    client.update_stack_component(
        alerter.name, StackComponentType.ALERTER, configuration={"slack_channel_id": "by-hand"}
    )
    assert apply(client, declared) == [f"restore alerter {alerter.name}"]
    assert found(client, declared)["alerter"][1]["slack_channel_id"] == "C9"


@pytest.mark.parametrize(
    ("parts", "path", "text"),
    [
        ({"alerter": {"flavor": "slak"}}, "stack.alerter.flavor", "Did you mean 'slack'?"),
        (
            {"alerter": {"flavor": "slack", "settings": _TOKEN | {"slack_chanel_id": "C"}}},
            "stack.alerter.settings.slack_chanel_id",
            "Did you mean 'slack_channel_id'?",
        ),
        (
            {"deployer": {"flavor": "drivetrain_bentoml", "settings": {"publish_timeout": "soon"}}},
            "stack.deployer.settings.publish_timeout",
            "valid number",
        ),
        (
            {"alerter": {"flavor": "slack", "settings": {"slack_token": "xoxb-canary"}}},
            "stack.alerter.settings.slack_token",
            "a secret must not stand here",
        ),
        (
            {"artifact_store": {"flavor": "local", "connector": "nowhere"}},
            "stack.artifact_store.connector",
            "no service connector 'nowhere'",
        ),
        ({"orchestrator": {"flavor": "slack"}}, "stack.orchestrator.flavor", "is not a flavor of orchestrator"),
    ],
)
def test_what_a_flavor_does_not_take_is_refused_before_anything_is_made(
    client: Any, parts: dict[str, Any], path: str, text: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        apply(client, spec("wrong", **parts))
    (fault,) = refused.value.faults
    assert fault.path == path and text in str(fault) and "canary" not in str(refused.value)
    assert client.list_stacks(name="drivetrain-wrong").total == 0


def test_a_stack_does_not_change_under_a_run_that_uses_it(client: Any) -> None:
    from zenml.enums import ExecutionStatus
    from zenml.models import PipelineRunUpdate

    declared = spec("busy")
    apply(client, declared)
    run_id = _begun_run(client, "drivetrain-busy")
    changed = spec("busy", artifact_store={"flavor": "local", "settings": {"path": "/tmp/other"}})
    with pytest.raises(ConfigurationError, match="would change under a run that uses it"):
        apply(client, changed)
    assert apply(client, declared) == []
    client.zen_store.update_run(run_id, PipelineRunUpdate(status=ExecutionStatus.FAILED))
    assert apply(client, changed)


def _begun_run(client: Any, stack: str) -> Any:
    """Return a run of that stack which is not over, as another process would have it."""
    from zenml.pipelines.run_utils import create_placeholder_run
    from zenml.utils.env_utils import temporary_environment

    from pipelines.deployment import deployment
    from schemas.deploy_spec import DeploySpec
    from schemas.publication import Publication

    found = client.get_stack(stack, allow_name_prefix_match=False)
    wish = Publication(
        model="m", version="1", package_url="/nowhere", home="/nowhere", journal_url="sqlite://", spec=DeploySpec()
    )
    with temporary_environment({"ZENML_ACTIVE_STACK_ID": str(found.id)}):
        pipeline = deployment.copy()
        pipeline.prepare(publication=wish)
        return create_placeholder_run(snapshot=pipeline.create_snapshot(name="waiting")).id


@pytest.mark.stacks
@pytest.mark.untraced
def test_four_processes_that_apply_at_once_leave_one_stack(client: Any, tmp_path: Path) -> None:
    del client  # the store is there
    code = (
        "from stacks.session import zenml_session\n"
        "from stacks.apply import apply_stack\n"
        "from tests.stacks.test_apply import spec\n"
        "with zenml_session(lambda record: None) as client:\n"
        "    open(__import__('sys').argv[1], 'w').close()\n"
        "    import pathlib, time\n"
        "    while len(list(pathlib.Path(__import__('sys').argv[1]).parent.glob('ready-*'))) < 4: time.sleep(0.01)\n"
        "    parts = {'flavor': 'drivetrain_bentoml', 'settings': {'publish_timeout': 77}}\n"
        "    apply_stack(client, spec('crowd', deployer=parts), lambda change: None)\n"
    )
    commands = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / f"ready-{number}")],
            cwd=ROOT,
            env=dict(os.environ),
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    ends = [(command.communicate(timeout=120)[1], command.returncode) for command in commands]
    assert [code for _, code in ends] == [0] * 4, ends
    from zenml.client import Client

    declared = spec("crowd", deployer={"flavor": "drivetrain_bentoml", "settings": {"publish_timeout": 77}})
    assert Client().list_stacks(name="drivetrain-crowd").total == 1
    assert apply(Client(), declared) == []
