"""Addresses of services: which cannot be, and which do not go with the type of the service."""

from typing import Any

import pytest

from serving.kubernetes.place import Place
from serving.kubernetes.services import service_faults

LOCAL = {"type": "LoadBalancer", "externalTrafficPolicy": "Local"}
NODES: dict[str, Any] = {"type": "NodePort"}
BALANCER: dict[str, Any] = {"type": "LoadBalancer"}
NAME: dict[str, Any] = {"type": "ExternalName", "externalName": "house.example.com"}
TWO = {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::1"]}


def found(spec: dict[str, Any]) -> list[str]:
    service = {"kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]} | spec}
    return [str(fault).removeprefix("Service a.spec.") for fault in service_faults(Place.of(0, service))]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"clusterIP": "foo"}, "clusterIP: 'foo' is no address"),
    ({"clusterIP": "fe80::1%eth0"}, "clusterIP: 'fe80::1%eth0' is no address"),
    ({"clusterIP": "10.0.0"}, "clusterIP: '10.0.0' is no address"),
    ({"clusterIPs": ["10.0.0.1"]}, "clusterIP: it is missing"),
    (TWO | {"clusterIP": "10.0.0.2"}, "clusterIPs: '10.0.0.1' comes first, and clusterIP is '10.0.0.2'"),
    (TWO | {"clusterIPs": ["10.0.0.1", "None"]}, "clusterIPs[1]: 'None' is no address"),
    (TWO | {"clusterIPs": ["10.0.0.1", "10.0.0.2"]}, "clusterIPs: it has one address of each family at most"),
    (TWO | {"clusterIPs": ["10.0.0.1", "fd00::1", "10.0.0.2"]}, "clusterIPs: it has one address of each family"),
    (TWO | {"ipFamilies": ["IPv4", "IPv4"]}, "ipFamilies[1]: IPv4, and its address is one of IPv6"),
    (TWO | {"ipFamilyPolicy": "SingleStack"}, "ipFamilyPolicy: SingleStack, and there are several clusterIPs"),
    ({"clusterIP": "fd00::1", "ipFamilies": ["IPv4"]}, "ipFamilies[0]: IPv4, and its address is one of IPv6"),
    ({"ipFamilies": ["IPv4", "IPv4"]}, "ipFamilies[1]: 'IPv4' is there twice"),
    ({"ipFamilies": ["ipv4"]}, "ipFamilies[0]: 'ipv4' cannot be"),
    ({"ipFamilies": [["IPv4"]]}, "ipFamilies[0]: ['IPv4'] cannot be"),
    ({"ipFamilies": [{"a": "b"}]}, "ipFamilies[0]: {'a': 'b'} cannot be"),
    ({"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "SingleStack"}, "ipFamilyPolicy: SingleStack, and there are"),
    ({"ipFamilyPolicy": "DualStack"}, "ipFamilyPolicy: 'DualStack' cannot be"),
    ({"externalIPs": ["nope"]}, "externalIPs[0]: 'nope' is no address"),
    *(({"externalIPs": [ip]}, f"externalIPs[0]: {ip}") for ip in ("127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.5")),
    *(({"externalIPs": [ip]}, f"externalIPs[0]: {ip}") for ip in ("::1", "::", "fe80::1", "ff02::1", "ff12::1")),
    ({"externalTrafficPolicy": "Local"}, "externalTrafficPolicy: a service of type ClusterIP without externalIPs"),
    (NAME | {"externalTrafficPolicy": "Cluster"}, "externalTrafficPolicy: a service of type ExternalName"),
    (NODES | {"externalTrafficPolicy": "local"}, "externalTrafficPolicy: 'local' cannot be. Did you mean 'Local'?"),
    ({"healthCheckNodePort": 30000}, "healthCheckNodePort: only a service of type LoadBalancer"),
    (BALANCER | {"healthCheckNodePort": 30000}, "healthCheckNodePort: only a service of type LoadBalancer"),
    (LOCAL | {"healthCheckNodePort": 80}, "healthCheckNodePort: 80 is no port of a node"),
    ({"loadBalancerClass": "x"}, "loadBalancerClass: a service of type ClusterIP has none"),
    (BALANCER | {"loadBalancerClass": "a b"}, "loadBalancerClass: 'a b' cannot be the name of a class"),
    (NODES | {"loadBalancerSourceRanges": ["10.0.0.0/8"]}, "loadBalancerSourceRanges: a service of type NodePort"),
    (BALANCER | {"loadBalancerSourceRanges": ["10.0.0.0"]}, "loadBalancerSourceRanges[0]: '10.0.0.0' is no range"),
    (BALANCER | {"loadBalancerSourceRanges": ["10.0.0.0/33"]}, "loadBalancerSourceRanges[0]: '10.0.0.0/33' is no"),
    ({"allocateLoadBalancerNodePorts": False}, "allocateLoadBalancerNodePorts: a service of type ClusterIP has none"),
    (NAME | {"ipFamilies": ["IPv4"]}, "ipFamilies: a service of type ExternalName has none"),
    (NAME | {"externalName": "A_b"}, "externalName: 'A_b' cannot be a name"),
    ({"trafficDistribution": "Near"}, "trafficDistribution: 'Near' cannot be"),
    ({"ports": [{"port": 80, "appProtocol": "h 2"}]}, "ports[0].appProtocol: 'h 2' cannot be"),
]


@pytest.mark.parametrize(("spec", "said"), REFUSED)
def test_an_address_that_cannot_be_is_said(spec: dict[str, Any], said: str) -> None:
    says = found(spec)
    assert any(one.startswith(said) for one in says), says
    assert len(says) <= 2, "what follows from one fault, not more"


TAKEN: list[dict[str, Any]] = [
    {"clusterIP": "", "externalTrafficPolicy": "", "healthCheckNodePort": 0, "externalIPs": []},
    {"clusterIP": "None", "clusterIPs": ["None"], "ipFamilies": ["IPv6", "IPv4"]},
    TWO | {"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "RequireDualStack"},
    {"clusterIP": "::ffff:10.0.0.1", "ipFamilies": ["IPv4"]},
    {"externalIPs": ["10.0.0.1", "fd00::1", "ff15::2", "fd02::1"], "externalTrafficPolicy": "Local"},
    NODES | {"externalTrafficPolicy": "Local"},
    LOCAL | {"healthCheckNodePort": 30000, "loadBalancerClass": "example.com/house"},
    BALANCER | {"loadBalancerSourceRanges": ["10.0.0.0/8 ", "fd00::/8"], "allocateLoadBalancerNodePorts": False},
    NAME | {"externalName": "house.example.com."},
    {"trafficDistribution": "PreferClose", "ports": [{"port": 80, "appProtocol": "kubernetes.io/h2c"}]},
]


@pytest.mark.parametrize("spec", TAKEN)
def test_an_address_that_a_cluster_takes_is_let_through(spec: dict[str, Any]) -> None:
    assert found(spec) == []
