"""What is found in pods and their containers, though schemas take it, and what is let through."""

from decimal import Decimal
from typing import Any

import pytest

from schemas.kubernetes_names import amount, quantity
from tests.serving.kubernetes.changes import CONTAINER, INIT, POD, Change, Manifest, all_of, change, found

LIVE = (*CONTAINER, "livenessProbe")
MOUNT = (*CONTAINER, "volumeMounts", 0)
GPU = "nvidia.com/gpu"
HUGE = "hugepages-2Mi"
SECRET = {"secretKeyRef": {"name": "a", "key": "b"}}


def resources(requests: dict[str, Any], limits: dict[str, Any]) -> Change:
    cpu = {"cpu": "1"}
    return change(*CONTAINER, "resources", {"requests": cpu | requests, "limits": limits})


def variable(**source: Any) -> Change:
    return change(*CONTAINER, "env", 1, {"name": "A"} | source)


REFUSED: dict[str, Change] = {
    "restartPolicy: 'Never' cannot be": change(*POD, "restartPolicy", "Never"),
    "activeDeadlineSeconds": change(*POD, "activeDeadlineSeconds", 5),
    "dnsPolicy: 'Foo'": change(*POD, "dnsPolicy", "Foo"),
    f"{2**63} seconds": change(*POD, "terminationGracePeriodSeconds", 2**63),
    "9 is not its containerPort": all_of(
        change(*POD, "hostNetwork", True), change(*CONTAINER, "ports", 0, "hostPort", 9)
    ),
    "livenessProbe.successThreshold: 3 times": change(*LIVE, "successThreshold", 3),
    "startupProbe.successThreshold: 3 times": change(*CONTAINER, "startupProbe", "successThreshold", 3),
    "livenessProbe: it has no handler": change(*LIVE, {"periodSeconds": 5}),
    "httpGet and tcpSocket: it has one handler": change(*LIVE, "tcpSocket", {"port": "http"}),
    "exec.command: there is no command": change(*LIVE, {"exec": {}}),
    "tcpSocket.port: the container has no port None": change(*LIVE, {"tcpSocket": {}}),
    "grpc.port: the container has no port 'http'": change(*LIVE, {"grpc": {"port": "http"}}),
    "scheme: 'FTP'": change(*LIVE, "httpGet", "scheme", "FTP"),
    "preStop: it has no handler": change(*CONTAINER, "lifecycle", {"preStop": {}}),
    "a readinessProbe ends no": change(*CONTAINER, "readinessProbe", "terminationGracePeriodSeconds", 5),
    "initContainers[0].livenessProbe: it ends": change(
        *POD, "initContainers", [INIT | {"livenessProbe": {"exec": {"command": ["a"]}}}]
    ),
    "valueFrom: it has a value besides": variable(value="x", valueFrom=SECRET),
    "valueFrom: it has no source": variable(valueFrom={}),
    "secretKeyRef and fieldRef: it has one source": variable(valueFrom=SECRET | {"fieldRef": {"fieldPath": "a"}}),
    "envFrom[0]: it has no source": change(*CONTAINER, "envFrom", [{"prefix": "A"}]),
    "volumes[0]: emptyDir and configMap: it has one": change(*POD, "volumes", 0, "configMap", {"name": "x"}),
    "volumeMounts[0].mountPath: ''": change(*MOUNT, "mountPath", ""),
    "volumeMounts[0].mountPath: '/a:b'": change(*MOUNT, "mountPath", "/a:b"),
    "subPath: '../a'": change(*MOUNT, "subPath", "../a"),
    "subPath and subPathExpr": all_of(change(*MOUNT, "subPath", "a"), change(*MOUNT, "subPathExpr", "b")),
    "mountPropagation: 'Foo'": change(*MOUNT, "mountPropagation", "Foo"),
    "imagePullPolicy: 'Sometimes' cannot be": change(*CONTAINER, "imagePullPolicy", "Sometimes"),
    "'my image:1' cannot be the name of an image": change(*CONTAINER, "image", "my image:1"),
    "'House' cannot be the name of an image": change(*CONTAINER, "image", "House"),
    "'house:' cannot be the name of an image": change(*CONTAINER, "image", "house:"),
    "protocol: 'HTTP' cannot be": change(*CONTAINER, "ports", 0, "protocol", "HTTP"),
    "its limit is none: of these": resources({GPU: 1}, {}),
    "its limit is 2: of these": resources({GPU: 1}, {GPU: 2}),
    "its limit is 4Mi: of these": resources({HUGE: "2Mi"}, {HUGE: "4Mi"}),
    "huge pages are given only": change(*CONTAINER, "resources", {"limits": {HUGE: "2Mi"}}),
    "no resource 'hugepages-lots'": resources({}, {"hugepages-lots": 1}),
    "'nvidia.com/' cannot be the name of a device": resources({}, {"nvidia.com/": 1}),
    "'-1' is no quantity": resources({"memory": "-1"}, {}),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_a_cluster_would_not_take_of_pods_is_said(rendered: list[Manifest], said: str) -> None:
    REFUSED[said](rendered)
    says = found(rendered)
    assert any(said in fault for fault in says), says
    assert len(says) <= 2, "what follows from one fault, not more"


TAKEN: dict[str, Change] = {
    "huge pages": resources({HUGE: "4Mi"}, {HUGE: "4Mi"}),
    "a device by its limit": resources({}, {GPU: 1}),
    "one amount, said twice": resources({GPU: 1}, {GPU: "1"}),
    **{f"a quantity, {text}": resources({"cpu": text}, {}) for text in ("+1", "500000u", "500000000n", 0.5, ".5")},
    "a probe of a port that is not declared": change(*LIVE, "httpGet", "port", 9090),
    "a probe by gRPC": change(*LIVE, {"grpc": {"port": 9090}}),
    "a probe by a command": change(*LIVE, {"exec": {"command": ["true"]}}),
    "ready after several": change(*CONTAINER, "readinessProbe", "successThreshold", 3),
    "time to stop of a probe": change(*LIVE, "terminationGracePeriodSeconds", 5),
    "a wait before the end": change(*CONTAINER, "lifecycle", {"preStop": {"sleep": {"seconds": 5}}}),
    "a sidecar with a probe": change(
        *POD, "initContainers", [INIT | {"restartPolicy": "Always", "livenessProbe": {"exec": {"command": ["a"]}}}]
    ),
    "no ports": all_of(
        change(*CONTAINER, "ports", []),
        change(1, "spec", "ports", 0, "targetPort", 3000),
        *(change(*CONTAINER, f"{one}Probe", "httpGet", "port", 3000) for one in ("startup", "readiness", "liveness")),
    ),
    "a port without name": all_of(
        change(*CONTAINER, "ports", 0, "name", None),
        change(1, "spec", "ports", 0, "targetPort", 3000),
        *(change(*CONTAINER, f"{one}Probe", "httpGet", "port", 3000) for one in ("startup", "readiness", "liveness")),
    ),
    "an empty value beside a source": variable(value="", valueFrom=SECRET),
    "a name of a variable since 1.32": variable(value="a", name="A#B"),
    "a volume without source": change(*POD, "volumes", 0, {"name": "data"}),
    "a source that is none": change(*POD, "volumes", 0, "configMap", None),
    "restarted always": change(*POD, "restartPolicy", "Always"),
    **{
        f"an image, {name}": change(*CONTAINER, "image", name)
        for name in (
            "a",
            "Example.com:5000/a_b/c--d:V1.0",
            f"a/b@sha256:{'0' * 64}",
            f"[::1]:5000/a:1@sha256:{'f' * 64}",
        )
    },
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_cluster_takes_of_pods_is_let_through(rendered: list[Manifest], name: str) -> None:
    TAKEN[name](rendered)
    assert found(rendered) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("+1", "1"), ("-1", "-1"), ("-0", "0"), ("500000u", "0.5"), ("5n", "5e-9"), ("500m", "0.5"), ("2e8", "2e8")),
        *(("1E", "1e18"), ("+1.5Ki", "1536"), ("1.", "1"), (".5", "0.5")),
    ],
)
def test_quantities_are_read_as_a_cluster_reads_them(text: str, value: str) -> None:
    assert quantity(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "+", ".", "1 m", "1mi", "--1", "1K", "1uu", "1_000", "\N{SUPERSCRIPT TWO}"])
def test_what_is_no_quantity_is_none(text: str) -> None:
    assert quantity(text) is None


def test_an_amount_is_never_below_0() -> None:
    assert amount("-1") is None and amount("-0") == 0 and amount("+1") == 1
