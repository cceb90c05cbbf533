"""Keys that sign tokens, and a server on loopback that shows their public halves."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

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


class Shown:
    """What the server answers, and how often it was asked."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = [public(name) for name in PRIVATE]
        self.status = 200
        self.asked = 0
        self.redirect = ""
        self.url = ""


@contextmanager
def jwks_server() -> Iterator[Shown]:
    shown = Shown()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown.asked += 1
            self.send_response(302 if shown.redirect else shown.status)
            if shown.redirect:
                self.send_header("Location", shown.redirect)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": shown.keys}).encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    shown.url = f"http://127.0.0.1:{server.server_address[1]}/jwks.json"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield shown
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
