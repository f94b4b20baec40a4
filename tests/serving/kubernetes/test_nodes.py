"""Where pods may run, what they are called, and what their variables take from them."""

from typing import Any

import pytest

from serving.kubernetes.place import Place
from serving.kubernetes.pods import pod_faults

CONTAINER: dict[str, Any] = {"name": "a", "image": "a"}


def found(spec: dict[str, Any]) -> list[str]:
    return [str(fault).removeprefix("a.") for fault in pod_faults(Place("a", {"containers": [CONTAINER]} | spec))]


def tolerated(**toleration: Any) -> dict[str, Any]:
    return {"tolerations": [toleration]}


def taken(source: str, **reference: Any) -> dict[str, Any]:
    return {"containers": [CONTAINER | {"env": [{"name": "A", "valueFrom": {source: reference}}]}]}


def all_of(prefix: str | None) -> dict[str, Any]:
    return {"containers": [CONTAINER | {"envFrom": [{"prefix": prefix, "configMapRef": {"name": "a"}}]}]}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"nodeSelector": {"a b": "c"}}, "nodeSelector.a b: 'a b' cannot be the key"),
    ({"nodeSelector": {"a": 1}}, "nodeSelector.a: 1 cannot be the value"),
    *(({key: "A_b"}, f"{key}: 'A_b' cannot be a name") for key in ("serviceAccountName", "serviceAccount", "nodeName")),
    *(({key: "A_b"}, f"{key}: 'A_b' cannot be a name") for key in ("priorityClassName", "runtimeClassName")),
    *(({key: "a.b"}, f"{key}: 'a.b' cannot be a name") for key in ("hostname", "subdomain")),
    (tolerated(operator="Foo"), "tolerations[0].operator: 'Foo' cannot be"),
    *(
        (tolerated(key="a", operator=one, value="5"), f"tolerations[0].operator: '{one}' cannot")
        for one in ("Gt", "Lt")
    ),
    (tolerated(value="a"), "tolerations[0].operator: Equal compares with no key"),
    (tolerated(key="a b", operator="Exists"), "tolerations[0].key: 'a b' cannot be the key of a taint"),
    (tolerated(key="a", operator="Exists", value="b"), "tolerations[0].value: Exists takes no value"),
    (tolerated(key="a", value="b c"), "tolerations[0].value: 'b c' cannot be the value of a taint"),
    (tolerated(key="a", effect="noexecute"), "tolerations[0].effect: 'noexecute' cannot be"),
    (tolerated(key="a", tolerationSeconds=5), "tolerations[0].tolerationSeconds: only NoExecute"),
    (tolerated(key="a", effect="NoExecute", tolerationSeconds="5"), "tolerations[0].tolerationSeconds: '5' seconds"),
    *(
        (taken(source, name="a", key=key), f"containers[0].env[0].valueFrom.{source}.key: '{key}' cannot be a key")
        for source in ("secretKeyRef", "configMapKeyRef")
        for key in (".", "..", "..a")
    ),
    (all_of("A=B"), "containers[0].envFrom[0].prefix: 'A=B' cannot begin the name of a variable"),
    (taken("fieldRef"), "containers[0].env[0].valueFrom.fieldRef.fieldPath: '' cannot be"),
    (
        taken("fieldRef", fieldPath="spec.hostname"),
        "containers[0].env[0].valueFrom.fieldRef.fieldPath: 'spec.hostname'",
    ),
    (
        taken("fieldRef", fieldPath="metadata.labels"),
        "containers[0].env[0].valueFrom.fieldRef.fieldPath: 'metadata.lab",
    ),
    (taken("fieldRef", fieldPath="metadata.labels['a b']"), "containers[0].env[0].valueFrom.fieldRef.fieldPath: "),
    (
        taken("fieldRef", fieldPath="metadata.name", apiVersion="v2"),
        "containers[0].env[0].valueFrom.fieldRef.apiVersion",
    ),
    (taken("resourceFieldRef"), "containers[0].env[0].valueFrom.resourceFieldRef.resource: None cannot be"),
    (taken("resourceFieldRef", resource="cpu"), "containers[0].env[0].valueFrom.resourceFieldRef.resource: 'cpu'"),
]


@pytest.mark.parametrize(("spec", "said"), REFUSED)
def test_what_a_cluster_would_not_take_is_said(spec: dict[str, Any], said: str) -> None:
    says = found(spec)
    assert len(says) == 1 and says[0].startswith(said), says


TAKEN: list[dict[str, Any]] = [
    {"nodeSelector": {"kubernetes.io/arch": "amd64", "a": ""}, "hostname": "", "serviceAccountName": "a.b"},
    tolerated(operator="Exists"),
    tolerated(key="a", value="b", effect=""),
    tolerated(key="a", operator="Exists", effect="NoExecute", tolerationSeconds=-1),
    taken("secretKeyRef", name="a", key=".a..b"),
    *(all_of(prefix) for prefix in ("", "a.B-1 ", None)),
    taken("fieldRef", fieldPath="status.podIPs", apiVersion="v1"),
    taken("fieldRef", fieldPath="metadata.labels['example.com/a']"),
    taken("fieldRef", fieldPath="metadata.annotations['Example.com/a']"),
    taken("resourceFieldRef", resource="limits.memory", divisor="1Mi"),
    taken("resourceFieldRef", resource="requests.hugepages-2Mi"),
]


@pytest.mark.parametrize("spec", TAKEN)
def test_what_a_cluster_takes_is_let_through(spec: dict[str, Any]) -> None:
    assert found(spec) == []
