"""What a cloud would refuse is found at plan, by key path, without credentials and network."""

from typing import Any

import pytest

from tests.stacks.checks.filled import DECLARED, NOTHING, filled, shipped, wrong

POD = "orchestrator.settings.pod_settings"
JOB = "orchestrator.settings.custom_job_parameters"
GPU = {"resources.train.gpu_count": 1}


@pytest.mark.parametrize("name", DECLARED)
def test_a_stack_as_a_team_completes_it_has_nothing_wrong(name: str) -> None:
    assert wrong(filled(name)) == {}


@pytest.mark.parametrize("name", DECLARED)
def test_all_that_is_yours_to_declare_is_named_at_once(name: str) -> None:
    found = wrong(shipped(name))
    optional = {"orchestrator.settings.project"}
    assert {f"stack.{path}" for path in {*DECLARED[name], "journal"} - optional} == set(found)
    assert all(fault.hint for fault in found.values())


MISTAKES: list[tuple[str, dict[str, Any], str, str]] = [
    # any orchestrator whose steps run elsewhere
    ("vertex", {"container_registry": None}, "container_registry", "in an image"),
    ("sagemaker", {"image_builder": None}, "image_builder", "must be built"),
    ("kubernetes", {"artifact_store": {"flavor": "local"}}, "artifact_store", "on this machine"),
    (
        "kubernetes",
        {"container_registry.settings.uri": "localhost:5000"},
        "container_registry.settings.uri",
        "does not",
    ),
    ("kubernetes", {"journal": "sqlite:////srv/{model}.db"}, "journal", "SQLite"),
    ("vertex", {"orchestrator.settings.synchronous": False}, "orchestrator.settings.synchronous", "before the steps"),
    # the flavors' own schemas
    ("sagemaker", {"orchestrator.flavor": "sagemakr"}, "orchestrator.flavor", "Did you mean 'sagemaker'?"),
    ("sagemaker", {"orchestrator.settings.rol": "x"}, "orchestrator.settings.rol", "no such setting"),
    (
        "sagemaker",
        {"orchestrator.settings.max_runtime_in_seconds": "long"},
        "orchestrator.settings.max_runtime_in_seconds",
        "integer",
    ),
    (
        "kubernetes",
        {"orchestrator.settings.max_parallelism": 0},
        "orchestrator.settings.max_parallelism",
        "greater than 0",
    ),
    ("kubernetes", {"artifact_store.settings.path": 5}, "artifact_store.settings.path", "string"),
    (
        "kubernetes",
        {"artifact_store.settings.path": "gs://acme-models"},
        "artifact_store.settings.path",
        "no S3 address",
    ),
    # AWS
    ("sagemaker", {"orchestrator.settings.execution_role": "banana"}, "orchestrator.settings.execution_role", "no ARN"),
    (
        "sagemaker",
        {"orchestrator.settings.execution_role": None},
        "orchestrator.settings.execution_role",
        "not declared",
    ),
    (
        "sagemaker",
        {"orchestrator.settings.execution_role": "arn:aws-cn:iam::123456789012:role/T"},
        "orchestrator.settings.execution_role",
        "'aws-cn'",
    ),
    (
        "sagemaker",
        {"orchestrator.settings.region": "eu-central-9"},
        "orchestrator.settings.region",
        "Did you mean 'eu-central-",
    ),
    (
        "sagemaker",
        {"orchestrator.settings.instance_type": "ml.m5.huge"},
        "orchestrator.settings.instance_type",
        "no machine type",
    ),
    (
        "sagemaker",
        {"orchestrator.settings.instance_type": "m5.xlarge"},
        "orchestrator.settings.instance_type",
        "'ml.m5.xlarge'",
    ),
    (
        "sagemaker",
        {"orchestrator.settings.volume_size_in_gb": 20_000},
        "orchestrator.settings.volume_size_in_gb",
        "16384",
    ),
    (
        "sagemaker",
        {"orchestrator.settings.input_data_s3_mode": "Fast"},
        "orchestrator.settings.input_data_s3_mode",
        "FastFile",
    ),
    ("sagemaker", GPU, "resources.train.gpu_count", "ml.m5.xlarge has none"),
    (
        "sagemaker",
        {"orchestrator.settings.instance_type": "ml.g5.xlarge", "resources.train.gpu_count": 4},
        "resources.train.gpu_count",
        "has 1",
    ),
    ("sagemaker", {"resources.train.memory": "64GiB"}, "resources.train.memory", "has 16GiB"),
    ("sagemaker", {"resources.train.cpu_count": 8}, "resources.train.cpu_count", "has 4"),
    (
        "sagemaker",
        {"artifact_store.settings.path": "s3://Acme_Models"},
        "artifact_store.settings.path",
        "no name of an S3",
    ),
    ("sagemaker", {"artifact_store.settings.path": "s3://acme-s3alias"}, "artifact_store.settings.path", "for itself"),
    (
        "sagemaker",
        {"container_registry.settings.uri": "acme.ecr.amazonaws.com"},
        "container_registry.settings.uri",
        "ECR",
    ),
    (
        "sagemaker",
        {"container_registry.settings.uri": "123456789012.dkr.ecr.us-east-1.amazonaws.com"},
        "container_registry.settings.uri",
        "own region",
    ),
    (
        "sagemaker",
        {"image_builder": {"flavor": "aws", "settings": {"code_build_project": "p!"}}},
        "image_builder.settings.code_build_project",
        "CodeBuild",
    ),
    # Google Cloud
    ("vertex", {"orchestrator.settings.location": "europe-west-4"}, "orchestrator.settings.location", "'europe-west4'"),
    ("vertex", {"orchestrator.settings.project": "Acme Models"}, "orchestrator.settings.project", "no id"),
    (
        "vertex",
        {"orchestrator.settings.workload_service_account": "bob"},
        "orchestrator.settings.workload_service_account",
        "account",
    ),
    ("vertex", {"orchestrator.settings.network": "default"}, "orchestrator.settings.network", "no network"),
    ("vertex", GPU, "resources.train.gpu_count", "unless its kind is declared"),
    (
        "vertex",
        {"orchestrator.settings.node_selector_constraint": ["cloud.google.com/gke-accelerator", "T4"]},
        "orchestrator.settings.node_selector_constraint",
        "no accelerator 'T4'",
    ),
    (
        "vertex",
        {
            "orchestrator.settings.node_selector_constraint": ["cloud.google.com/gke-accelerator", "NVIDIA_TESLA_T4"],
            "resources.train.gpu_count": 3,
        },
        "resources.train.gpu_count",
        "no machine has 3",
    ),
    ("vertex", {f"{JOB}.machine_typo": "n1-standard-4"}, f"{JOB}.machine_typo", "Did you mean 'machine_type'?"),
    ("vertex", {f"{JOB}.machine_type": "n1-standard-5"}, f"{JOB}.machine_type", "no machine type"),
    (
        "vertex",
        {
            f"{JOB}.machine_type": "e2-standard-4",
            f"{JOB}.accelerator_type": "NVIDIA_TESLA_T4",
            f"{JOB}.accelerator_count": 1,
        },
        f"{JOB}.accelerator_type",
        "e2-standard-4 has no",
    ),
    (
        "vertex",
        {
            f"{JOB}.machine_type": "a2-highgpu-2g",
            f"{JOB}.accelerator_type": "NVIDIA_TESLA_A100",
            f"{JOB}.accelerator_count": 1,
        },
        f"{JOB}.accelerator_count",
        "cannot have 1",
    ),
    ("vertex", {f"{JOB}.machine_type": "n1-standard-4", **GPU}, "resources.train.gpu_count", "has none"),
    (
        "vertex",
        {"artifact_store.settings.path": "gs://google-models"},
        "artifact_store.settings.path",
        "no name of a bucket",
    ),
    (
        "vertex",
        {"container_registry.settings.uri": "europe-west4-docker.pkg.dev/acme"},
        "container_registry.settings.uri",
        "no repo",
    ),
    (
        "vertex",
        {"container_registry.settings.uri": "mars-docker.pkg.dev/acme-models/d"},
        "container_registry.settings.uri",
        "no region 'mars'",
    ),
    (
        "vertex",
        {"artifact_store": {"flavor": "s3", "settings": {"path": "s3://acme-models"}}},
        "orchestrator.settings.pipeline_root",
        "Cloud Storage",
    ),
    # Kubernetes
    ("kubernetes", {"orchestrator.settings.incluster": True}, "orchestrator.settings.incluster", "names a cluster too"),
    (
        "kubernetes",
        {"orchestrator.settings.kubernetes_namespace": "Team A"},
        "orchestrator.settings.kubernetes_namespace",
        "no name",
    ),
    (
        "kubernetes",
        {"orchestrator.settings.service_account_name": "a_b"},
        "orchestrator.settings.service_account_name",
        "no name",
    ),
    (
        "kubernetes",
        {"container_registry.settings.uri": "registry:99999/team"},
        "container_registry.settings.uri",
        "no port",
    ),
    ("kubernetes", {f"{POD}.resources": {"limits": {"cpu": "banana"}}}, f"{POD}.resources.limits.cpu", "no quantity"),
    ("kubernetes", {f"{POD}.resources": {"limits": {"gpu": "1"}}}, f"{POD}.resources.limits.gpu", "nvidia.com/gpu"),
    (
        "kubernetes",
        {f"{POD}.resources": {"limits": {"nvidia.com/gpu": "1.5"}}},
        f"{POD}.resources.limits.nvidia.com/gpu",
        "whole ones",
    ),
    (
        "kubernetes",
        {f"{POD}.resources": {"requests": {"memory": "8Gi"}, "limits": {"memory": "4Gi"}}},
        f"{POD}.resources.requests.memory",
        "more than its limit",
    ),
    (
        "kubernetes",
        {f"{POD}.volume_mounts": [{"name": "data", "mountPath": "/data"}]},
        f"{POD}.volume_mounts.0.name",
        "no volume",
    ),
    ("kubernetes", {f"{POD}.volumes": [{"name": "My Disk"}]}, f"{POD}.volumes.0.name", "no name of a volume"),
    ("kubernetes", {f"{POD}.tolerations": [{"effect": "Never"}]}, f"{POD}.tolerations.0.effect", "no effect"),
    (
        "kubernetes",
        {f"{POD}.node_selectors": {"pool": "gpu pool"}},
        f"{POD}.node_selectors.pool",
        "no value of a label",
    ),
    ("kubernetes", {f"{POD}.env": [{"name": "MY VAR", "value": "1"}]}, f"{POD}.env.0.name", "no name of a variable"),
    # SkyPilot
    ("skypilot_aws", {"orchestrator.settings.region": "europe-west4"}, "orchestrator.settings.region", "no region"),
    (
        "skypilot_aws",
        {"orchestrator.settings.instance_type": "m5.banana"},
        "orchestrator.settings.instance_type",
        "no machine type",
    ),
    ("skypilot_aws", {"orchestrator.settings.infra": "gcp/us-central1"}, "orchestrator.settings.infra", "of 'gcp'"),
    (
        "skypilot_aws",
        {"orchestrator.settings.accelerators": "B100:1"},
        "orchestrator.settings.accelerators",
        "no accelerator",
    ),
    ("skypilot_aws", {"orchestrator.settings.accelerators": "P4"}, "orchestrator.settings.accelerators", "aws has no"),
    (
        "skypilot_aws",
        {"orchestrator.settings.accelerators": "A100:none"},
        "orchestrator.settings.accelerators",
        "no number",
    ),
    ("skypilot_aws", {"orchestrator.settings.memory": "16GB"}, "orchestrator.settings.memory", "no amount"),
    ("skypilot_aws", GPU, "resources.train.gpu_count", "has none"),
    (
        "skypilot_aws",
        {"orchestrator.settings.instance_type": "m5.xlarge", "orchestrator.settings.accelerators": "A10G:1"},
        "orchestrator.settings.accelerators",
        "m5.xlarge has none",
    ),
    ("skypilot_aws", {"orchestrator.settings.ports": "80-99999"}, "orchestrator.settings.ports", "no port"),
    (
        "skypilot_gcp",
        {"orchestrator.settings.region": "europe-west4", "orchestrator.settings.zone": "us-east1-b"},
        "orchestrator.settings.zone",
        "no zone",
    ),
    ("skypilot_gcp", {"orchestrator.settings.disk_tier": "fast"}, "orchestrator.settings.disk_tier", "high"),
    ("skypilot_lambda", {"orchestrator.settings.use_spot": True}, "orchestrator.settings.use_spot", "no such thing"),
    (
        "skypilot_lambda",
        {"orchestrator.settings.instance_type": "gpu_3x_a100"},
        "orchestrator.settings.instance_type",
        "no machine",
    ),
    ("skypilot_lambda", {"orchestrator.settings.region": "us-west-9"}, "orchestrator.settings.region", "no region"),
]


