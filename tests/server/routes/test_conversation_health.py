"""``GET /api/v1/health`` and ``POST /api/v1/tickets``."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lipsync.auth.keys import add_key
from lipsync.conversation.errors import TicketError
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.conversation import FakeModel, FakeResponder, FakeTranscriber, fake_parts
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of


@pytest.fixture
def app(settings: Settings, service: FakeService) -> Flask:
    return create_app(settings, service, fake_parts())


def test_all_parts_work(client: FlaskClient) -> None:
    assert client.get("/api/v1/health").get_json() == {
        "status": "healthy",
        "components": {"llm": True, "tts": True, "lipsync": True, "motion": True, "stt": True},
        "vram_usage": {"used_mb": 0, "total_mb": 0},
    }


def test_a_part_with_a_fallback_degrades(settings: Settings, service: FakeService) -> None:
    responder = FakeResponder(FakeModel(error=RuntimeError("down")))
    client = client_of(create_app(settings, service, fake_parts(responder, FakeTranscriber(""))))
    health = client.get("/api/v1/health").get_json()
    assert health["status"] == "degraded"
    assert (health["components"]["llm"], health["components"]["stt"]) == (False, False)


def test_without_the_service_nothing_can_be_spoken(settings: Settings) -> None:
    client = client_of(create_app(settings, FakeService(settings, loaded=False), fake_parts()))
    health = client.get("/api/v1/health").get_json()
    assert health["status"] == "unhealthy"
    assert health["components"]["lipsync"] is False


def test_health_needs_no_key(settings: Settings, service: FakeService) -> None:
    engine = connect(settings)
    add_key(engine, "one", ("generate",))
    engine.dispose()
    app = create_app(settings.model_copy(update={"require_key": True}), service, fake_parts())
    assert client_of(app).get("/api/v1/health").status_code == 200
    assert client_of(app).post("/api/v1/tickets").status_code == 401


def test_a_ticket_is_for_the_page_that_requests_it(app: Flask, client: FlaskClient) -> None:
    response = client.post("/api/v1/tickets", json={"persona": "ada"}, headers={"Origin": "http://localhost"})
    answer = response.get_json()
    assert (response.status_code, answer["expires_in"], answer["origin"]) == (201, 60, "http://localhost")
    tickets = parts_of(app).tickets
    assert tickets.redeem(answer["ticket"], "http://localhost", "ada").persona == "ada"
    with pytest.raises(TicketError):
        tickets.redeem(answer["ticket"], "http://localhost", "ada")


def test_a_ticket_can_be_requested_for_another_site(app: Flask, client: FlaskClient) -> None:
    answer = client.post("/api/v1/tickets", json={"origin": "https://example.org"}).get_json()
    parts_of(app).tickets.redeem(answer["ticket"], "https://example.org", "ada")


@pytest.mark.parametrize(
    "fields", [{"origin": "example.org"}, {"origin": "https://a/b"}, {"persona": "A B"}, {"x": 1}]
)
def test_wrong_tickets_are_refused(client: FlaskClient, fields: dict[str, object]) -> None:
    response = client.post("/api/v1/tickets", json=fields)
    assert (response.status_code, response.get_json()["code"]) == (400, "bad_field")
