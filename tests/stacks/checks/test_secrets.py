"""A secret in a component's settings is refused by its key, and neither the refusal nor the plan quotes it."""

from typing import Any

import pytest

from stacks.declared import parts
from stacks.plan import Component, Existing, changes
from tests.stacks.checks.filled import filled, shipped, wrong

SECRET = "cnry7"
REGISTRY, STORE = "container_registry.settings.uri", "artifact_store.settings.path"
KWARGS = "artifact_store.settings.client_kwargs"
POD, OWN_POD = "orchestrator.settings.pod_settings", "orchestrator.settings.orchestrator_pod_settings"
VARIABLE = {"name": "DB_PASSWORD", "value": SECRET}
INIT = {"initContainers": [{"name": "first", "env": [VARIABLE]}]}


@pytest.mark.parametrize(
    ("name", "path", "value", "at", "hint"),
    [
        ("kubernetes", f"{POD}.env", [{"name": "A", "value": "1"}, VARIABLE], ".1.value", "secretKeyRef"),
        ("kubernetes", f"{OWN_POD}.env", [VARIABLE], ".0.value", "secretKeyRef"),
        ("vertex", f"{POD}.env", [VARIABLE], ".0.value", "secretKeyRef"),
        ("kubernetes", f"{POD}.additional_pod_spec_args", INIT, ".initContainers.0.env.0.value", "secretKeyRef"),
        ("sagemaker", "orchestrator.settings.environment", {"DB_PASSWORD": SECRET}, ".DB_PASSWORD", "role"),
        ("skypilot_aws", "orchestrator.settings.envs", {"DB_PASSWORD": SECRET}, ".DB_PASSWORD", "role"),
        ("kubernetes", f"{POD}.sidecars", [{"name": "DB_PASSWORD", "value": SECRET}], ".0.value", "secretKeyRef"),
        ("kubernetes", f"{KWARGS}.aws_secret_access_key", SECRET, "", "connector"),
        ("kubernetes", f"{KWARGS}.deeper", [{"even": {"API_TOKEN": 77777}}], ".0.even.API_TOKEN", "connector"),
        ("skypilot_aws", "orchestrator.settings.docker_run_args", [f"-e DB_PASSWORD={SECRET}"], ".0", "role"),
        ("skypilot_aws", "orchestrator.settings.docker_run_args", ["-v=/a:/b", f"API_TOKEN={SECRET}"], ".1", "role"),
        ("kubernetes", f"{KWARGS}.tags", [{"Key": "password", "Value": SECRET}], ".0.Value", "secretKeyRef"),
        ("kubernetes", "artifact_store.settings.secret", SECRET, "", "zenml secret create NAME --secret=…"),
        ("kubernetes", REGISTRY, f"me:{SECRET}@registry.example.org/x", "", "connector"),
        ("kubernetes", REGISTRY, f"{SECRET}@registry.example.org/x", "", "connector"),
        ("kubernetes", REGISTRY, f"localhost:{SECRET}@registry.example.org/x", "", "connector"),
        ("sagemaker", REGISTRY, f"me:{SECRET}@123456789012.dkr.ecr.eu-central-1.amazonaws.com", "", "connector"),
        ("vertex", REGISTRY, f"me:{SECRET}@europe-west4-docker.pkg.dev/acme-models/d", "", "connector"),
        ("kubernetes", STORE, f"me:{SECRET}@s3.example.org/models", "", "connector"),
        ("vertex", STORE, f"me:{SECRET}@storage.example.org/models", "", "connector"),
    ],
)
def test_a_secret_is_refused_by_its_key_and_quoted_nowhere(
    name: str, path: str, value: Any, at: str, hint: str
) -> None:
    spec = filled(name, {path: value})
    found = wrong(spec)
    assert list(found) == [f"stack.{path}{at}"]
    assert hint in found[f"stack.{path}{at}"].hint
    planned = changes("s", parts(spec), {}, Existing())
    assert SECRET not in str(found) + str(planned) and "…" in str(planned)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{POD}.env", [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]),
        (f"{POD}.env", [{"name": "DB_PASSWORD_FILE", "value": "/run/db"}, {"name": "MAX_TOKENS", "value": "512"}]),
        (f"{POD}.env", [{"name": "DB_PASSWORD", "value": "$(OTHER)"}, {"name": "TOKEN", "value": ""}]),
        (f"{POD}.env", [{"name": "TOKEN_EXPIRATION_SECONDS", "value": "3600"}]),
        (f"{POD}.annotations", {"vault.hashicorp.com/agent-inject-secret-db": "database/creds/db"}),
        (f"{POD}.annotations", {"vault.hashicorp.com/agent-inject-token": "true", "checksum/secret": "a1b2c3"}),
        (f"{POD}.annotations", {"secret.reloader.stakater.com/reload": "db", "vault.hashicorp.com/tls-secret": "tls"}),
        (f"{POD}.volumes", [{"name": "s", "csi": {"volumeAttributes": {"secretProviderClass": "team"}}}]),
        (f"{KWARGS}.chart", {"existingSecret": "db", "imagePullSecret": "hub"}),
        (f"{KWARGS}.arguments", ["MAX_TOKENS=512", "--env PASSWORD_FILE=/run/db", "-e", "NAME=x"]),
        (f"{POD}.image_pull_secrets", ["registry"]),
        (f"{POD}.volumes", [{"name": "keys", "secret": {"secretName": "keys"}}]),
        ("orchestrator.settings.pass_zenml_token_as_secret", True),
        (f"{KWARGS}.config", {"auth": {"secret": "aws", "key": "secret"}, "max_tokens": 5, "token": "{{aws.token}}"}),
        ("artifact_store.settings.secret", {"secret": "aws", "key": "secret"}),
        ("artifact_store.settings.authentication_secret", "store-keys"),
        (REGISTRY, "registry.example.org:5000/team"),
        (STORE, "s3://acme-models/a:b@c"),
    ],
)
def test_what_is_no_secret_is_taken_and_shown(path: str, value: Any) -> None:
    spec = filled("kubernetes", {path: value})
    assert wrong(spec) == {}
    assert "…" not in str(changes("s", parts(spec), {}, Existing()))


