"""gunicorn's own log in the form of ours. (It is named in gunicorn.conf.py.)"""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from lipsync import logs
from lipsync.settings import Settings


class ServerLog(Logger):  # type: ignore[misc]
    """Its lines go where ours go. It writes none for a request: ours says more (lipsync/web/sight/watch.py)."""

    access_log_enabled = False

    def setup(self, cfg: Any) -> None:
        """Called by gunicorn, again when it is told to read its configuration anew."""
        self.cfg = cfg
        logs.set_up(Settings())

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Nothing."""

    def exception(self, msg: Any, *args: Any, **more: Any) -> None:
        """An address is told without its query, in which a person may have written anything."""
        super().exception(msg, *(one.partition("?")[0] if isinstance(one, str) else one for one in args), **more)
