"""API keys: ``lips_<id>_<secret>``, made once, shown once, and kept as a hash.

The secret is 32 random bytes. Nobody guesses 256 bits, so SHA-256 without salt or stretching keeps them as safe as a
slow hash would, and costs a request nothing.
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

from lipsync.access.caller import SCOPES, Caller, Scope
from lipsync.access.tables import KeyRow
from lipsync.errors import LipsyncError
from lipsync.jobs.database import speaking

PREFIX = "lips_"
_FORM = re.compile(r"lips_([0-9a-f]{8})_([A-Za-z0-9_-]{43})")
_ID = re.compile(r"[0-9a-f]{8}")
_NAME = 100
"""Most characters in a key's name."""
_NOBODYS = "0" * 64
"""No secret has this hash: a key that does not exist is compared as one that does."""


@dataclass(frozen=True)
class Key:
    """What is known of a key; its secret is not."""

    id: str
    name: str
    """What its owner calls it."""
    scopes: tuple[Scope, ...]
    created: float
    """Seconds since the epoch."""
    revoked: float | None

    @property
    def caller(self) -> Caller:
        """Who calls with it."""
        return Caller(f"key {self.id}", frozenset(self.scopes))


def add_key(engine: Engine, name: str, scopes: Iterable[Scope]) -> tuple[Key, str]:
    """A new key and its text, which nobody can read again. Raises LipsyncError bad_field, database_busy."""
    name = name.strip()
    if not 1 <= len(name) <= _NAME or not name.isprintable():
        expected = {"en": f"one to {_NAME} visible characters", "ru": f"от одного до {_NAME} видимых символов"}
        raise LipsyncError("bad_field", field="name", expected=expected)
    wanted = set(scopes)
    ordered = " ".join(scope for scope in SCOPES if scope in wanted)
    while True:
        number, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        row = KeyRow(id=number, name=name, hash=_hash(secret), scopes=ordered, created=time.time(), revoked=None)
        with speaking(), Session(engine) as session:
            session.add(row)
            try:
                session.commit()
            except IntegrityError:
                continue  # of four thousand million ids this one is taken
            return _key(row), f"{PREFIX}{number}_{secret}"


def check_key(engine: Engine, text: str) -> Key:
    """The key whose text this is. Raises LipsyncError wrong_key (also for a revoked one), database_busy."""
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise LipsyncError("wrong_key")
    row = _row(engine, parts[1])
    right = hmac.compare_digest(_hash(parts[2]), row.hash if row else _NOBODYS)
    if row is None or not right or row.revoked is not None:
        raise LipsyncError("wrong_key")
    return _key(row)


def find_key(engine: Engine, number: str) -> Key | None:
    """The key with this id, if it is there and not revoked. Raises LipsyncError database_busy."""
    row = _row(engine, number) if _ID.fullmatch(number) else None
    return None if row is None or row.revoked is not None else _key(row)


def list_keys(engine: Engine) -> list[Key]:
    """All keys, also revoked ones, the oldest first. Raises LipsyncError database_busy."""
    with speaking(), Session(engine) as session:
        return [_key(row) for row in session.scalars(select(KeyRow).order_by(KeyRow.created, KeyRow.id))]


def revoke_key(engine: Engine, number: str) -> Key:
    """Revoke the key with this id, at once and for good; twice is once. Raises LipsyncError key_unknown."""
    if not _ID.fullmatch(number):
        raise LipsyncError("key_unknown", key=number[:80])
    with speaking(), Session(engine) as session, session.begin():
        open_one = update(KeyRow).where(KeyRow.id == number, KeyRow.revoked.is_(None))
        session.execute(open_one.values(revoked=time.time()))
        row = session.get(KeyRow, number)
        if row is None:
            raise LipsyncError("key_unknown", key=number)
        return _key(row)


def has_keys(engine: Engine) -> bool:
    """Whether there is any key that is not revoked. Raises LipsyncError database_busy."""
    with speaking(), Session(engine) as session:
        return bool(session.scalar(select(exists().where(KeyRow.revoked.is_(None)))))


def _row(engine: Engine, number: str) -> KeyRow | None:
    with speaking(), Session(engine) as session:
        return session.get(KeyRow, number)


def _key(row: KeyRow) -> Key:
    held = row.scopes.split()
    return Key(row.id, row.name, tuple(one for one in SCOPES if one in held), row.created, row.revoked)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
