"""All that stands between the network and the routes, in the order in which a request meets it."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from lipsync.auth.policy import check_protection
from lipsync.server.security import headers, hosts, login, origins, session
from lipsync.server.security import rate_limits as limits
from lipsync.server.security.guard import Guard
from lipsync.server.security.prefix import CheckedPrefix
from lipsync.server.security.question_limits import QuestionLimits
from lipsync.server.security.tickets import Tickets
from lipsync.settings import Settings


def protect(app: Flask, settings: Settings, engine: Engine, tickets: Tickets | None = None) -> QuestionLimits:
    """Protect ``app`` as the settings say; what counts the questions of live conversations.

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
    Guard(settings, engine, tickets or Tickets()).install(app)
    limiter = limits.install(app, settings)
    app.register_blueprint(login.blueprint(engine))
    return QuestionLimits(limiter, settings)
