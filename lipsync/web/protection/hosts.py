"""By which names the server answers.

Without a key, the owner's browser is what a stranger's page would use: it lets its own name lead to 127.0.0.1 (DNS
rebinding) and is then of the same origin. So a server on loopback answers only by names that cannot be a stranger's.
"""

from __future__ import annotations

import re

from flask import Flask, request
from werkzeug.sansio.utils import host_is_trusted

from lipsync.access.policy import is_local, local_alone
from lipsync.errors import LipsyncError
from lipsync.settings import Settings

_NAME = re.compile(r"\.?[\w-]+(\.[\w-]+)*|\[[0-9a-f:.]+\]")


def read_hosts(settings: Settings) -> tuple[str, ...]:
    """The names of LIPSYNC_TRUSTED_HOSTS; ``.example.org``: those below it, too. Raises LipsyncError bad_field."""
    named = tuple(one.strip().lower() for one in settings.trusted_hosts.split(",") if one.strip())
    for one in named:
        if not _NAME.fullmatch(one):
            expected = {
                "en": f"“{one[:80]}” is no name; expected are names without a port: example.org, .example.org",
                "ru": f"«{one[:80]}» — не имя; нужны имена без порта: example.org, .example.org",
            }
            raise LipsyncError("bad_field", field="LIPSYNC_TRUSTED_HOSTS", expected=expected)
    return named


def install(app: Flask, settings: Settings) -> None:
    """Refuse requests to other names. This machine's own (localhost, 127.0.0.1, [::1]) are always taken: they are
    nobody else's, and health is asked for by them. Raises LipsyncError bad_field."""
    named = read_hosts(settings)
    if not named and not local_alone(settings):
        return
    # Not Flask's TRUSTED_HOSTS, which knows neither networks nor IPv6.
    names = [one for one in named if not one.startswith("[")]
    addresses = {one.strip("[]") for one in (*named, settings.host.lower()) if ":" in one}

    def refuse_others() -> None:
        host = request.host.lower()  # as the proxy has heard it, where there is one
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if is_local(name) or name in addresses or (names and host_is_trusted(host, names)):
            return
        raise LipsyncError("wrong_host")

    app.before_request(refuse_others)
