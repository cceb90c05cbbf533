"""The Flask application: ``gunicorn app:app``, with the ASGI worker that gunicorn.conf.py names."""

from lipsync.server.wsgi import app

__all__ = ["app"]
