"""The secret that signs the page's session."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from lipsync.errors import LipsyncError
from lipsync.settings import Settings

BYTES = 32


def session_secret(settings: Settings) -> bytes:
    """LIPSYNC_SECRET, or 32 random bytes that are kept in LIPSYNC_STATE, made at the first start.

    Raises LipsyncError bad_field, cannot_write.
    """
    if settings.secret is not None:
        given = settings.secret.get_secret_value().encode()
        if len(given) < BYTES:
            expected = {"en": f"at least {BYTES} bytes are needed", "ru": f"нужно не меньше {BYTES} байт"}
            raise LipsyncError("bad_field", field="LIPSYNC_SECRET", expected=expected)
        return given
    path = settings.state.expanduser().absolute() / "secret"
    try:
        return _kept(path)
    except OSError as error:
        raise LipsyncError("cannot_write", place=path, reason=error.strerror) from error


def _kept(path: Path) -> bytes:
    """What is in the file. It appears whole, and of two servers that start at once both get the same."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        draft = path.with_name(f".secret-{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(BYTES))
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another one was first
                path.hardlink_to(draft)
        finally:
            draft.unlink()
    found = path.read_bytes()
    if len(found) < BYTES:
        expected = {
            "en": f"it must hold {BYTES} bytes: remove it",
            "ru": f"в нём должно быть {BYTES} байт: удалите его",
        }
        raise LipsyncError("bad_field", field=str(path), expected=expected)
    return found
