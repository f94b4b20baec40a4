"""What is found in manifests that cannot work, and what is let through: the grossest of every part."""

import pytest

from tests.serving.kubernetes.changes import (
    CONTAINER,
    EXPRESSION,
    HOUSE,
    HTTP,
    INIT,
    POD,
    ROLLING,
    TARGET,
    Manifest,
    change,
    found,
)

PLANTED = {
    "minReplicas": change(2, "spec", "minReplicas", -2),
    "at least (minReplicas)": change(2, "spec", "minReplicas", 11),
    "replicas at most cannot be": change(2, "spec", "maxReplicas", 0),
    "percent cannot be": change(*TARGET, "averageUtilization", 0),
    "no type of a target": change(*TARGET, "type", "Percentage"),
    "nothing is": change(2, "spec", "metrics", 0, "type", "Pods"),
    "there is no Deployment": change(2, "spec", "scaleTargetRef", "name", "drivetrain-horse"),
    "stabilizationWindowSeconds": change(2, "spec", "behavior", "scaleDown", "stabilizationWindowSeconds", 5000),
    "periodSeconds: 0": change(2, "spec", "behavior", "scaleUp", "policies", 0, "periodSeconds", 0),
    "an autoscaler decides": change(0, "spec", "replicas", 3),
    "-1 replicas cannot be": change(0, "spec", "replicas", -1),
    "chooses none of its own pods": change(0, "spec", "selector", "matchLabels", {"app": "other"}),
    "it chooses no pods of the Deployments": change(1, "spec", "selector", {"app.kubernetes.io/name": "other"}),
    "99999 is no port": change(1, "spec", "ports", 0, "port", 99999),
    "0 is no port": change(*CONTAINER, "ports", 0, "containerPort", 0),
    "the pods have no port": change(1, "spec", "ports", 0, "targetPort", "https"),
    "the container has no port": change(*CONTAINER, "readinessProbe", "httpGet", "port", "https"),
    "name of a port": change(*CONTAINER, "ports", 0, "name", "Bad_Port"),
    "'Bad Name!' cannot be a name": change(*CONTAINER, "name", "Bad Name!"),
    "'Drivetrain' cannot be a name": change(1, "metadata", "name", "Drivetrain"),
    "'1house' cannot be a name": change(1, "metadata", "name", "1house"),
    "value of a label": change(0, "metadata", "labels", {"app": "no blanks here"}),
    "key of a label": change(0, "metadata", "labels", {"app/of/house": "x"}),
    "'banana' is no quantity": change(*CONTAINER, "resources", "requests", "cpu", "banana"),
    "only whole ones": change(*CONTAINER, "resources", "limits", {"nvidia.com/gpu": "1.5"}),
    "more than its limit": change(*CONTAINER, "resources", "limits", {"memory": "1Mi"}),
    "no resource 'ram'": change(*CONTAINER, "resources", "limits", {"ram": "1Gi"}),
    "there is no volume 'cache'": change(*CONTAINER, "volumeMounts", 0, "name", "cache"),
    "name of a variable": change(*CONTAINER, "env", 1, "name", "A=B"),
    "failureThreshold: 0": change(*CONTAINER, "livenessProbe", "failureThreshold", 0),
    "nodePort: 99999": change(
        1, "spec", {"type": "NodePort", "selector": HOUSE, "ports": [HTTP | {"nodePort": 99999}]}
    ),
    "type ClusterIP has none": change(1, "spec", "ports", 0, "nodePort", 30080),
    "one of several ports needs": change(1, "spec", "ports", [HTTP, {"port": 81, "targetPort": "http"}]),
    "80 is there twice": change(1, "spec", "ports", [HTTP, HTTP | {"name": "b", "protocol": "TCP"}]),
    "no type of a service": change(1, "spec", "type", "Cluster"),
    "externalName: None": change(1, "spec", {"type": "ExternalName"}),
    "hostPort: 70000": change(*CONTAINER, "ports", 0, "hostPort", 70000),
    "tcpSocket.port: ": change(*CONTAINER, "livenessProbe", {"tcpSocket": {"port": 99999}}),
    "initContainers[0].name": change(*POD, "initContainers", [{"name": "B_D", "image": "x"}]),
    "initContainers[0].resources": change(*POD, "initContainers", [INIT | {"resources": {"limits": {"cpu": "lots"}}}]),
    "'service' is there twice": change(*POD, "initContainers", [INIT | {"name": "service"}]),
    "sizeLimit": change(*POD, "volumes", 0, "emptyDir", {"sizeLimit": "-5Gi"}),
    "secretName": change(*POD, "volumes", 2, "secret", "secretName", "A_B!"),
    "claimName": change(*POD, "volumes", 1, {"name": "tmp", "persistentVolumeClaim": {"claimName": "A"}}),
    "'data' is there twice": change(*POD, "volumes", 1, "name", "data"),
    "'/data' is there twice": change(*CONTAINER, "volumeMounts", 1, "mountPath", "/data"),
    "there is no image": change(*CONTAINER, "image", ""),
    "cannot be a key": change(*CONTAINER, "env", 0, "valueFrom", "secretKeyRef", "key", "no key"),
    "could ever be replaced": change(*ROLLING, {"maxSurge": 0, "maxUnavailable": "0%"}),
    "'lots' pods cannot be": change(*ROLLING, {"maxSurge": "lots"}),
    "Recreate has no": change(0, "spec", "strategy", "type", "Recreate"),
    "initialDelaySeconds: -5": change(*CONTAINER, "livenessProbe", "initialDelaySeconds", -5),
    "-1 seconds": change(*POD, "terminationGracePeriodSeconds", -1),
    "True replicas at most": change(2, "spec", "maxReplicas", True),
    "cannot be scaled": change(2, "spec", "scaleTargetRef", "kind", "Deploymint"),
    "requests.cpu: it asks for none": change(*CONTAINER, "resources", {"requests": {"memory": "1Gi"}}),
    "NotIn of": change(0, "spec", "selector", {"matchExpressions": [EXPRESSION | {"operator": "NotIn"}]}),
    "is no operator": change(0, "spec", "selector", {"matchExpressions": [EXPRESSION | {"operator": "Is"}]}),
    "takes one value": change(0, "spec", "selector", {"matchExpressions": [EXPRESSION | {"values": []}]}),
    "has no HorizontalPodAutoscaler": change(2, "apiVersion", "autoscaling/v2beta2"),
    "autoscaling/v2 has no": change(2, "kind", "HorizontalPodScaler"),
}


