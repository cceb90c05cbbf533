"""A small internet on this machine: 127.0.0.2 counts as a public address, and names resolve to it.

Every other loopback address stays private: a server on 127.0.0.1 must see no connection.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lipsync.net import ip_addresses as addresses

PUBLIC = "127.0.0.2"
PRIVATE = "127.0.0.1"

SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "0",
    "0.0.0.0",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001:0:5db8:d70e::80ff:fffe]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0xA9.0376.0xa9fe",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:a9fe:a9fe::]",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "[fe80::1]",
    "[fc00::1]",
]
"""Of this machine, of a cloud's metadata service, of a private network: as the host of an address has them."""


def certificate(folder: Path, *names: str) -> Path:
    """A file with a key and a certificate of its own for these names and numbers."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives: list[x509.GeneralName] = []
    for one in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(one)))
        except ValueError:
            alternatives.append(x509.DNSName(one))
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return file


def trust(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    """As an administrator does it: what OpenSSL reads where it is told to."""
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


def open_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on PUBLIC is a machine on the open internet."""
    really = addresses.is_public
    monkeypatch.setattr(addresses, "is_public", lambda number: number == PUBLIC or really(number))


def name_server(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[list[str]]]) -> list[str]:
    """From now on these names lead there: one list of numbers each time they are asked for, the last one stays.

    Numbers, in every spelling, and localhost are the system's; any other name is unknown. Returns the list of the
    names that were asked for, which grows.
    """
    really = socket.getaddrinfo
    asked: list[str] = []

    def look_up(host: str, port: int, *more: Any, **named: Any) -> list[Any]:
        asked.append(host)
        if host in names:
            numbers = names[host].pop(0) if len(names[host]) > 1 else names[host][0]
            return [info for number in numbers for info in really(number, port, *more, **named)]
        if host == "localhost" or re.fullmatch(r"[0-9a-fx.:]+", host):
            return really(host, port, *more, **named)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked
