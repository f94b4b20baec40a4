"""The shipped stacks of clouds, with what a platform team declares in them."""

import copy
from functools import cache
from typing import Any

import yaml

from pipelines.execution.stack_needs import unmet
from schemas.errors import Fault
from schemas.home import ROOT
from schemas.stack import StackSpec
from stacks.checks.shipped import ShippedFlavors

NOTHING = object()
"""A change to this takes the key away."""

JOURNAL = "postgresql+psycopg://drivetrain@db.example.org/journal_{model}"
_S3 = {"artifact_store.settings.path": "s3://acme-models/drivetrain"}
_GCS = {"artifact_store.settings.path": "gs://acme-models/drivetrain"}
_OWN_REGISTRY = {"container_registry.settings.uri": "registry.example.org/acme"}
DECLARED: dict[str, dict[str, Any]] = {
    "kubernetes": {"orchestrator.settings.kubernetes_context": "acme", **_S3, **_OWN_REGISTRY},
    "sagemaker": {
        "orchestrator.settings.execution_role": "arn:aws:iam::123456789012:role/Training",
        "orchestrator.settings.region": "eu-central-1",
        "container_registry.settings.uri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
        **_S3,
    },
    "skypilot_aws": {**_S3, **_OWN_REGISTRY},
    "skypilot_gcp": {**_GCS, **_OWN_REGISTRY},
    "skypilot_lambda": {**_S3, **_OWN_REGISTRY},
    "vertex": {
        "orchestrator.settings.project": "acme-models",
        "orchestrator.settings.location": "europe-west4",
        "container_registry.settings.uri": "europe-west4-docker.pkg.dev/acme-models/drivetrain",
        **_GCS,
    },
}
"""What is null in each stack, as a team declares it."""


@cache
def flavors() -> ShippedFlavors:
    """Return ZenML's flavors; they are imported once."""
    return ShippedFlavors()


def shipped(name: str, changes: dict[str, Any] | None = None) -> StackSpec:
    """Return a shipped stack with changes by key path."""
    tree: dict[str, Any] = yaml.safe_load((ROOT / "conf" / "stack" / f"{name}.yaml").read_text(encoding="utf-8"))
    for path, value in (changes or {}).items():
        *folders, last = path.split(".")
        node = tree
        for folder in folders:
            node = node.setdefault(folder, {})
        node[last] = copy.deepcopy(value)
        if value is NOTHING:
            del node[last]
    return StackSpec.model_validate(tree)


def filled(name: str, changes: dict[str, Any] | None = None) -> StackSpec:
    """Return a shipped stack as a team completes it, with changes by key path."""
    return shipped(name, {"journal": JOURNAL, **DECLARED[name], **(changes or {})})


def wrong(spec: StackSpec, sqlite: bool = False) -> dict[str, Fault]:
    """Return what the plan finds wrong with a declaration, by key path."""
    return {fault.path: fault for fault in unmet(flavors(), spec, sqlite)[0]}
