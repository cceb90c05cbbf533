"""What is looked at before the server starts, in gunicorn's master: nothing heavy is imported here."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress

from lipsync.auth.policy import check_protection, is_local
from lipsync.auth.session_secret import session_secret
from lipsync.auth.tokens import Tokens
from lipsync.errors import LipsyncError
from lipsync.messages import language_of_locale
from lipsync.server.gunicorn.listen import check_listen
from lipsync.server.security.hosts import read_hosts
from lipsync.server.security.origins import read_origins
from lipsync.server.security.rate_limits import check_limits
from lipsync.settings import Settings
from lipsync.storage.database import connect

MISTAKEN = os.EX_CONFIG
"""Exit status (sysexits.h): the settings are wrong, and would be so the next time."""


def start_or_exit(settings: Settings, bound: Iterable[object]) -> None:
    """Go on, or say in one sentence why not, and exit: with MISTAKEN, or with 1 where the next try may succeed.

    ``bound`` is where gunicorn listens (``cfg.address``): pairs of host and port, paths of sockets, descriptors.
    The worker is told by LIPSYNC_REQUIRE_KEY when that is not this machine alone, as LIPSYNC_HOST does not say it.
    """
    bound = tuple(bound)
    hosts = [host for one in (*bound, *_inherited()) for host in _hosts(one)]
    status = MISTAKEN
    try:
        check_start(settings, hosts)
        status = 1
        check_listen(bound)
    except LipsyncError as error:
        print(error.message(language_of_locale(os.environ)), file=sys.stderr)
        sys.exit(status)
    if not all(is_local(host) for host in hosts) and not settings.allow_anonymous:
        os.environ["LIPSYNC_REQUIRE_KEY"] = "1"


def check_start(settings: Settings, hosts: Iterable[str]) -> None:
    """Raises LipsyncError unprotected, bad_field, missing_part, cannot_write, database_busy."""
    Tokens(settings)
    check_limits(settings)
    read_origins(settings)
    read_hosts(settings)
    session_secret(settings)
    engine = connect(settings)
    try:
        check_protection(settings, hosts, engine)
    finally:
        engine.dispose()  # no connection may be shared with the worker


def _hosts(bound: object) -> list[str]:
    """The host of one place to listen at; none of a socket in the file system, which others cannot reach."""
    if isinstance(bound, tuple):
        return [str(bound[0])]
    if isinstance(bound, int):
        with suppress(OSError), socket.socket(fileno=os.dup(bound)) as listening:
            if listening.family in (socket.AF_INET, socket.AF_INET6):
                return [listening.getsockname()[0]]
    return []


def _inherited() -> range:
    """Descriptors that systemd has opened for us (sd_listen_fds(3)): they go before what is set."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return range(0)
    return range(3, 3 + int(os.environ.get("LISTEN_FDS", "0")))
