"""What the head of a request says, and its WSGI environment."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from lipsync.net.ip_addresses import customer_of
from lipsync.server.asgi.asgi_types import Scope
from lipsync.server.asgi.connections import Connection
from lipsync.server.asgi.wsgi_call import FileBlocks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class NoConnection:
    """Replaces :class:`Connection` where another server calls the application."""

    address = ""

    def hold_upload(self) -> None:
        """Nothing."""

    receive_upload = close = hold_upload


class RequestHead:
    """What the scope of a request says."""

    def __init__(self, scope: Scope, proxies: int) -> None:
        self._scope = scope
        self._headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            joint = "; " if name == "cookie" else ","
            self._headers[name] = f"{self._headers[name]}{joint}{value}" if name in self._headers else value
        self.connection: Connection | NoConnection = (scope.get("state") or {}).get("connection") or NoConnection()
        client = scope.get("client")
        self._peer = str(client[0]) if client else ""
        forwarded = [address.strip() for address in self.header("x-forwarded-for").split(",")]
        has_proxy = 0 < proxies <= len(forwarded) and forwarded[-proxies]
        self.address = customer_of(forwarded[-proxies] if has_proxy else self._peer)
        """Address that an upload is counted for."""
        length = self.header("content-length")
        self.length = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None
        self.expects_continue = self.header("expect").lower() == "100-continue"
        target = urlsplit(scope["raw_path"]) if not scope["raw_path"].startswith(b"/") else None
        self._path: bytes = unquote_to_bytes(scope["raw_path"] if target is None else target.path)

    @property
    def path(self) -> str:
        """The decoded path."""
        return self._path.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        """The header of that name, in lower case; empty where it is absent."""
        return self._headers.get(name, "")

    def environ(self, body: IO[bytes]) -> WSGIEnvironment:
        """The WSGI environment. Headers whose name has an underscore are left out: in the environment they could not
        be distinguished from those with a hyphen."""
        server = self._scope.get("server") or ("localhost", 0)
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self._scope.get("method", "GET"),
            "SCRIPT_NAME": "",
            "PATH_INFO": self._path.decode("latin-1"),
            "QUERY_STRING": self._scope["query_string"].decode("latin-1"),
            "SERVER_NAME": str(server[0]),
            "SERVER_PORT": str(server[1] or 0),
            "SERVER_PROTOCOL": f"HTTP/{self._scope['http_version']}",
            "REMOTE_ADDR": self._peer,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": {"ws": "http", "wss": "https"}.get(self._scope["scheme"], self._scope["scheme"]),
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.file_wrapper": FileBlocks,
        }
        for name, value in self._headers.items():
            if "_" in name:
                continue
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        return environ
