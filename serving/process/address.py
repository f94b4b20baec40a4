"""The address that a service listens at: as a socket takes it, and as a URL has it."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address


def family(host: str) -> socket.AddressFamily:
    """Return the family of an address."""
    return socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET


def is_ours(host: str) -> bool:
    """Say whether a server on this machine could listen there."""
    with socket.socket(family(host), socket.SOCK_STREAM) as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            return False
        return True


def url(host: str, port: int) -> str:
    """Return the URL by which this machine reaches a service: of one that listens everywhere on the loopback."""
    address = ip_address(host)
    if address.is_unspecified:
        address = IPv6Address("::1") if address.version == 6 else IPv4Address("127.0.0.1")
    return f"http://[{address}]:{port}" if address.version == 6 else f"http://{address}:{port}"
