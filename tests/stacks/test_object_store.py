"""A declared artifact store on S3, asked before anything starts; on a real server."""

from typing import Any

import pytest

from ml.io.objects.check import reach
from ml.io.objects.client import client, client_of
from ml.io.objects.location import Location
from schemas.stack import ComponentSpec, StackSpec
from stacks.environment import stack_environment, variables_set
from stacks.object_store import artifact_store_faults, secret_environment, store_reached
from steps.secrets import reveal
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


class Secrets:
    """ZenML's client, as far as it is asked for a secret."""

    def __init__(self, **values: str) -> None:
        self.secret_values = values

    def get_secret_by_name_and_private_status(self, name: str) -> "Secrets":
        return self


def test_the_keys_of_a_zenml_secret_are_not_mixed_with_the_shells(
    as_owner: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, as_owner.environment(READER) | {"AWS_SESSION_TOKEN": "of single sign-on"})
    zenml = Secrets(aws_access_key_id=OWNER.key, aws_secret_access_key=OWNER.secret)
    spec = stack({"path": as_owner.new_folder(), "authentication_secret": "keys"})
    assert artifact_store_faults(zenml, spec, write=True) == []
    services = secret_environment(zenml, spec)
    assert services["AWS_ACCESS_KEY_ID"] == OWNER.key and services["AWS_SECRET_ACCESS_KEY"] == OWNER.secret
    assert services["AWS_SESSION_TOKEN"] == services["AWS_CREDENTIAL_EXPIRATION"] == ""
    with variables_set(services):
        reach(Location.parse(spec.artifact_store.settings["path"]), client(), write=True)  # type: ignore[arg-type]
    zenml.secret_values["aws_session_token"] = "its own"
    assert secret_environment(zenml, spec)["AWS_SESSION_TOKEN"] == "its own"


def test_what_lies_in_the_store_is_reached_with_its_keys_and_nothing_else(
    as_owner: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    using(monkeypatch, as_owner.environment(READER))
    zenml = Secrets(aws_access_key_id=OWNER.key, aws_secret_access_key=OWNER.secret)
    folder = Location.parse(as_owner.new_folder())
    with store_reached(zenml, stack({"path": folder.plain, "authentication_secret": "keys"})):
        assert client_of(folder.child("package")).key == OWNER.key
        assert client_of(Location("shelf", "rows.csv")).key is None
    for spec in (stack({"path": folder.plain}), stack({}, "local")):
        with store_reached(zenml, spec):
            assert client_of(folder).key is None


def test_other_flavors_are_not_asked() -> None:
    assert artifact_store_faults(None, stack({}, "local"), write=True) == []
    assert secret_environment(None, stack({}, "local")) == {}


def test_without_a_store_of_zenmls_there_is_no_secret_of_its(as_owner: ObjectStore) -> None:
    (fault,) = artifact_store_faults(
        None, stack({"path": as_owner.new_folder(), "authentication_secret": "keys"}), write=True
    )
    assert fault.message.startswith("ZenML has no secret 'keys'")


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
    with stack_environment(spec, reveal):
        assert artifact_store_faults(None, spec, write=True) == []
