"""What a webhook says and how it is signed: Standard Webhooks (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from lipsync import __version__
from lipsync.errors import LipsyncError

_ENCODED = "whsec_"


def key_of(secret: str) -> bytes:
    """The key of a secret: what follows ``whsec_`` is base64, any other string is taken as it is, in UTF-8.

    Raises LipsyncError webhook_secret.
    """
    if not secret.startswith(_ENCODED):
        return secret.encode()
    coded = secret.removeprefix(_ENCODED).rstrip("=")
    try:
        key = base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise LipsyncError("webhook_secret") from None  # it would quote the secret
    if not key:
        raise LipsyncError("webhook_secret")
    return key


def body_of(event: str, happened: float, data: Mapping[str, Any]) -> bytes:
    """The body: ``type``, ``timestamp`` (ISO 8601 of seconds since the epoch) and ``data``, in UTF-8."""
    when = datetime.fromtimestamp(happened, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps(
        {"type": event, "timestamp": when, "data": data}, ensure_ascii=False, separators=(",", ":")
    ).encode()


def headers_of(id: str, now: float, body: bytes, key: bytes) -> dict[str, str]:
    """The headers of one try at ``now``, seconds since the epoch: a receiver refuses what is five minutes old."""
    moment = str(int(now))
    signed = hmac.new(key, f"{id}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "User-Agent": f"lipsync/{__version__}",
        "webhook-id": id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
