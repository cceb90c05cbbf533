"""The application over the small service, and a client that speaks no language unless it is told one."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lipsync.pipeline.service import LipsyncService
from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.helpers.chromium import launch
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of

__all__ = ["launch"]


@pytest.fixture
def service(settings: Settings) -> FakeService:
    return FakeService(settings)


@pytest.fixture
def app(settings: Settings, service: FakeService) -> Flask:
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
