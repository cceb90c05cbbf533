"""Classification of IP addresses: public or not, and the network of one customer."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291, 2.5.5.1, deprecated: the same
_UNICAST = ipaddress.ip_network("2000::/3")
"""Addresses that IANA has allocated. What else Python calls global is translated (::ffff:0:10.0.0.1) or unused."""
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(block)
    for block in (
        "192.0.0.0/24",  # RFC 6890; Oracle's metadata service. Python before 3.11.10 knows only a part of it
        "168.63.129.16/32",  # a public address by which each machine in Azure reaches its own host
        "192.88.99.0/24",  # RFC 7526: relays of 6to4
        "3fff::/20",  # RFC 9637: documentation
    )
)


def is_public(ip: str) -> bool:
    """Whether an IP address belongs to the public internet.

    False for loopback, private, link-local (a cloud's metadata service), shared, reserved and multicast addresses. An
    IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is checked itself. Raises
    ValueError for any other text than an IP address.
    """
    address = ipaddress.ip_address(ip.partition("%")[0])  # a scope may follow: fe80::1%eth0
    if any(address in block for block in _NOT_PUBLIC):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    embedded = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _COMPATIBLE or _is_isatap(address):
        embedded.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if not all(is_public(str(inner)) for inner in embedded if inner is not None):
        return False
    is_ipv4 = address.ipv4_mapped is not None or address in _NAT64 or address in _COMPATIBLE
    return is_ipv4 or bool(address.teredo) or (address in _UNICAST and address.is_global)


def customer_of(ip: str) -> str:
    """Return what is counted as one caller: an IPv4 address (also a mapped one), or the /64 network of an IPv6 one.

    One customer has all 2^64 addresses of such a network. Any other text is returned as it is.
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return ip
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _is_isatap(address: ipaddress.IPv6Address) -> bool:
    """Whether bits 64 to 95 are 0000:5efe or 0200:5efe (RFC 5214, 6.1)."""
    return (int(address) >> 32) & 0xFDFFFFFF == 0x5EFE
