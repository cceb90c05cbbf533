"""IP addresses: which of them are public, and which belong to one customer."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291, 2.5.5.1, deprecated: the same
_UNICAST = ipaddress.ip_network("2000::/3")
"""All that IANA has given out: what else Python calls global is translated (::ffff:0:10.0.0.1) or nobody's."""
_NOT_OPEN = tuple(
    ipaddress.ip_network(block)
    for block in (
        "192.0.0.0/24",  # RFC 6890; Oracle's metadata service is there. Python before 3.11.10 knows but a part of it
        "168.63.129.16/32",  # a public number by which each machine in Azure reaches its own host
        "192.88.99.0/24",  # RFC 7526: relays of 6to4
        "3fff::/20",  # RFC 9637: documentation
    )
)


def is_public(number: str) -> bool:
    """Whether ``number``, an IP address, is that of a machine on the open internet.

    Not loopback, private, link-local (a cloud's metadata service), shared, reserved nor multicast; an IPv4 address
    inside an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) is looked at itself. Raises ValueError when
    ``number`` is no IP address.
    """
    address = ipaddress.ip_address(number.partition("%")[0])  # a scope may follow: fe80::1%eth0
    if any(address in block for block in _NOT_OPEN):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _COMPATIBLE or _is_isatap(address):
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    embedded = [str(one) for one in inner if one is not None]
    if not all(is_public(one) for one in embedded):
        return False
    carries = address.ipv4_mapped is not None or address in _NAT64 or address in _COMPATIBLE
    return carries or bool(address.teredo) or (address in _UNICAST and address.is_global)


def customer_of(number: str) -> str:
    """What is counted as one caller: the IPv4 address (also a mapped one), or the IPv6 network of one customer, who
    has 2^64 addresses in it. ``number`` as it is when it is no IP address."""
    try:
        address = ipaddress.ip_address(number)
    except ValueError:
        return number
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


def _is_isatap(address: ipaddress.IPv6Address) -> bool:
    """RFC 5214, 6.1: the third quarter is 0000:5efe, or 0200:5efe."""
    return (int(address) >> 32) & 0xFDFFFFFF == 0x5EFE
