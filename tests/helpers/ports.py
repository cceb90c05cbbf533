"""Ports for the servers that tests start."""

from __future__ import annotations

import random
import socket

_BELOW_EPHEMERAL = range(10_240, 32_768)
"""Linux takes the ports of outgoing connections, and of listeners that ask for any port, from 32768 on."""


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing uses now.

    It is drawn below the ephemeral ports: until the server listens, no connection of a test that runs beside can be
    given the same one.
    """
    numbers = random.SystemRandom()
    while True:
        port = numbers.choice(_BELOW_EPHEMERAL)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
