"""A real nginx with deploy/nginx.conf, in front of a server of a test."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lipsync.server.app import ROOT
from tests.helpers.fake_internet import certificate
from tests.helpers.gunicorn_server import PATIENCE, Server, wait_until
from tests.helpers.ports import free_port

NAME = "portraits.example.org"


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    http: int
    https: int
    """Ports on 127.0.0.1."""
    certificate: Path
    folder: Path

    def connect(self, source: str = "127.0.0.1") -> http.client.HTTPSConnection:
        """A connection from the address ``source``, which trusts the test's certificate."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        return http.client.HTTPSConnection(
            "127.0.0.1", self.https, timeout=PATIENCE, context=context, source_address=(source, 0)
        )

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = self.connect()
        try:
            connection.request(method, path, body, {"Host": NAME, **(headers or {})})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()


@contextmanager
def nginx(folder: Path, server: Server, below: str | None = None) -> Iterator[Proxy]:
    """nginx in the foreground, as whoever runs the test, with all that it writes in ``folder``.

    ``below`` is a location that takes the place of those that lead to the application.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is missing: apt-get install nginx-light")
    proxy = Proxy(free_port(), free_port(), folder / "fullchain.pem", folder)
    _certify(folder)
    site = adapted(proxy, server.port)
    if below is not None:
        ours = slice(site.rindex("    location / {"), site.index("    location @too_large"))
        assert site[ours].count("proxy_pass") == 3
        site = site.replace(site[ours], f"{below}\n")
    (folder / "site.conf").write_text(site)
    (folder / "nginx.conf").write_text(_main(folder))
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr or "http2" in checked.stderr, checked.stderr
    with (folder / "out.log").open("w") as output:
        process = subprocess.Popen([*command, "-g", "daemon off;"], stdout=output, stderr=output)
    try:
        wait_until(lambda: _listens(proxy.https), Server(proxy.https, process, folder / "error.log"))  # type: ignore[arg-type]
        yield proxy
    finally:
        process.terminate()
        process.wait(PATIENCE)


def adapted(proxy: Proxy, app: int) -> str:
    """The file as it is shipped, but for addresses and paths. Each of them must be there."""
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    for old, new in {
        r"server 127\.0\.0\.1:3000;": f"server 127.0.0.1:{app};",
        r"listen 80;": f"listen 127.0.0.1:{proxy.http};",
        r"listen 443 ": f"listen 127.0.0.1:{proxy.https} ",
        r"listen \[::\]:80;": f"listen [::1]:{proxy.http};" if _has_ipv6() else "",
        r"listen \[::\]:443 .*;": f"listen [::1]:{proxy.https} ssl http2;" if _has_ipv6() else "",
        r"/etc/ssl/lipsync/": f"{proxy.folder}/",
    }.items():
        text, count = re.subn(old, new, text)
        assert count > 0, old
    return text


def _main(folder: Path) -> str:
    paths = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return "\n".join(
        [
            "user root;" if os.geteuid() == 0 else "",
            f"pid {folder}/nginx.pid; error_log {folder}/error.log; events {{ worker_connections 256; }}",
            f"http {{ access_log {folder}/access.log;",
            *(f"{path}_temp_path {folder}/{path};" for path in paths),
            f"include {folder}/site.conf; }}",
        ]
    )


def _certify(folder: Path) -> None:
    """fullchain.pem and privkey.pem: a certificate signed by itself, and its key, in both."""
    both = certificate(folder, NAME, "127.0.0.1").read_bytes()
    for name in ("fullchain.pem", "privkey.pem"):
        (folder / name).write_bytes(both)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as one:
            one.bind(("::1", 0))
    except OSError:
        return False
    return True
