"""Addresses of services: those in the cluster, and those by which they are reached from outside."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from schemas.errors import Fault
from schemas.kubernetes_names import QUALIFIED
from serving.kubernetes.choices import choice_faults
from serving.kubernetes.names import HOST, name_faults
from serving.kubernetes.place import Place
from serving.kubernetes.ports import NODE_PORT_HINT, is_node_port

OPEN = ("NodePort", "LoadBalancer")
"""Types of services that have a port of every node."""
_POLICIES = ("SingleStack", "PreferDualStack", "RequireDualStack")
_FAMILIES = {"IPv4": 4, "IPv6": 6}
_MOST = 2  # addresses of a service in the cluster: one of each family
_OF_BALANCERS = ("loadBalancerClass", "loadBalancerSourceRanges", "allocateLoadBalancerNodePorts")
_NEAR = ip_network("224.0.0.0/24")
"""Addresses of groups of IPv4 that no router passes on."""


def address_faults(spec: Place, kind: str) -> Iterator[Fault]:
    """Yield what is wrong with a service's addresses in the cluster; `kind` is its type."""
    address = spec.text("clusterIP")
    if kind == "ExternalName":  # another name for what is elsewhere: neither pods nor ports
        yield from name_faults(spec, "externalName", HOST)
        for key in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            if spec.values.get(key):
                yield spec.fault(key, "a service of type ExternalName has none")
        return
    if address == "None" and kind in OPEN:
        yield spec.fault("clusterIP", f"a service of type {kind} has an address: it cannot be None", "type: ClusterIP")
    elif address != "None" and not spec.entries("ports"):
        yield spec.fault("ports", "it has no port")
    yield from _cluster_faults(spec)
    yield from _family_faults(spec)


def outside_faults(spec: Place, kind: str) -> Iterator[Fault]:
    """Yield what is wrong with how a service is reached from outside of the cluster; `kind` is its type."""
    for name, value in spec.listed("externalIPs"):
        found = _ip(value)
        if found is None:
            yield spec.fault(name, f"{value!r} is no address", "10.0.0.1, or fd00::1")
        elif _is_of_one_node(found):
            yield spec.fault(name, f"{value}: from outside, no such address leads to a service")
    yield from _traffic_faults(spec, kind)
    yield from _balancer_faults(spec, kind)
    yield from _health_faults(spec, kind)


def _cluster_faults(spec: Place) -> Iterator[Fault]:
    address, several = spec.text("clusterIP"), spec.listed("clusterIPs")
    first = None if not several else several[0][1]
    if several and not address:
        yield spec.fault("clusterIP", "it is missing beside clusterIPs", f"clusterIP: {first}")
    elif several and first != address:
        yield spec.fault("clusterIPs", f"{first!r} comes first, and clusterIP is {address!r}", "the same one in both")
    found = several or ([("clusterIP", address)] if address else [])
    if [value for _, value in found] == ["None"]:
        return
    wrong = [(name, value) for name, value in found if _ip(value) is None]
    for name, value in wrong:
        hint = "10.0.0.1, fd00::1, or None by itself, where it has none"
        yield spec.fault(name, f"{value!r} is no address", hint)
    versions = [one.version for _, value in found if (one := _ip(value))]
    if len(found) > _MOST or (not wrong and len(set(versions)) < len(versions)):
        yield spec.fault("clusterIPs", "it has one address of each family at most: IPv4, IPv6")
    elif not wrong:
        yield from _mismatch_faults(spec, versions)


def _mismatch_faults(spec: Place, versions: Sequence[int]) -> Iterator[Fault]:
    """Yield that an address is not of the family that is said for it."""
    for (name, family), version in zip(spec.listed("ipFamilies"), versions, strict=False):
        if _FAMILIES.get(str(family), version) != version:
            yield spec.fault(name, f"{family}, and its address is one of IPv{version}")


def _family_faults(spec: Place) -> Iterator[Fault]:
    families = spec.listed("ipFamilies")
    for number, (name, family) in enumerate(families):
        if str(family) not in _FAMILIES:
            yield spec.fault(name, f"{family!r} cannot be", f"known: {', '.join(_FAMILIES)}")
        elif family in [other for _, other in families[:number]]:
            yield spec.fault(name, f"{family!r} is there twice")
    yield from choice_faults(spec, "ipFamilyPolicy", _POLICIES)
    if spec.text("ipFamilyPolicy") == "SingleStack":
        for key in ("ipFamilies", "clusterIPs"):
            if len(spec.listed(key)) > 1:
                yield spec.fault(
                    "ipFamilyPolicy", f"SingleStack, and there are several {key}", ", ".join(_POLICIES[1:])
                )


def _balancer_faults(spec: Place, kind: str) -> Iterator[Fault]:
    """Yield what only services of type LoadBalancer have, where there is another one, and what cannot be there."""
    for key in _OF_BALANCERS:
        if kind != "LoadBalancer" and spec.values.get(key) not in (None, []):
            yield spec.fault(key, f"a service of type {kind} has none", "type: LoadBalancer")
    if kind == "LoadBalancer":
        name = spec.text("loadBalancerClass")
        if name is not None and not re.fullmatch(QUALIFIED, name):
            yield spec.fault("loadBalancerClass", f"{name!r} cannot be the name of a class", "PREFIX/NAME, or NAME")
        for at, value in spec.listed("loadBalancerSourceRanges"):
            if not _is_range(str(value).strip()):
                yield spec.fault(at, f"{value!r} is no range of addresses", "10.0.0.0/8, or fd00::/8")


def _traffic_faults(spec: Place, kind: str) -> Iterator[Fault]:
    yield from choice_faults(spec, "externalTrafficPolicy", ("Cluster", "Local"))
    is_reached = kind in OPEN or (kind == "ClusterIP" and bool(spec.values.get("externalIPs")))
    if spec.text("externalTrafficPolicy") and not is_reached:
        says = f"a service of type {kind} without externalIPs is not reached from outside: it has none"
        yield spec.fault("externalTrafficPolicy", says, "type: NodePort, or LoadBalancer")


def _health_faults(spec: Place, kind: str) -> Iterator[Fault]:
    port = spec.values.get("healthCheckNodePort")
    if not port:  # 0: the cluster chooses one
        return
    if kind != "LoadBalancer" or spec.text("externalTrafficPolicy") != "Local":
        says = f"only a service of type LoadBalancer with externalTrafficPolicy: Local has one, this is a {kind}"
        yield spec.fault("healthCheckNodePort", says)
    elif not is_node_port(port):
        yield spec.fault("healthCheckNodePort", f"{port!r} is no port of a node", NODE_PORT_HINT)


def _ip(value: object) -> IPv4Address | IPv6Address | None:
    """Return an address, one of IPv4 within IPv6 as what it is; None where it is none, or is one of an interface."""
    try:
        found = ip_address(str(value))
    except ValueError:
        return None
    if isinstance(found, IPv4Address):
        return found
    return None if found.scope_id else found.ipv4_mapped or found


def _is_of_one_node(address: IPv4Address | IPv6Address) -> bool:
    return address.is_unspecified or address.is_loopback or address.is_link_local or _is_near(address)


def _is_near(address: IPv4Address | IPv6Address) -> bool:
    """Say whether no router passes on what goes to a group; of IPv6 whatever the flags of the group are."""
    if isinstance(address, IPv4Address):
        return address in _NEAR
    return address.is_multicast and address.packed[1] & 0x0F == 0x02


def _is_range(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return re.fullmatch(r"[^/%]+/[0-9]+", text) is not None