@pytest.mark.parametrize("said", PLANTED)
def test_what_cannot_work_is_found_at_its_place(rendered: list[Manifest], said: str) -> None:
    PLANTED[said](rendered)
    says = found(rendered)
    assert any(said in fault for fault in says), says
    assert len(says) <= (5 if "port" in said else 2), "what follows from one fault, not more"


LEGAL = {
    "expressions alone": change(0, "spec", "selector", {"matchExpressions": [EXPRESSION]}),
    "a name for what is elsewhere": change(1, "spec", {"type": "ExternalName", "externalName": "house.example.com"}),
    "a number of two protocols": change(1, "spec", "ports", [HTTP, HTTP | {"name": "udp", "protocol": "UDP"}]),
    "a port of the nodes": change(
        1, "spec", {"type": "NodePort", "selector": HOUSE, "ports": [HTTP | {"nodePort": 30080}]}
    ),
    "a container before the others": change(*POD, "initContainers", [INIT]),
    "a probe by TCP": change(*CONTAINER, "livenessProbe", {"tcpSocket": {"port": "http"}, "initialDelaySeconds": 0}),
    "no surge": change(*ROLLING, {"maxSurge": 0}),
    "all at once": change(0, "spec", "strategy", {"type": "Recreate"}),
    "what is not asked for is the limit": change(*CONTAINER, "resources", {"limits": {"cpu": "2"}}),
}


@pytest.mark.parametrize("name", LEGAL)
def test_what_a_cluster_takes_is_let_through(rendered: list[Manifest], name: str) -> None:
    LEGAL[name](rendered)
    assert found(rendered) == []
