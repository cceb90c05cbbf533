"""Loading the service beside the server, so that it answers "loading" instead of not answering."""

from __future__ import annotations

import logging
import threading

from lipsync.errors import LipsyncError
from lipsync.pipeline.errors import NotReadyError
from lipsync.pipeline.video_service import VideoService
from lipsync.runtime.logs import HAS_NO_TEXT
from lipsync.server.gunicorn.stopping import is_stopping

log = logging.getLogger(__name__)


class Loading:
    """A service that loads in a thread of its own, and how far it is."""

    def __init__(self, service: VideoService) -> None:
        self._service = service
        self._reason: object = None

    def start(self) -> None:
        """Begin to load, once, in the process that will serve (a thread does not survive a fork)."""
        if not self._service.ready:
            threading.Thread(target=self._load, name="load", daemon=True).start()

    def _load(self) -> None:
        try:
            self._service.load()
        except Exception as error:
            # A process that ends removes what is being used here, such as the folder of the first clip.
            log.log(
                logging.DEBUG if is_stopping() else logging.ERROR,
                "the service could not load",
                exc_info=True,
                extra=HAS_NO_TEXT,
            )
            if isinstance(error, LipsyncError):
                self._reason = error.description
            else:
                self._reason = f"{type(error).__name__}: {error}"

    @property
    def failure(self) -> LipsyncError | None:
        """Why it did not load; None while it loads and when it has."""
        return None if self._reason is None else NotReadyError("failed_to_load", reason=self._reason)

    def service(self) -> VideoService:
        """The loaded service. Raises ``not_ready`` while it loads, ``failed_to_load`` when it cannot."""
        if failure := self.failure:
            raise failure
        if not self._service.ready:
            raise NotReadyError("not_ready")
        return self._service

    def status(self) -> dict[str, object]:
        """What ``/api/health`` shows: the service's own status under ``status`` ready, loading or failed."""
        state = "failed" if self.failure else "ready" if self._service.ready else "loading"
        return {"models_loaded": False, "avatar_loaded": False, **self._service.status(), "status": state}
