"""What is found in autoscalers, services and Deployments, though schemas take it, and what is let through."""

from typing import Any

import pytest

from tests.serving.kubernetes.changes import (
    CONFIG,
    CONTAINER,
    HOUSE,
    HTTP,
    INIT,
    POD,
    TARGET,
    Change,
    Manifest,
    all_of,
    beside,
    change,
    found,
    without,
)

METRIC = (2, "spec", "metrics", 0)
UP = (2, "spec", "behavior", "scaleUp")
REF = (2, "spec", "scaleTargetRef")
PORT = (1, "spec", "ports", 0)
HUGE = 2**40
CPU = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
QUEUE = {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "30"}}
SCALER: Manifest = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "b"},
    "spec": {
        "maxReplicas": 3,
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "drivetrain-house"},
    },
}
SIDECAR = INIT | {"restartPolicy": "Always", "ports": [{"name": "proxy", "containerPort": 8443}]}
LABELLED = {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "db", "image": "db"}]}}
STATEFUL: Manifest = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "db"},
    "spec": {"selector": {"matchLabels": {"app": "db"}}, "serviceName": "db", "template": LABELLED},
}
ORIGIN: Manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}}


def metrics(*those: Manifest) -> Change:
    return change(2, "spec", "metrics", list(those))


def contained(container: str) -> Change:
    return metrics({"type": "ContainerResource", "containerResource": CPU | {"container": container}})


def service(**spec: Any) -> Change:
    return change(1, "spec", {"selector": HOUSE, "ports": [HTTP]} | spec)


def first_version(**spec: Any) -> Change:
    return all_of(
        change(2, "apiVersion", "autoscaling/v1"),
        change(2, "spec", {"scaleTargetRef": SCALER["spec"]["scaleTargetRef"], "maxReplicas": 3} | spec),
    )


