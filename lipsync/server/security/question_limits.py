"""How often one caller may ask in a live conversation: each question counts like a request."""

from __future__ import annotations

import logging
import math
import time

from flask_limiter import Limiter

from lipsync.errors import LipsyncError
from lipsync.net.ip_addresses import customer_of
from lipsync.server.request_errors import RequestError
from lipsync.server.security.rate_limits import KEY_PREFIX, MAKING_SCOPE, check_limits, limit_text
from lipsync.settings import Settings

log = logging.getLogger(__name__)

_ADDRESS = "address "


class QuestionLimits:
    """Counts questions together with the requests for videos and voices of the same caller. Thread-safe."""

    def __init__(self, limiter: Limiter, settings: Settings) -> None:
        """``limiter``: as :func:`lipsync.server.security.rate_limits.install` returns it. Raises LipsyncError."""
        self._limiter, self._limits = limiter, check_limits(settings)

    def spend(self, caller: str) -> LipsyncError | None:
        """Count a question of the caller of this name; the error too_many_requests where it is one too many."""
        if caller.startswith(_ADDRESS):
            caller = _ADDRESS + customer_of(caller.removeprefix(_ADDRESS))
        keys = (KEY_PREFIX, caller, MAKING_SCOPE)
        for limit in self._limits:
            try:
                if self._limiter.limiter.hit(limit, *keys):
                    continue
                reset = self._limiter.limiter.get_window_stats(limit, *keys).reset_time
            except Exception:  # Redis does not answer: a question too many is better than a talk that ends
                log.warning("questions cannot be counted", exc_info=True)
                return None
            seconds = max(1, math.ceil(reset - time.time()))
            return RequestError("too_many_requests", limit=limit_text(limit), seconds=seconds)
        return None
