"""What is missing where the command runs is told with the command that mends it."""

import socket
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from schemas.stack import StackSpec
from stacks.checks import credentials
from stacks.checks.requirements import client_packages, why_not_installed
from stacks.checks.run import missing
from tests.stacks.checks.filled import DECLARED, filled

LOCAL = {"name": "here", "orchestrator": {"flavor": "local"}, "artifact_store": {"flavor": "local"}}


def declared(**more: object) -> StackSpec:
    return StackSpec.model_validate(LOCAL | more)


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody has credentials, and this is no machine of a cloud."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setattr(credentials, "_MACHINE", tmp_path)
    for name in ("KUBECONFIG", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "AWS_ACCESS_KEY_ID"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def told(spec: StackSpec) -> str:
    return "\n".join(f"{each.what}\n    {each.command}" for each in missing(spec))


def test_a_stack_of_this_machine_misses_nothing() -> None:
    assert missing(declared()) == []


@pytest.mark.parametrize("requirement", ["packaging", "packaging>=20", "pydantic[email]; python_version < '3'"])
def test_what_is_installed_is_not_missed(requirement: str) -> None:
    assert why_not_installed(requirement) == ""


@pytest.mark.parametrize(
    ("requirement", "says"),
    [
        ("no-such-package-of-anybody", "nothing of it"),
        ("packaging<2", "is installed"),
        ("zenml[connectors-nobody-has,s3fs,gcsfs]", "without its gcsfs"),
        ("packaging >= banana", "no requirement"),
    ],
)
def test_what_is_not_installed_is_told_with_why(requirement: str, says: str) -> None:
    assert says in why_not_installed(requirement)


def test_one_command_installs_all_packages() -> None:
    (one,) = missing(declared(requires={"packages": ["no-such-a>=1", "packaging", "no-such-b"]}))
    assert one.what == "not installed: no-such-a>=1, no-such-b"
    assert one.command == "python -m pip install 'no-such-a>=1' no-such-b"


def test_the_declared_command_and_the_reason_for_an_environment_of_its_own_are_told() -> None:
    needs = {"packages": ["no-such-a"], "install": "make it", "apart": "it hates us"}
    (one,) = missing(declared(requires=needs))
    assert one.command == "make it"
    assert one.what.endswith("environment of their own: it hates us")


def test_a_declared_package_counts_before_the_one_that_zenml_asks_for() -> None:
    packages = client_packages(filled("vertex"))
    assert [one for one in packages if one.startswith("gcsfs")] == ["gcsfs>=2025.7"]
    assert "kfp>=2.6.0" in packages


def test_programs_and_variables_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = declared(requires={"programs": ["python", "no-such-program"]}, environment={"TOKEN": {"env": "ACME_TOKEN"}})
    assert "no-such-program is not on the PATH" in told(spec)
    assert "stack.environment.TOKEN: the environment variable ACME_TOKEN is not set\n    export ACME_TOKEN=" in told(
        spec
    )
    monkeypatch.setenv("ACME_TOKEN", "x")
    assert "ACME_TOKEN" not in told(spec)


@pytest.mark.parametrize("name", DECLARED)
def test_a_stack_of_a_cloud_says_what_it_misses_here(name: str) -> None:
    text = told(filled(name))
    assert "not installed: " in text
    assert "no Docker daemon answers" in text
    assert ("no credentials for AWS" in text) == (
        name in ("kubernetes", "sagemaker", "skypilot_aws", "skypilot_lambda")
    )
    assert ("no credentials for Google Cloud" in text) == (name in ("vertex", "skypilot_gcp"))
    assert ("no credentials for Lambda" in text) == (name == "skypilot_lambda")
    assert ("no kubeconfig" in text) == (name == "kubernetes")


def test_credentials_are_found_where_the_clients_look(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    assert "no credentials" not in told(filled("sagemaker"))
    (nobody / ".config" / "gcloud").mkdir(parents=True)
    (nobody / ".config" / "gcloud" / "application_default_credentials.json").touch()
    assert "no credentials" not in told(filled("vertex"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(nobody / "gone.json"))
    assert "no credentials" in told(filled("vertex"))


def test_a_machine_of_the_cloud_knows_who_it_is(nobody: Path) -> None:
    (nobody / "board_vendor").write_text("Amazon EC2\n")
    (nobody / "product_name").write_text("Google Compute Engine\n")
    assert "no credentials" not in told(filled("sagemaker")) + told(filled("vertex"))


def test_what_brings_its_own_credentials_needs_no_others() -> None:
    own = {"orchestrator.connector": "acme", "artifact_store.connector": "acme"}
    assert "no credentials" not in told(filled("sagemaker", own)) + told(filled("kubernetes", own))
    key = {"artifact_store.settings.key": {"secret": "s3", "key": "id"}}
    assert "no credentials" not in told(filled("kubernetes", key))


def test_a_context_that_the_kubeconfig_has_not_is_told_with_the_nearest(
    nobody: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = nobody / "config"
    file.write_text("contexts: [{name: acme-prod}, {name: other}]\n")
    monkeypatch.setenv("KUBECONFIG", f"{file}:{nobody}/gone")
    changes = {"orchestrator.settings.kubernetes_context": "acme-prd"}
    assert "the kubeconfig has no context 'acme-prd'. Did you mean 'acme-prod'?" in told(filled("kubernetes", changes))
    changes = {"orchestrator.settings.kubernetes_context": "acme-prod"}
    assert "kubeconfig" not in told(filled("kubernetes", changes))


@pytest.mark.parametrize(
    "content", ["{", "contexts: 5", "contexts: {name: acme-prod}", "[1]", "\udcff", "[" * 5000, "2024-99-99"]
)
def test_a_file_that_is_no_kubeconfig_is_told(content: str, nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (nobody / "config").write_bytes(content.encode(errors="surrogateescape"))
    (nobody / "sound").write_text("contexts: [{name: acme-prod}, 5, {name: [1]}]\n")
    monkeypatch.setenv("KUBECONFIG", f"{nobody}/config")
    text = told(filled("kubernetes", {"orchestrator.settings.kubernetes_context": "acme-prod"}))
    assert f"{nobody / 'config'} is no kubeconfig" in text and "has no context 'acme-prod'" in text
    monkeypatch.setenv("KUBECONFIG", f"{nobody}/sound")
    assert "kubeconfig" not in told(filled("kubernetes", {"orchestrator.settings.kubernetes_context": "acme-prod"}))


@pytest.mark.parametrize("host", ["tcp://host:abc", "tcp://host:99999", "tcp://[::1", f"tcp://{'a' * 70}.b", "unix://"])
def test_an_address_that_is_no_daemons_is_one_that_does_not_answer(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    assert "no Docker daemon answers" in told(filled("sagemaker"))


@pytest.mark.slow
def test_a_daemon_that_answers_is_not_missed(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(nobody / "docker.sock"))
        daemon.listen()
        assert "Docker" not in told(filled("sagemaker"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
        assert "Docker" not in told(filled("sagemaker"))
    assert "Docker" in told(filled("sagemaker"))


def test_packages_of_flavors_are_those_of_zenmls_integrations() -> None:
    assert client_packages(declared()) == []
    assert "kubernetes<26,>=21.7" in {str(Requirement(one)) for one in client_packages(filled("kubernetes"))}
