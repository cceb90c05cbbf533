"""An application with settings of its own, and keys to it, for the tests of who may."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from lipsync.auth.caller import Scope
from lipsync.auth.keys import add_key, revoke_key
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of

STRANGER = {"REMOTE_ADDR": "203.0.113.5"}
"""Where a request comes from that does not come from this machine."""


@dataclass(frozen=True)
class Guarded:
    """The application under test."""

    app: Flask
    client: FlaskClient

    def key(self, *scopes: Scope) -> str:
        """A new key, by default with the scope generate."""
        return add_key(parts_of(self.app).engine, "test", scopes or ("generate",))[1]

    def revoke(self, key: str) -> None:
        """So that it is no longer taken."""
        revoke_key(parts_of(self.app).engine, key.split("_")[1])


@contextmanager
def guarded(settings: Settings, **changed: Any) -> Iterator[Guarded]:
    """Serve with ``changed`` settings; there is one key already, so that it may start."""
    settings = settings.model_copy(update=changed)
    engine = connect(settings)
    add_key(engine, "first", ["generate"])
    engine.dispose()
    app = create_app(settings, FakeService(settings))
    try:
        yield Guarded(app, client_of(app))
    finally:
        parts_of(app).close()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
