"""A deployed service as manifests for Kubernetes, sized by what one replica can do."""

import hashlib
from math import ceil
from typing import Any

from schemas.capacity import CapacityRecord
from serving.kubernetes.yaml_rules import dump
from serving.process.container import DATA, KEYS_FOLDER, PORT, Setting, environment, secrets
from serving.process.patience import grace
from serving.process.records import Deployment
from serving.process.variables import JOURNAL_URL

Manifest = dict[str, Any]
_LONGEST = 63
_MEMORY, _LOADING = 1.25, 2.5  # times what was measured: usual, and with another version that is loaded beside
_MIB = 1024 * 1024
_KEYS = {
    JOURNAL_URL: "journal-url",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "otlp-endpoint",
    "OTEL_EXPORTER_OTLP_HEADERS": "otlp-headers",
}
"""Variables that an operator gives, and the keys of the Secret that hold them; those of lookups are called alike."""
_TEXT = """\
# {name} in Kubernetes: made by pipeline=capacity, version {version}.
# One replica answers {rate:g} requests a second{least}, 99 of 100 within {budget:g} s; {planned:g} are planned for
# each. It takes {cores:g} cores and {memory} MiB then, and {start:g} s from its start to its first answer.
#   bentoml containerize {bento}      put the image into a registry, and its name below
#   kubectl create secret generic {secret} --from-literal=journal-url=postgresql+psycopg://… \\
#     --from-file=keys.json=…{lookups}
#   python -m serving manifest FILE     what a cluster would refuse of this file
# keys.json is what `python -m serving key add` made. All replicas share one journal, which PostgreSQL holds.
"""
_ARCHIVE = """\
# Requests that leave the journal go to the volume of the PersistentVolumeClaim {claim}, which all replicas
# write (ReadWriteMany): make it before.
"""


def manifests(deployment: Deployment, measured: CapacityRecord) -> str:
    """Return a Deployment, a Service and a HorizontalPodAutoscaler as one YAML file."""
    name = object_name(deployment.name)
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "drivetrain"}
    parts = [
        _deployment(name, labels, deployment, measured),
        _service(name, labels),
        _autoscaler(name, labels, deployment, measured),
    ]
    head = _TEXT.format(
        name=deployment.name,
        version=measured.version,
        rate=measured.requests_per_second,
        least=" or more" if measured.at_least else "",
        budget=measured.latency_budget,
        planned=measured.planned,
        cores=measured.cpu_cores,
        memory=ceil(measured.memory_bytes / _MIB),
        start=measured.start_seconds,
        bento=deployment.bento,
        secret=name,
        lookups="".join(f" --from-literal={one}=…" for one in secrets(deployment)),
    )
    if deployment.journal.archive_folder is not None:
        head += _ARCHIVE.format(claim=_claim(name))
    return head + dump(parts)


def object_name(model: str) -> str:
    """Return the name of a model's objects: letters, digits and hyphens, at most 63, unlike that of any other model."""
    plain = f"drivetrain-{model}"
    name = plain.replace("_", "-").rstrip("-")
    if name == plain and len(name) <= _LONGEST:
        return name
    mark = hashlib.sha256(model.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST - len(mark) - 1].rstrip('-')}-{mark}"


def _deployment(name: str, labels: dict[str, str], deployment: Deployment, measured: CapacityRecord) -> Manifest:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {  # without replicas: their number is the autoscaler's
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "template": {
                "metadata": {"labels": dict(labels)},
                "spec": {
                    "terminationGracePeriodSeconds": grace(deployment.spec.drain_seconds, deployment.spec.deadline),
                    "automountServiceAccountToken": False,
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": 1034,  # BentoML's own
                        "fsGroup": 1034,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                    "containers": [_container(name, deployment, measured)],
                    "volumes": _volumes(name, deployment),
                },
            },
        },
    }


def _container(name: str, deployment: Deployment, measured: CapacityRecord) -> Manifest:
    memory = measured.memory_bytes / _MIB
    probe = {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 5, "timeoutSeconds": 5}
    starts = {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 2, "timeoutSeconds": 5}
    lives = {"httpGet": {"path": "/livez", "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 5}
    return {
        "name": "service",
        "image": deployment.bento,
        "ports": [{"name": "http", "containerPort": PORT}],
        "env": [_variable(name, one) for one in environment(deployment, has_keys=True)],
        "resources": {
            "requests": {"cpu": f"{_millicores(measured)}m", "memory": f"{ceil(memory * _MEMORY)}Mi"},
            "limits": {"memory": f"{ceil(memory * _LOADING)}Mi"},
        },
        "startupProbe": {**starts, "failureThreshold": max(30, ceil(10 * measured.start_seconds / 2))},
        "readinessProbe": {**probe, "failureThreshold": 2},
        "livenessProbe": {**lives, "failureThreshold": 6},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": _mounts(deployment),
    }


def _variable(secret: str, one: Setting) -> Manifest:
    if one.value is not None:
        return {"name": one.name, "value": one.value.replace("$", "$$")}  # or it would name another variable
    source = {"name": secret, "key": _KEYS.get(one.name, one.name)}
    return {
        "name": one.name,
        "valueFrom": {"secretKeyRef": source | ({"optional": True} if one.is_optional else {})},
    }


def _volumes(name: str, deployment: Deployment) -> list[Manifest]:
    keys = {"secretName": name, "items": [{"key": "keys.json", "path": "keys.json"}]}
    volumes: list[Manifest] = [
        {"name": "data", "emptyDir": {}},
        {"name": "tmp", "emptyDir": {}},
        {"name": "keys", "secret": keys},
    ]
    if deployment.journal.archive_folder is not None:
        volumes.append({"name": "archive", "persistentVolumeClaim": {"claimName": _claim(name)}})
    return volumes


def _mounts(deployment: Deployment) -> list[Manifest]:
    mounts: list[Manifest] = [
        {"name": "data", "mountPath": DATA},
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "keys", "mountPath": KEYS_FOLDER, "readOnly": True},
    ]
    archive = deployment.journal.archive_folder
    return mounts if archive is None else [*mounts, {"name": "archive", "mountPath": str(archive)}]


def _claim(name: str) -> str:
    return f"{name}-archive"


def _millicores(measured: CapacityRecord) -> int:
    """Return what a replica asks for: what it took at the rate that it can do, in tenths of a core."""
    return max(100, 100 * ceil(10 * measured.cpu_cores))


def _service(name: str, labels: dict[str, str]) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {
            "selector": {"app.kubernetes.io/name": name},
            "ports": [{"name": "http", "port": 80, "targetPort": "http"}],
        },
    }


def _autoscaler(name: str, labels: dict[str, str], deployment: Deployment, measured: CapacityRecord) -> Manifest:
    """Return the autoscaler: CPU in the proportion in which a replica is to be used, of what it asks for."""
    used = round(
        100 * measured.planned / measured.requests_per_second * 1000 * measured.cpu_cores / _millicores(measured)
    )
    every = min(max(15, ceil(measured.start_seconds)), 1800)  # seconds: those before must answer first
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": measured.min_replicas,
            "maxReplicas": measured.max_replicas,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": max(used, 1)}},
                }
            ],
            "behavior": {
                "scaleUp": {
                    "stabilizationWindowSeconds": 0,
                    "policies": [{"type": "Percent", "value": 100, "periodSeconds": every}],
                },
                "scaleDown": {
                    "stabilizationWindowSeconds": 300,
                    "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
                },
            },
        },
    }
