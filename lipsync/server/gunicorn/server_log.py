"""gunicorn's own log in the form of ours. (config.py names it.)"""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from lipsync.runtime import logs
from lipsync.settings import Settings


class ServerLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Its lines go where ours go. uvicorn writes none for a request: ours says more
    (lipsync/server/monitoring/request_tracking.py)."""

    access_log_enabled = False

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn, again when it reloads its configuration."""
        self.cfg = cfg
        logs.set_up(Settings())
