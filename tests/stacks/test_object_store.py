"""A declared artifact store on S3, asked before anything starts; on a real server."""

from typing import Any

import pytest

from schemas.stack import ComponentSpec, StackSpec
from stacks.object_store import artifact_store_faults, secret_environment
from tests.object_store import OWNER, READER, ObjectStore, using
from tests.object_store import as_owner as as_owner
from tests.object_store import object_store as object_store

pytestmark = [pytest.mark.slow]


def stack(settings: dict[str, Any], flavor: str = "drivetrain_s3", **more: Any) -> StackSpec:
    store = ComponentSpec(flavor=flavor, settings=settings)
    return StackSpec(name="shelf", orchestrator=ComponentSpec(flavor="local"), artifact_store=store, **more)


def test_a_store_that_works_has_no_fault_and_keeps_nothing(as_owner: ObjectStore) -> None:
    folder = as_owner.new_folder()
    assert artifact_store_faults(None, stack({"path": folder}), write=True) == []
    assert secret_environment(None, stack({"path": folder})) == {}
    assert as_owner.keys(folder) == []


def test_the_right_to_write_is_asked_for_where_it_is_needed(
    as_owner: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, as_owner.environment(READER))
    spec = stack({"path": as_owner.new_folder()})
    assert artifact_store_faults(None, spec, write=False) == []
    (fault,) = artifact_store_faults(None, spec, write=True)
    assert fault.path == "stack.artifact_store"
    assert fault.hint == "give this key the right to write there, or use another"


@pytest.mark.parametrize("settings", [{"path": "gs://x"}, {"path": "s3://shelf", "keys": "x"}, {}])
def test_settings_that_the_flavor_refuses_are_told_by_who_applies_the_stack(settings: dict[str, Any]) -> None:
    assert artifact_store_faults(None, stack(settings), write=True) == []


def test_other_flavors_are_not_asked() -> None:
    assert artifact_store_faults(None, stack({}, "local"), write=True) == []
    assert secret_environment(None, stack({}, "local")) == {}


def test_without_a_store_of_zenmls_there_is_no_secret_of_its(as_owner: ObjectStore) -> None:
    (fault,) = artifact_store_faults(
        None, stack({"path": as_owner.new_folder(), "authentication_secret": "keys"}), write=True
    )
    assert fault.message.startswith("ZenML has no secret 'keys'")
    declared = {"AWS_SECRET_ACCESS_KEY": {"secret": "keys", "key": "secret"}}
    (fault,) = artifact_store_faults(None, stack({"path": as_owner.new_folder()}, environment=declared), write=True)
    assert fault.path == "stack.environment.AWS_SECRET_ACCESS_KEY"


def test_variables_of_the_stack_are_used(as_owner: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    using(monkeypatch, {})
    monkeypatch.setenv("STORE_KEY", OWNER.key)
    monkeypatch.setenv("STORE_SECRET", OWNER.secret)
    given = {
        "AWS_ENDPOINT_URL": as_owner.endpoint,
        "AWS_ACCESS_KEY_ID": {"env": "STORE_KEY"},
        "AWS_SECRET_ACCESS_KEY": {"env": "STORE_SECRET"},
        "OTHER": "x",
    }
    spec = stack({"path": as_owner.new_folder()}, environment=given)
    assert artifact_store_faults(None, spec, write=True) == []
