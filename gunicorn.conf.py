"""How gunicorn serves ``app:app`` when it is started in this folder: lipsync/server/gunicorn/config.py has it all."""

from lipsync.server.gunicorn.config import *  # noqa: F403
