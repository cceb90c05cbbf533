"""Whether the server can listen where it should: gunicorn itself tries five times and names no setting."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable

from lipsync.server.request_errors import ListenError


def check_listen(bound: Iterable[object]) -> None:
    """Bind each address for a moment, as gunicorn will.

    ``bound`` is ``cfg.address`` of gunicorn: pairs of host and port are tried; paths of sockets and descriptors are
    not. Nothing is tried where the sockets come from systemd or from the server that this one replaces. Raises
    LipsyncError: port_taken, port_forbidden, address_foreign, cannot_listen.
    """
    if os.environ.get("LISTEN_PID") == str(os.getpid()) or "GUNICORN_FD" in os.environ:
        return
    for one in bound:
        if isinstance(one, tuple):
            _try(str(one[0]), int(one[1]))


def _try(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn: a restart need not wait
            tried.bind((host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ListenError("port_taken", host=host, port=port) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise ListenError("port_forbidden", host=host, port=port) from error
        if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
            raise ListenError("address_foreign", host=host) from error
        raise ListenError("cannot_listen", host=host, port=port, reason=error.strerror) from error
