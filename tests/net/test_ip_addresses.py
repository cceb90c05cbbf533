"""Which numbers are machines on the open internet."""

from __future__ import annotations

import pytest

from lipsync.net.ip_addresses import is_public


@pytest.mark.parametrize(
    "number",
    [
        "93.184.215.14",
        "2606:2800:21f:cb07::1",
        "64:ff9b::5db8:d70e",
        "::ffff:8.8.8.8",
        "2002:808:808::1",
        "2001:0:808:808::f7f7:f7f7",
    ],
)
def test_public(number: str) -> None:
    assert is_public(number)


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
        "2001:0:5db8:d70e::80ff:fffe",  # Teredo: the server is public, the machine is 127.0.0.1
        "192.0.0.192",  # Oracle's metadata service
        "168.63.129.16",  # Azure's
        "::ffff:168.63.129.16",
        "fd00:ec2::254",  # Amazon's
        "64:ff9b:1::a00:1",  # NAT64 of a network's own (RFC 8215)
        "::ffff:0:127.0.0.1",  # translated (RFC 2765)
        "2606:2800:21f:cb07:0:5efe:127.0.0.1",  # ISATAP
        "2606:2800:21f:cb07:200:5efe:10.0.0.1",
        "2001:db8::1",
        "3fff::1",
        "4000::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_private(number: str) -> None:
    assert not is_public(number)


def test_a_name_is_no_number() -> None:
    with pytest.raises(ValueError, match="localhost"):
        is_public("localhost")
