"""A webhook from the request to its receiver."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from pydantic import SecretStr
from standardwebhooks import Webhook

from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.settings import Settings
from tests.helpers.eventually import eventually
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of
from tests.helpers.http_server import HttpServer, ReceivedRequest, http_server, respond

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example of the standard's own documents
TEXT = {"text": "Hello", "language": "en"}


@pytest.fixture
def receiver() -> Iterator[HttpServer]:
    with http_server(behaviour=respond(204)) as server:
        yield server


def first_request(receiver: HttpServer) -> ReceivedRequest:
    eventually(lambda: receiver.requests, "no webhook was sent")
    return receiver.requests[0]


@pytest.fixture
def signing(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_secret": SecretStr(SECRET), "webhook_allow_private": True})


@pytest.fixture
def app(signing: Settings) -> Iterator[Flask]:
    app = create_app(signing, FakeService(signing))
    yield app
    parts_of(app).close()


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/api/jobs", "/api/generate"])
def test_who_asked_is_told(app: Flask, receiver: HttpServer, path: str) -> None:
    client = client_of(app)
    asked = client.post(path, json={**TEXT, "webhook": receiver.url("/done?token=secret")})
    request = first_request(receiver)
    told = Webhook(SECRET).verify(request.body, request.headers)
    assert told == request.json()
    assert told["type"] == "job.done"
    assert told["data"]["id"] == asked.headers["X-Job-Id"] == request.headers["webhook-id"]
    assert told["data"]["state"] == "done"
    assert told["data"]["duration"] > 0
    assert client.get(told["data"]["links"]["video"]).status_code == 200


def test_a_failure_is_told_too(app: Flask, receiver: HttpServer) -> None:
    client = client_of(app)
    image = (BytesIO(b"no picture"), "x.jpg")
    client.post("/api/jobs", data={"text": "Hi", "webhook": receiver.url("/done"), "image": image})
    told = first_request(receiver).json()
    assert (told["type"], told["data"]["error"]["code"]) == ("job.failed", "not_a_picture")


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://localhost/",
        "https://user:password@example.com/",
        "ftp://example.com/",
        "example.com",
        "",
    ],
)
def test_a_private_address_is_refused_before_it_is_a_job(settings: Settings, address: str) -> None:
    settings = settings.model_copy(update={"webhook_secret": SecretStr(SECRET)})
    app = create_app(settings, FakeService(settings))
    answer = client_of(app).post("/api/jobs", json={**TEXT, "webhook": address})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "webhook_address")
    assert parts_of(app).jobs.count_by_state()["queued"] == 0
    parts_of(app).close()


def test_without_a_secret_there_are_none(settings: Settings) -> None:
    client = client_of(create_app(settings, FakeService(settings)))
    answer = client.post("/api/jobs", json={**TEXT, "webhook": "https://example.com/"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "webhooks_off")
