"""How often one caller may ask for something to be made, and how often somebody may try to log in."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_limiter import ApplicationLimit, Limiter, RateLimitExceeded, RequestLimit
from limits import RateLimitItem, parse_many

from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.net.ip_addresses import customer_of
from lipsync.runtime.installation import needs_extra
from lipsync.server import errors
from lipsync.server.caller import current
from lipsync.server.request_errors import RequestError
from lipsync.settings import Settings

log = logging.getLogger(__name__)

MAKING = {
    *("/api/generate", "/api/jobs", "/v1/audio/speech", "/v1/audio/transcriptions", "/api/voices"),
    *("/api/v1/chat", "/api/v1/avatar/interact", "/api/avatar/model.glb"),
}
"""What is counted when it is POSTed to: one number for all of them."""
KEY_PREFIX, MAKING_SCOPE = "lipsync", "making"
"""First and last part of the keys by which they are counted; the caller stands between."""
LOGIN = "10/minute"
"""Logins that are tried from one address, also where nothing else is counted."""
_STORES = ("memory", "redis", "rediss", "redis+unix")
_WAIT = 0.5
"""Seconds that Redis may take to answer; then it is taken for dead, and this process counts alone."""


def check_limits(settings: Settings) -> list[RateLimitItem]:
    """The limits of LIPSYNC_RATE_LIMIT. Raises LipsyncError bad_field, missing_part."""
    text = settings.rate_limit.strip()
    try:
        limits = parse_many(text) if text else []
        if any(limit.amount < 1 or limit.get_expiry() < 1 for limit in limits):
            raise ValueError("never")
    except ValueError as error:
        expected = Message("field.rate_limit")
        raise InvalidFieldError("bad_field", field="LIPSYNC_RATE_LIMIT", expected=expected) from error
    scheme = urlsplit(settings.rate_storage.get_secret_value()).scheme
    if scheme not in _STORES:
        expected = Message("field.rate_storage")
        raise InvalidFieldError("bad_field", field="LIPSYNC_RATE_STORAGE", expected=expected)
    if scheme != "memory" and find_spec("redis") is None:
        raise needs_extra("redis", "redis")
    return limits


def install(app: Flask, settings: Settings) -> Limiter:
    """Count in ``app``, after its guard has found who calls. Raises LipsyncError bad_field, missing_part.

    When Redis does not answer, each process counts in its own memory, says so once, and looks for Redis again after
    a while: a caller who gets a little more than their share is better than one who gets an error.
    """
    every = [_limit(LOGIN, "login", _address, _logs_in)]
    if check_limits(settings):
        every.append(_limit(settings.rate_limit, MAKING_SCOPE, _caller, _makes))
    limiter = Limiter(
        _caller,
        application_limits=every,  # type: ignore[arg-type]
        strategy="moving-window",
        storage_uri=settings.rate_storage.get_secret_value(),
        storage_options=_options(settings),
        in_memory_fallback_enabled=True,
        key_prefix=KEY_PREFIX,
    )
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _refused(limiter))

    def tell(response: Response) -> Response:
        limit = limiter.current_limit
        if limit is not None:
            left, seconds = _window(limit)
            # draft-ietf-httpapi-ratelimit-headers-03, which clients know: seconds, not a date.
            response.headers["RateLimit-Limit"] = str(limit.limit.amount)
            response.headers["RateLimit-Remaining"] = str(left)
            response.headers["RateLimit-Reset"] = str(seconds)
        return response

    app.after_request(tell)
    return limiter


def _limit(text: str, scope: str, who: Callable[[], str], when: Callable[[], bool]) -> ApplicationLimit:
    return ApplicationLimit(limit_provider=text, key_function=who, scope=scope, exempt_when=lambda: not when())


def _options(settings: Settings) -> dict[str, Any]:
    if urlsplit(settings.rate_storage.get_secret_value()).scheme == "memory":
        return {}
    from redis.backoff import NoBackoff  # noqa: PLC0415 - an extra
    from redis.retry import Retry  # noqa: PLC0415

    return {"socket_connect_timeout": _WAIT, "socket_timeout": _WAIT, "retry": Retry(NoBackoff(), 0)}


def _refused(limiter: Limiter) -> Callable[[RateLimitExceeded], Response]:
    def handle(_error: RateLimitExceeded) -> Response:
        limit = limiter.current_limit
        assert limit is not None  # it has just been exceeded
        _, seconds = _window(limit)
        return errors.answer(RequestError("too_many_requests", limit=limit_text(limit.limit), seconds=seconds))

    return handle


def _window(limit: RequestLimit) -> tuple[int, int]:
    """Requests that are left, and seconds until there are more."""
    try:
        seconds = limit.window[0] - time.time()
        return max(0, limit.remaining), max(1, math.ceil(seconds))
    except Exception:  # Redis went away between the count and this: the request still succeeds
        log.debug("the window of a limit is unknown", exc_info=True)
        return 0, limit.limit.get_expiry()


def limit_text(limit: RateLimitItem) -> str:
    """The limit as in the setting: ``10/minute``."""
    each = f"{limit.multiples} " if limit.multiples > 1 else ""
    return f"{limit.amount}/{each}{limit.GRANULARITY.name}"


def _caller() -> str:
    """Whose requests are counted together."""
    name = current().name
    return _address() if name.startswith("address ") else name


def _address() -> str:
    """The address; of IPv6 the network of one customer."""
    return f"address {customer_of(request.remote_addr or 'local')}"


def _makes() -> bool:
    return request.method == "POST" and request.url_rule is not None and request.url_rule.rule in MAKING


def _logs_in() -> bool:
    return request.method == "POST" and request.url_rule is not None and request.url_rule.rule == "/login"
