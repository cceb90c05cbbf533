"""Flask's test client, which reads each answer to its end."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse


class ReadingClient(FlaskClient):
    """Reads each answer to its end, so that no file stays open behind it."""

    def open(self, *args: Any, **more: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **more})


def client_of(app: Flask) -> FlaskClient:
    app.test_client_class = ReadingClient
    return app.test_client()
