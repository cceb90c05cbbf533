"""Body and signature of a webhook by Standard Webhooks (https://www.standardwebhooks.com)."""

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
from lipsync.jobs.errors import WebhookError

_BASE64_PREFIX = "whsec_"


def parse_secret(secret: str) -> bytes:
    """Return the key of a secret: base64 after ``whsec_``, or any other string in UTF-8. Raises WebhookError."""
    if not secret.startswith(_BASE64_PREFIX):
        return secret.encode()
    encoded = secret.removeprefix(_BASE64_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise WebhookError("webhook_secret") from None  # the cause would quote the secret
    if not key:
        raise WebhookError("webhook_secret")
    return key


def encode_body(event: str, happened_at: float, data: Mapping[str, Any]) -> bytes:
    """Return the JSON body: ``type``, ``timestamp`` (of ``happened_at``, seconds since the epoch) and ``data``."""
    when = datetime.fromtimestamp(happened_at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps(
        {"type": event, "timestamp": when, "data": data}, ensure_ascii=False, separators=(",", ":")
    ).encode()


def sign_headers(id: str, now: float, body: bytes, key: bytes) -> dict[str, str]:
    """Return the headers of one attempt at ``now``, in seconds since the epoch; receivers refuse older ones."""
    timestamp = str(int(now))
    signature = hmac.new(key, f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "User-Agent": f"lipsync/{__version__}",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
