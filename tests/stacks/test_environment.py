"""The variables that a run's steps get wherever they run."""

import os
from typing import Any

import pytest

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from schemas.errors import ConfigurationError
from schemas.stack import StackSpec
from stacks import object_store
from stacks.environment import given, referenced, stack_environment, variables_at_hand
from steps.secrets import reveal
from tests.stacks.checks.filled import shipped


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_ENDPOINT_URL_S3",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
        "PGSSLMODE",
        "https_proxy",
        "HTTP2_CA_BUNDLE",
        "SSL_CERT_FILE",
    ],
)
def test_variables_by_which_libraries_find_a_cloud_reach_steps(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = load_run(compose(parse_arguments(["+experiment=breast_cancer"])))
    monkeypatch.setenv(name, "x")
    assert {name: "x"}.items() <= referenced(run).items()


def test_other_variables_stay_where_the_command_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    run = load_run(compose(parse_arguments(["+experiment=breast_cancer"])))
    for name in ("MY_AWS_REGION", "AWSOME-REGION", "SSL_CERT_FILES"):
        monkeypatch.setenv(name, "x")
        assert name not in referenced(run)


def declared(**environment: Any) -> StackSpec:
    return shipped("local", {"environment": environment})


@pytest.fixture
def signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell with temporary keys, as single sign-on exports them, and a store's own beside them."""
    found = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "mine", "AWS_SESSION_TOKEN": "my-token"}
    for name, value in {**found, "STORE_KEY": "store", "STORE_SECRET": "its"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "ABSENT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("signed_in")
def test_a_key_of_the_stack_goes_without_the_token_of_another() -> None:
    spec = declared(AWS_ACCESS_KEY_ID={"env": "STORE_KEY"}, AWS_SECRET_ACCESS_KEY={"env": "STORE_SECRET"})
    with stack_environment(spec, reveal, also={"AWS_SESSION_TOKEN": "my-token"}):
        for found in (os.environ, given()):
            assert [found[f"AWS_{name}"] for name in ("ACCESS_KEY_ID", "SESSION_TOKEN")] == ["store", ""]
    assert os.environ["AWS_SESSION_TOKEN"] == "my-token"
    assert "AWS_SECURITY_TOKEN" not in os.environ


@pytest.mark.usefixtures("signed_in")
def test_a_key_that_is_the_shells_keeps_its_token() -> None:
    for spec in (declared(AWS_ACCESS_KEY_ID={"env": "AWS_ACCESS_KEY_ID"}), declared(AWS_REGION="eu-central-1")):
        with stack_environment(spec, reveal):
            assert os.environ["AWS_SESSION_TOKEN"] == "my-token"
    own = declared(AWS_ACCESS_KEY_ID={"env": "STORE_KEY"}, AWS_SESSION_TOKEN={"env": "STORE_SECRET"})
    with stack_environment(own, reveal):
        assert os.environ["AWS_SESSION_TOKEN"] == "its"


@pytest.mark.usefixtures("signed_in")
def test_what_is_there_is_set_where_the_rest_is_told() -> None:
    spec = declared(LEVEL="debug", TOKEN={"env": "ABSENT"})
    with variables_at_hand(spec, reveal) as absent:
        assert os.environ["LEVEL"] == "debug"
    assert [(fault.path, fault.hint) for fault in absent] == [("stack.environment.TOKEN", "export ABSENT=…")]
    with pytest.raises(ConfigurationError, match=r"stack\.environment\.TOKEN"), stack_environment(spec, reveal):
        pass
    assert "LEVEL" not in os.environ


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(
    ("names", "values"),
    [
        (
            {
                "AWS_ACCESS_KEY_ID": "STORE_KEY",
                "AWS_SECRET_ACCESS_KEY": "STORE_SECRET",
                "MY_TOKEN": "AWS_SESSION_TOKEN",
            },
            {"AWS_ACCESS_KEY_ID": "store", "AWS_SESSION_TOKEN": "", "MY_TOKEN": "my-token"},
        ),
        ({"STORE_KEY": "STORE_SECRET", "STORE_SECRET": "STORE_KEY"}, {"STORE_KEY": "its", "STORE_SECRET": "store"}),
    ],
)
def test_variables_that_name_one_another_are_resolved_once(
    names: dict[str, str], values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = {"flavor": "drivetrain_s3", "settings": {"path": "s3://shelf"}}
    environment = {name: {"env": other} for name, other in names.items()}
    spec = shipped("local", {"environment": environment, "artifact_store": store})
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(
        object_store, "reach", lambda *_place, write: seen.append({name: os.environ[name] for name in values})
    )
    with stack_environment(spec, reveal):
        assert object_store.artifact_store_faults(None, spec, write=True) == []
    assert seen == [values]