@pytest.mark.parametrize(
    ("name", "changes", "path", "says"), MISTAKES, ids=[f"{name}-{path}-{says}" for name, _, path, says in MISTAKES]
)
def test_a_mistake_is_found_and_named_by_its_key(name: str, changes: dict[str, Any], path: str, says: str) -> None:
    found = wrong(filled(name, changes))
    assert f"stack.{path}" in found, list(found)
    assert says in str(found[f"stack.{path}"])


def test_steps_that_run_elsewhere_need_a_server() -> None:
    found = wrong(filled("sagemaker"), sqlite=True)
    assert list(found) == ["stack.orchestrator"]
    assert "zenml login" in found["stack.orchestrator"].hint
    assert wrong(filled("kubernetes", {"orchestrator.settings.local": True}), sqlite=True) == {}
    assert set(wrong(shipped("local_rest"), sqlite=True)) == {"stack.store"}
    assert wrong(shipped("local_rest")) == {}


def test_gpus_are_asked_for_by_resources_on_machines_that_have_them() -> None:
    g5 = {"orchestrator.settings.instance_type": "ml.g5.12xlarge", "resources.train.gpu_count": 4}
    assert wrong(filled("sagemaker", g5)) == {}
    assert wrong(filled("skypilot_aws", {"orchestrator.settings.accelerators": "A10G:1", **GPU})) == {}
    assert wrong(filled("skypilot_gcp", {"orchestrator.settings.accelerators": {"T4": 2}, **GPU})) == {}
    assert wrong(filled("skypilot_lambda", {"orchestrator.settings.instance_type": "gpu_1x_h100_pcie", **GPU})) == {}
    constraint = ["cloud.google.com/gke-accelerator", "NVIDIA_TESLA_T4"]
    assert wrong(filled("vertex", {"orchestrator.settings.node_selector_constraint": constraint, **GPU})) == {}
    assert wrong(filled("kubernetes", GPU)) == {}


def test_what_is_newer_than_the_lists_is_declared() -> None:
    newer = {
        "orchestrator.settings.instance_type": "ml.g9.xlarge",
        "orchestrator.settings.region": "eu-mars-1",
        "container_registry.settings.uri": "123456789012.dkr.ecr.eu-mars-1.amazonaws.com",
        "resources.train.gpu_count": 2,
    }
    assert set(wrong(filled("sagemaker", newer))) >= {
        "stack.orchestrator.settings.instance_type",
        "stack.orchestrator.settings.region",
        "stack.container_registry.settings.uri",
    }
    known = {"newer": {"machines": {"ml.g9.xlarge": {"gpu_count": 1}}, "regions": ["eu-mars-1"]}}
    assert set(wrong(filled("sagemaker", newer | known))) == {"stack.resources.train.gpu_count"}


def test_a_secret_that_stands_for_a_setting_is_not_judged() -> None:
    role = {"orchestrator.settings.execution_role": {"secret": "aws", "key": "role"}}
    assert wrong(filled("sagemaker", role)) == {}


def test_a_key_that_is_taken_away_is_as_one_that_is_null() -> None:
    assert "stack.orchestrator.settings.region" in wrong(filled("sagemaker", {"orchestrator.settings.region": NOTHING}))
