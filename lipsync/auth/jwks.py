"""The public keys of another machine that signs JSON Web Tokens (JWKS, RFC 7517)."""

from __future__ import annotations

import ipaddress
import json
import logging
import threading
import time
from urllib.parse import urlsplit

from jwt import PyJWK, PyJWKSet

from lipsync.auth.errors import AuthError
from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.net.http_client import send
from lipsync.net.url import parse_url

log = logging.getLogger(__name__)

PUBLIC_KEY_TYPES = {"RSA", "EC", "OKP"}
"""Types of keys that may stand in a public list; a shared secret ("oct") there would be known to everybody."""

REFRESH_S = 300.0
"""Age in seconds from which the keys are fetched again."""
MAX_AGE_S = 3600.0
"""Age in seconds up to which keys are used while newer ones cannot be fetched."""
MIN_FETCH_INTERVAL_S = 10.0
"""Minimum seconds between two fetches, whatever tokens arrive."""
TIMEOUT_S = 3.0
"""Time limit for a fetch; requests wait for it."""
MAX_BYTES = 1_000_000
"""Maximum size of the list."""


class Jwks:
    """The keys at one URL, fetched when they are first needed. Safe for many threads.

    The URL is the owner's own setting, so it may be a private address. Redirects are not followed.
    """

    def __init__(self, url: str) -> None:
        """Raises InvalidFieldError unless the URL is https, or http to this machine."""
        if not _is_safe(url):
            expected = Message("field.jwks_url")
            raise InvalidFieldError("bad_field", field="LIPSYNC_JWKS_URL", expected=expected)
        self._url = parse_url(url)
        self._lock = threading.Lock()
        self._keys: dict[str, PyJWK] = {}
        self._fetched_at = -MAX_AGE_S
        """When the keys were fetched, in seconds of the monotonic clock."""
        self._tried_at = -MAX_AGE_S
        self._has_failed = False

    def key(self, key_id: str) -> PyJWK:
        """Return the key with this id (``kid``). Raises AuthError wrong_key, tokens_unchecked."""
        fresh = self._cached(key_id, REFRESH_S)
        if fresh is not None:
            return fresh
        usable = self._cached(key_id, MAX_AGE_S)
        # A request whose key is still usable does not wait while another one fetches.
        if self._lock.acquire(blocking=usable is None):
            try:
                if time.monotonic() - self._tried_at >= MIN_FETCH_INTERVAL_S:
                    self._fetch()
            finally:
                self._lock.release()
        key = self._cached(key_id, MAX_AGE_S)
        if key is None:
            raise AuthError("tokens_unchecked" if self._has_failed else "wrong_key")
        return key

    def _cached(self, key_id: str, max_age_s: float) -> PyJWK | None:
        return self._keys.get(key_id) if time.monotonic() - self._fetched_at < max_age_s else None

    def _fetch(self) -> None:
        try:
            keys = self._download()
        except Exception as error:  # of the network, or of whatever stands in the list
            self._has_failed = True
            log.warning("the keys at LIPSYNC_JWKS_URL cannot be fetched: %s: %s", type(error).__name__, error)
        else:
            self._keys = keys
            self._fetched_at = time.monotonic()
            self._has_failed = False
        self._tried_at = time.monotonic()

    def _download(self) -> dict[str, PyJWK]:
        """Return the public signing keys by their ids. Raises RequestFailed, ValueError and PyJWT's errors."""
        response = send(
            "GET",
            self._url,
            headers={"Accept": "application/jwk-set+json, application/json"},
            max_bytes=MAX_BYTES,
            timeout_s=TIMEOUT_S,
            max_redirects=0,
            allow_private=True,
            use_proxy=True,
        )
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        listed = PyJWKSet.from_dict(json.loads(response.body)).keys
        signing = [key for key in listed if key.public_key_use in ("sig", None) and key.key_id]
        if not signing:
            raise ValueError("no signing keys")
        return {key.key_id: key for key in signing if key.key_id and key.key_type in PUBLIC_KEY_TYPES}


def _is_safe(url: str) -> bool:
    """Whether nobody between this machine and that of ``url`` can replace the keys."""
    try:
        parts = urlsplit(url)
        host = parse_url(url).host
    except ValueError:
        return False
    if parts.scheme == "https":
        return True
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
