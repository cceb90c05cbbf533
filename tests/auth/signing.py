"""Keys that sign tokens, and a server on loopback that shows their public halves."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from tests.helpers.http_server import HttpServer, ReceivedRequest, http_server, redirect, respond

PRIVATE: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
_FORMS: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}


def public(algorithm: str) -> dict[str, Any]:
    """The JWK of the public half; its id is the algorithm's name."""
    key = _FORMS[algorithm].to_jwk(PRIVATE[algorithm].public_key(), as_dict=True)
    return {**key, "kid": algorithm, "alg": algorithm, "use": "sig"}


def public_pem(algorithm: str) -> bytes:
    pem: bytes = PRIVATE[algorithm].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def private_pem(algorithm: str) -> bytes:
    pem: bytes = PRIVATE[algorithm].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def claims(**more: Any) -> dict[str, Any]:
    """Those of a good token; a claim that is None is left out."""
    said = {"sub": "ann", "exp": time.time() + 60, **more}
    return {name: value for name, value in said.items() if value is not None}


def token(algorithm: str, key: Any = None, kid: str | None = None, **more: Any) -> str:
    headers = {"kid": kid or algorithm} if algorithm in PRIVATE or kid else None
    return jwt.encode(claims(**more), key or private_pem(algorithm), algorithm, headers)


@dataclass
class JwksServer:
    """The keys that the server shows, how it answers, and how often it was asked."""

    server: HttpServer
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public(name) for name in PRIVATE])
    status: int = 200
    redirect: str = ""

    @property
    def url(self) -> str:
        return self.server.url("/jwks.json")

    @property
    def asked(self) -> int:
        return len(self.server.requests)

    def answer(self, handler: BaseHTTPRequestHandler, request: ReceivedRequest) -> None:
        body = json.dumps({"keys": self.keys}).encode()
        behave = redirect(self.redirect) if self.redirect else respond(self.status, body)
        behave(handler, request)


@contextmanager
def jwks_server() -> Iterator[JwksServer]:
    with http_server() as server:
        shown = JwksServer(server)
        server.behave(shown.answer)
        yield shown
