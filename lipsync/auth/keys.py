"""API keys: ``lips_<id>_<secret>``, shown once when they are created, and stored as a hash.

The secret is 32 random bytes. 256 bits cannot be guessed, so SHA-256 without salt or stretching protects them as
well as a slow hash would, and costs a request nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Engine, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lipsync.auth.caller import SCOPES, Caller, Scope
from lipsync.auth.errors import AuthError
from lipsync.errors import InvalidFieldError
from lipsync.messages import Message
from lipsync.storage.database import translate_database_errors
from lipsync.storage.tables import KeyRow

PREFIX = "lips_"
_KEY_FORM = re.compile(r"lips_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_KEY_ID = re.compile(r"[0-9a-f]{8}")
MAX_NAME_LENGTH = 100
"""Maximum length of a key's name, in characters."""
_UNKNOWN_KEY_HASH = "0" * 64
"""Compared with where a key does not exist, so that the answer takes as long. No secret has this hash."""


@dataclass(frozen=True)
class Key:
    """A stored key, without its secret."""

    id: str
    name: str
    """Name given by its owner."""
    scopes: tuple[Scope, ...]
    created: float
    """Seconds since the epoch."""
    revoked: float | None

    @property
    def caller(self) -> Caller:
        """The caller that the key identifies."""
        return Caller(f"key {self.id}", frozenset(self.scopes))


def add_key(engine: Engine, name: str, scopes: Iterable[Scope]) -> tuple[Key, str]:
    """Create a key and return it with its text, which is stored nowhere. Raises InvalidFieldError, DatabaseError."""
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        expected = Message("field.visible_characters", limit=MAX_NAME_LENGTH)
        raise InvalidFieldError("bad_field", field="name", expected=expected)
    granted = set(scopes)
    ordered = " ".join(scope for scope in SCOPES if scope in granted)
    while True:
        key_id, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        row = KeyRow(id=key_id, name=name, hash=_hash(secret), scopes=ordered, created=time.time(), revoked=None)
        with translate_database_errors(), Session(engine) as session:
            session.add(row)
            try:
                session.commit()
            except IntegrityError:
                continue  # the id is taken, at odds of one in four thousand million
            return _key(row), f"{PREFIX}{key_id}_{secret}"


def check_key(engine: Engine, text: str) -> Key:
    """Return the key with this text. Raises AuthError for an unknown or revoked one, DatabaseError."""
    parts = _KEY_FORM.fullmatch(text)
    if parts is None:
        raise AuthError("wrong_key")
    row = _row(engine, parts[1])
    matches = hmac.compare_digest(_hash(parts[2]), row.hash if row else _UNKNOWN_KEY_HASH)
    if row is None or not matches or row.revoked is not None:
        raise AuthError("wrong_key")
    return _key(row)


def find_key(engine: Engine, key_id: str) -> Key | None:
    """Return the key with this id; None if it does not exist or is revoked. Raises DatabaseError."""
    row = _row(engine, key_id) if _KEY_ID.fullmatch(key_id) else None
    return None if row is None or row.revoked is not None else _key(row)


def list_keys(engine: Engine) -> list[Key]:
    """Return all keys, also revoked ones, the oldest first. Raises DatabaseError."""
    with translate_database_errors(), Session(engine) as session:
        return [_key(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.created, KeyRow.id))]


def revoke_key(engine: Engine, key_id: str) -> Key:
    """Revoke the key with this id, for good, and return it. Raises AuthError, DatabaseError."""
    if not _KEY_ID.fullmatch(key_id):
        raise AuthError("key_unknown", key=key_id[:80])
    with translate_database_errors(), Session(engine) as session, session.begin():
        valid = update(KeyRow).where(KeyRow.id == key_id, KeyRow.revoked.is_(None))
        session.execute(valid.values(revoked=time.time()))
        row = session.get(KeyRow, key_id)
        if row is None:
            raise AuthError("key_unknown", key=key_id)
        return _key(row)


def has_keys(engine: Engine) -> bool:
    """Whether there is any key that is not revoked. Raises DatabaseError."""
    with translate_database_errors(), Session(engine) as session:
        return bool(session.scalar(select(exists().where(KeyRow.revoked.is_(None)))))


def _row(engine: Engine, key_id: str) -> KeyRow | None:
    with translate_database_errors(), Session(engine) as session:
        return session.get(KeyRow, key_id)


def _key(row: KeyRow) -> Key:
    granted = row.scopes.split()
    scopes = tuple(scope for scope in SCOPES if scope in granted)
    return Key(row.id, row.name, scopes, row.created, row.revoked)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