REFUSED = {
    "policies[0].type: 'Foo' cannot be": change(*UP, "policies", 0, "type", "Foo"),
    "policies[0].type: None cannot be": without(*UP, "policies", 0, "type"),
    "selectPolicy: 'Foo' cannot be": change(*UP, "selectPolicy", "Foo"),
    "scaleUp.policies: there is none": change(*UP, "policies", []),
    "tolerance: '-1'": change(*UP, "tolerance", "-1"),
    "metrics[0].type: 'resource' cannot be. Did you mean 'Resource'?": change(*METRIC, "type", "resource"),
    "resource and pods: it has one source": change(*METRIC, "pods", QUEUE),
    "resource.name: it does not say": change(*METRIC, "resource", "name", ""),
    "pods.metric.name: 'a/b'": metrics({"type": "Pods", "pods": QUEUE | {"metric": {"name": "a/b"}}}),
    "describedObject.kind: None": metrics({"type": "Object", "object": QUEUE | {"describedObject": {"name": "a"}}}),
    "averageUtilization and averageValue": change(*TARGET, "averageValue", "1"),
    "target: it has no amount": metrics({"type": "Pods", "pods": QUEUE | {"target": CPU["target"]}}),
    "'-1' is no quantity above 0": change(*TARGET, {"type": "AverageValue", "averageValue": "-1"}),
    "no container 'nope'": contained("nope"),
    "no container 'before'": all_of(change(*POD, "initContainers", [INIT]), contained("before")),
    "container: it does not say": contained(""),
    f"{HUGE} replicas at most": change(2, "spec", "maxReplicas", HUGE),
    f"{HUGE} percent": change(*TARGET, "averageUtilization", HUGE),
    "'v1' has no Deployment": change(*REF, "apiVersion", "v1"),
    "None has no Deployment": without(*REF, "apiVersion"),
    "'DaemonSet' of apps/v1 cannot be scaled": change(*REF, "kind", "DaemonSet"),
    "kind: '' cannot be a name": change(*REF, {"apiVersion": "argoproj.io/v1", "kind": "", "name": "a"}),
    "HorizontalPodAutoscaler b.spec.scaleTargetRef: HorizontalPodAutoscaler drivetrain-house scales": beside(SCALER),
    "'other', and its Deployment is in 'default'": change(2, "metadata", "namespace", "other"),
    "metrics: autoscaling/v1 has no such thing": first_version(metrics=[]),
    "0 percent": first_version(targetCPUUtilizationPercentage=0),
    "requests.cpu: it asks for none": all_of(without(2, "spec", "metrics"), without(*CONTAINER, "resources")),
    "'other', and the pods are in 'default'": change(1, "metadata", "namespace", "other"),
    "80 is no port of a node": service(type="NodePort", ports=[HTTP | {"nodePort": 80}]),
    "30080 is there twice": service(
        type="NodePort", ports=[HTTP | {"nodePort": 30080}, HTTP | {"name": "b", "port": 81, "nodePort": 30080}]
    ),
    "protocol: 'HTTP' cannot be": change(*PORT, "protocol", "HTTP"),
    "NodePort has an address": service(type="NodePort", clusterIP="None"),
    "LoadBalancer has an address": service(type="LoadBalancer", clusterIP="None"),
    "ExternalName has none": change(1, "spec", {"type": "ExternalName", "externalName": "a.b", "clusterIP": "None"}),
    "sessionAffinity: 'Foo' cannot be": service(sessionAffinity="Foo"),
    "keeps nobody": service(sessionAffinityConfig={"clientIP": {"timeoutSeconds": 5}}),
    "90000 seconds": service(
        sessionAffinity="ClientIP", sessionAffinityConfig={"clientIP": {"timeoutSeconds": 90_000}}
    ),
    "internalTrafficPolicy: 'Foo'": service(internalTrafficPolicy="Foo"),
    "selector.a b: 'a b' cannot be the key": service(selector={"a b": "c"}),
    f"{HUGE} replicas cannot be": all_of(change(0, "spec", "replicas", HUGE), without(2)),
    "600 seconds are no less than progressDeadlineSeconds, 600": change(0, "spec", "minReadySeconds", 600),
    "5 seconds are no less than progressDeadlineSeconds, 4": all_of(
        change(0, "spec", "minReadySeconds", 5), change(0, "spec", "progressDeadlineSeconds", 4)
    ),
    "'-bad key' cannot be the key of an annotation": change(0, "metadata", "annotations", {"-bad key": "x"}),
    "template.metadata.annotations.b: 1 cannot be": change(0, "spec", "template", "metadata", "annotations", {"b": 1}),
    "larger than 256 KiB": change(0, "metadata", "annotations", {"a": "x" * 300_000}),
    "Deployment drivetrain-house.metadata.name: 'drivetrain-house' is there twice": lambda parts: parts.insert(
        1, parts[0]
    ),
    "ConfigMap a.metadata.name: 'a' is there twice": beside(CONFIG, CONFIG),
    "apps/v1 has no 'Deploymint'. Did you mean 'Deployment'?": beside(STATEFUL | {"kind": "Deploymint"}),
    "'apps/v1beta1' has no Deployment": change(0, "apiVersion", "apps/v1beta1"),
    "it does not say what it is": beside({"apiVersion": "v1"}),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_a_cluster_would_not_take_is_said(rendered: list[Manifest], said: str) -> None:
    REFUSED[said](rendered)
    says = found(rendered)
    assert any(said in fault for fault in says), says
    assert len(says) <= 2, "what follows from one fault, not more"


TAKEN: dict[str, Change] = {
    "no metrics: 80 % of CPU": without(2, "spec", "metrics"),
    "an empty list of them": metrics(),
    "a metric of one container": contained("service"),
    "a metric of a sidecar": all_of(change(*POD, "initContainers", [SIDECAR]), contained("before")),
    "a metric of pods": metrics({"type": "Pods", "pods": QUEUE}),
    "a metric from elsewhere": metrics({"type": "External", "external": QUEUE}),
    "policies that nobody says": change(*UP, "policies", None),
    "the pod asks as a whole": all_of(
        without(*CONTAINER, "resources"), change(*POD, "resources", {"requests": {"cpu": "1"}})
    ),
    "something of an extension is scaled": change(
        *REF, {"apiVersion": "argoproj.io/v1", "kind": "Rollout", "name": "a"}
    ),
    "replicas that are none": change(0, "spec", "replicas", None),
    "the first version": first_version(targetCPUUtilizationPercentage=70),
    "two namespaces": beside(
        SCALER
        | {
            "metadata": {"name": "b", "namespace": "other"},
            "spec": {
                "maxReplicas": 2,
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "drivetrain-house"},
            },
        }
    ),
    "a namespace that is said in one only": change(2, "metadata", "namespace", "default"),
    "one namespace": all_of(*(change(number, "metadata", "namespace", "other") for number in range(3))),
    "a service without selector": without(1, "spec", "selector"),
    "a headless service without ports": change(1, "spec", {"clusterIP": "None", "selector": HOUSE}),
    "a port that the pods do not declare": change(*PORT, "targetPort", 9090),
    "the port of a sidecar": all_of(change(*POD, "initContainers", [SIDECAR]), change(*PORT, "targetPort", "proxy")),
    "clients that stay": service(
        sessionAffinity="ClientIP", sessionAffinityConfig={"clientIP": {"timeoutSeconds": 60}}
    ),
    "what is not looked at": beside(
        CONFIG, {"apiVersion": "example.com/v1", "kind": "House", "metadata": {"name": "a"}}
    ),
    "a service of an extension": beside({"apiVersion": "serving.knative.dev/v1", "kind": "Service", "spec": {}}),
    "a service of other pods": beside(
        STATEFUL, ORIGIN | {"spec": {"selector": {"app": "db"}, "ports": [{"port": 5432}]}}
    ),
    "one name, two kinds": beside(CONFIG, CONFIG | {"kind": "Secret"}),
    "one name, two namespaces": beside(CONFIG, CONFIG | {"metadata": {"name": "a", "namespace": "b"}}),
    "an annotation in upper case": change(0, "metadata", "annotations", {"Example.com/A": "any text: {}"}),
    "a long name": change(*POD, "volumes", 2, "secret", "secretName", "a" * 100),
    "a long prefix": change(0, "metadata", "labels", {"a" * 100 + ".example.com/a": "b"}),
    "ready late": all_of(change(0, "spec", "minReadySeconds", 600), change(0, "spec", "progressDeadlineSeconds", 601)),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_cluster_takes_of_objects_is_let_through(rendered: list[Manifest], name: str) -> None:
    TAKEN[name](rendered)
    assert found(rendered) == []
