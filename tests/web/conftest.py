"""The application over the small service, and a client that speaks no language unless it is told one."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lipsync.service import LipsyncService
from lipsync.settings import Settings
from lipsync.web.app import create_app
from tests.web.chromium import launch
from tests.web.still import StillService

__all__ = ["launch"]


class ReadingClient(FlaskClient):
    """Reads each answer to its end, so that no file stays open behind it."""

    def open(self, *args: Any, **more: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **more})


def client_of(app: Flask) -> FlaskClient:
    app.test_client_class = ReadingClient
    return app.test_client()


@pytest.fixture
def service(settings: Settings) -> StillService:
    return StillService(settings)


@pytest.fixture
def app(settings: Settings, service: StillService) -> Flask:
    return create_app(settings, service)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return client_of(app)


@pytest.fixture(scope="session")
def real_service(tmp_path_factory: pytest.TempPathFactory) -> LipsyncService:
    """The real thing, loaded once for all tests of the web."""
    folder = tmp_path_factory.mktemp("real")
    settings = Settings(
        _env_file=None,
        outputs=folder / "outputs",
        cache=folder / "cache",
        state=folder / "state",
        rate_limit="",
        warm_up=False,
    )
    service = LipsyncService(settings)
    service.load()
    return service


@pytest.fixture
def real_client(real_service: LipsyncService) -> FlaskClient:
    return client_of(create_app(real_service.settings, real_service))
