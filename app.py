"""WSGI entry: ``gunicorn app:app``."""

import logging

from lipsync.settings import Settings
from lipsync.web import create_app

settings = Settings()
logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
app = create_app(settings)
