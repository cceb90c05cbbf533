"""The Flask application of a server, made of the settings: ``lipsync.server.wsgi:app``.

It is a WSGI application. The gunicorn worker (lipsync/server/gunicorn/worker.py) puts the ASGI application
around it, which serves its WebSocket routes too.
"""

from __future__ import annotations

from lipsync.runtime import logs
from lipsync.server.app import create_app
from lipsync.settings import Settings

settings = Settings()
logs.set_up(settings)
app = create_app(settings)
