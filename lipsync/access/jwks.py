"""The public keys of another machine, by which it signs tokens (JWKS, RFC 7517)."""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from urllib.parse import urlsplit

from jwt import PyJWK, PyJWKClient

from lipsync.errors import LipsyncError

log = logging.getLogger(__name__)

PUBLIC = {"RSA", "EC", "OKP"}
"""Kinds of keys that may stand in a public list: a shared secret ("oct") there would be everybody's."""

FRESH = 300.0
"""Seconds after which the list is fetched again."""
LASTING = 3600.0
"""Seconds that a list is believed while a newer one cannot be had."""
REST = 10.0
"""Seconds between two fetches, whatever tokens arrive."""
TIMEOUT = 3.0
"""Seconds that a fetch may take; requests wait for it."""


class Jwks:
    """The keys at one address, fetched when they are first needed.

    The address is the owner's own setting, so it is trusted wherever it leads; redirects are not followed.
    """

    def __init__(self, address: str) -> None:
        """Raises LipsyncError bad_field: neither https nor this machine."""
        if not _safe(address):
            expected = {
                "en": "an https:// address is expected (http:// only to this machine)",
                "ru": "нужен адрес https:// (http:// — только этот же компьютер)",
            }
            raise LipsyncError("bad_field", field="LIPSYNC_JWKS_URL", expected=expected)
        self._client = PyJWKClient(address, cache_jwk_set=False, timeout=TIMEOUT)
        self._lock = threading.Lock()
        self._keys: dict[str, PyJWK] = {}
        self._fetched = -LASTING
        """When the keys were fetched, seconds of the monotonic clock."""
        self._tried = -LASTING
        self._failed = False

    def key(self, number: str) -> PyJWK:
        """The key with this id (``kid``). Raises LipsyncError wrong_key, tokens_unchecked."""
        known = self._known(number, FRESH)
        if known is not None:
            return known
        usable = self._known(number, LASTING)
        # Who has a key that will do need not wait while another request fetches.
        if self._lock.acquire(blocking=usable is None):
            try:
                if time.monotonic() - self._tried >= REST:
                    self._fetch()
            finally:
                self._lock.release()
        found = self._known(number, LASTING)
        if found is None:
            raise LipsyncError("tokens_unchecked" if self._failed else "wrong_key")
        return found

    def _known(self, number: str, seconds: float) -> PyJWK | None:
        return self._keys.get(number) if time.monotonic() - self._fetched < seconds else None

    def _fetch(self) -> None:
        try:
            keys = self._client.get_signing_keys()
        except Exception as error:  # of the network, or of whatever stands in the list
            self._failed = True
            log.warning("the keys at LIPSYNC_JWKS_URL cannot be had: %s: %s", type(error).__name__, error)
        else:
            self._keys = {one.key_id: one for one in keys if one.key_id and one.key_type in PUBLIC}
            self._fetched = time.monotonic()
            self._failed = False
        self._tried = time.monotonic()


def _safe(address: str) -> bool:
    """Whether nobody on the way can put other keys in place of these."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    if parts.scheme != "http":
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
