"""WSGI entry: ``gunicorn app:app``."""

from lipsync import logs
from lipsync.settings import Settings
from lipsync.web.app import create_app

settings = Settings()
logs.set_up(settings)
app = create_app(settings)
