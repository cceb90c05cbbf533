"""All that stands between the network and the routes, in the order in which a request meets it."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from lipsync.access.policy import check_protection
from lipsync.settings import Settings
from lipsync.web.protection import headers, hosts, limits, login, origins, session
from lipsync.web.protection.guard import Guard
from lipsync.web.protection.prefix import CheckedPrefix


def protect(app: Flask, settings: Settings, engine: Engine) -> None:
    """Protect ``app`` as the settings say.

    Raises LipsyncError: unprotected, bad_field, missing_part, cannot_write, database_busy.
    """
    check_protection(settings, (), engine)
    if settings.proxies:
        # Each proxy has added its own value at the end; what stands before those, anybody may have written. Prefixes
        # are not added up: the one proxy that takes it off the path says what it was.
        count = settings.proxies
        behind = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_port=0, x_prefix=1)
        app.wsgi_app = CheckedPrefix(behind)  # type: ignore[method-assign]
    headers.install(app, embedded=bool(origins.read_origins(settings)))
    hosts.install(app, settings)
    origins.install(app, settings)
    session.install(app, settings)
    Guard(settings, engine).install(app)
    limits.install(app, settings)
    app.register_blueprint(login.blueprint(engine))
