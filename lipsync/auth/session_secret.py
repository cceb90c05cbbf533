"""The secret that signs the session cookie of the page."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.settings import Settings
from lipsync.storage.atomic import atomic_write
from lipsync.storage.errors import StorageError

MIN_BYTES = 32
"""Minimum length of the secret, in bytes."""


def session_secret(settings: Settings) -> bytes:
    """Return LIPSYNC_SECRET, or 32 random bytes that are created at the first start and kept in LIPSYNC_STATE.

    Raises InvalidFieldError for a secret that is too short, StorageError.
    """
    if settings.secret is not None:
        secret = settings.secret.get_secret_value().encode()
        if len(secret) < MIN_BYTES:
            expected = Message("field.min_bytes", limit=MIN_BYTES)
            raise InvalidFieldError("bad_field", field="LIPSYNC_SECRET", expected=expected)
        return secret
    path = settings.state.expanduser().absolute() / "secret"
    try:
        return _load_or_create(path)
    except OSError as error:
        raise StorageError("cannot_write", place=path, reason=error.strerror) from error


def _load_or_create(path: Path) -> bytes:
    """Read the secret from the file, after creating it if it is missing; servers that start at once get the same."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        # A second server that starts at the same moment reads the file of the first.
        with (
            suppress(FileExistsError),
            atomic_write(path, mode=0o600, replace=False) as part,
            part.open("wb") as file,
        ):
            file.write(secrets.token_bytes(MIN_BYTES))
            file.flush()
            os.fsync(file.fileno())
    secret = path.read_bytes()
    if len(secret) < MIN_BYTES:
        expected = Message("field.secret_file", size=MIN_BYTES)
        raise InvalidFieldError("bad_field", field=str(path), expected=expected)
    return secret