def test_what_was_changed_by_hand_is_shown_without_its_login() -> None:
    (registry,) = (part for part in parts(filled("kubernetes")) if part.kind == "container_registry")
    by_hand = Component(registry.flavor, {"uri": f"me:{SECRET}@registry.example.org/acme"})
    planned = changes("s", [registry], {}, Existing(components={(registry.kind, registry.name): by_hand}))
    assert planned[0].details == {"uri": "…@registry.example.org/acme → registry.example.org/acme"}


def test_a_reference_to_a_secret_is_shown_as_it_is() -> None:
    spec = filled("kubernetes", {"artifact_store.settings.secret": {"secret": "aws", "key": "secret"}})
    planned = changes("s", parts(spec), {}, Existing())
    assert "{{aws.secret}}" in str(planned)


def test_settings_that_say_what_a_secret_is_called_are_taken() -> None:
    names: dict[str, dict[str, Any]] = {
        "seldon": {"model_deployer": {"flavor": "seldon", "settings": {"secret": "s3-keys"}}},
        "baseten": {"step_operator": {"flavor": "baseten", "settings": {"registry_auth_secret": "hub"}}},
        "runai": {
            "step_operator": {
                "flavor": "runai",
                "settings": {
                    "secret_mounts": [{"secret": "hf", "mount_path": "/hf"}],
                    "s3_mounts": [{"bucket": "b", "access_key_secret": "keys", "mount_path": "/b"}],
                },
            }
        },
    }
    for flavor, declared in names.items():
        found = wrong(shipped("local", declared))
        ((kind, part),) = declared.items()
        for setting in part["settings"]:
            told = [str(fault) for path, fault in found.items() if path.startswith(f"stack.{kind}.settings.{setting}")]
            assert not [text for text in told if "must not stand here" in text], (flavor, told)


def test_a_setting_that_holds_a_secret_need_not_be_marked_as_one_by_its_flavor() -> None:
    found = wrong(shipped("local", {"deployer": {"flavor": "docker", "settings": {"auth_key": SECRET, "token": "x"}}}))
    assert found["stack.deployer.settings.auth_key"].message == "a secret must not stand here"
    assert "no such setting" in found["stack.deployer.settings.token"].message
