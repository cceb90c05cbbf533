"""By which names the server answers.

Without a key, the owner's browser is what a stranger's page would use: it lets its own name lead to 127.0.0.1 (DNS
rebinding) and is then of the same origin. So a server on loopback answers only by names that cannot be a stranger's.
"""

from __future__ import annotations

import re

from flask import Flask, request
from werkzeug.sansio.utils import host_is_trusted

from lipsync.auth.policy import is_local, trusts_local_callers
from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.server.request_errors import RequestError
from lipsync.settings import Settings

_NAME = re.compile(r"\.?[\w-]+(\.[\w-]+)*|\[[0-9a-f:.]+\]")


def read_hosts(settings: Settings) -> tuple[str, ...]:
    """The names of LIPSYNC_TRUSTED_HOSTS; ``.example.org``: those below it, too. Raises LipsyncError bad_field."""
    named = tuple(host_name.strip().lower() for host_name in settings.trusted_hosts.split(",") if host_name.strip())
    for host_name in named:
        if not _NAME.fullmatch(host_name):
            expected = Message("field.host_name", name=host_name[:80])
            raise InvalidFieldError("bad_field", field="LIPSYNC_TRUSTED_HOSTS", expected=expected)
    return named


def install(app: Flask, settings: Settings) -> None:
    """Refuse requests to other names. This machine's own (localhost, 127.0.0.1, [::1]) are always taken: they are
    nobody else's, and health is asked for by them. Raises LipsyncError bad_field."""
    named = read_hosts(settings)
    if not named and not trusts_local_callers(settings):
        return
    # Not Flask's TRUSTED_HOSTS, which knows neither networks nor IPv6.
    names = [host_name for host_name in named if not host_name.startswith("[")]
    addresses = {host_name.strip("[]") for host_name in (*named, settings.host.lower()) if ":" in host_name}

    def refuse_others() -> None:
        host = request.host.lower()  # as the proxy has heard it, where there is one
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if is_local(name) or name in addresses or (names and host_is_trusted(host, names)):
            return
        raise RequestError("wrong_host")

    app.before_request(refuse_others)
