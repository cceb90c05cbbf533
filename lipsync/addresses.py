"""Which machines a server may speak to when a stranger's answer names them: public ones only."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
_COMPATIBLE = ipaddress.ip_network("::/96")  # RFC 4291, 2.5.5.1, deprecated: the same


def is_public(number: str) -> bool:
    """Whether ``number``, an IP address, is that of a machine on the open internet.

    Not loopback, private, link-local (a cloud's metadata service), shared, reserved nor multicast; an IPv4 address
    inside an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo) is looked at itself. Raises ValueError when
    ``number`` is no IP address.
    """
    address = ipaddress.ip_address(number.partition("%")[0])  # a scope may follow: fe80::1%eth0
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _COMPATIBLE:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    embedded = [str(one) for one in inner if one is not None]
    if embedded:
        return all(is_public(one) for one in embedded)
    return address.is_global and not (address.is_multicast or address.is_site_local)
