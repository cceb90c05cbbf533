"""A webhook from the request to its receiver."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from queue import Queue
from threading import Thread

import pytest
from flask import Flask
from pydantic import SecretStr
from standardwebhooks import Webhook

from lipsync.settings import Settings
from lipsync.web.app import create_app
from lipsync.web.parts import parts_of
from tests.web.conftest import client_of
from tests.web.still import StillService

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example of the standard's own documents
TEXT = {"text": "Hello", "language": "en"}
Received = Queue[tuple[dict[str, str], bytes]]


@pytest.fixture
def receiver() -> Iterator[tuple[str, Received]]:
    """Its address, and what it received."""
    received: Received = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.put((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/done?token=secret", received
    server.shutdown()
    server.server_close()


@pytest.fixture
def signing(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_secret": SecretStr(SECRET), "webhook_allow_private": True})


@pytest.fixture
def app(signing: Settings) -> Iterator[Flask]:
    app = create_app(signing, StillService(signing))
    yield app
    parts_of(app).close()


@pytest.mark.parametrize("path", ["/api/jobs", "/api/generate"])
def test_who_asked_is_told(app: Flask, receiver: tuple[str, Received], path: str) -> None:
    address, received = receiver
    client = client_of(app)
    asked = client.post(path, json={**TEXT, "webhook": address})
    headers, body = received.get(timeout=20)
    told = Webhook(SECRET).verify(body, {name.lower(): value for name, value in headers.items()})
    assert told == json.loads(body)
    assert told["type"] == "job.done"
    assert told["data"]["id"] == asked.headers["X-Job-Id"] == headers["webhook-id"]
    assert told["data"]["state"] == "done"
    assert told["data"]["duration"] > 0
    assert client.get(told["data"]["links"]["video"]).status_code == 200


def test_a_failure_and_a_cancel_are_told_too(app: Flask, receiver: tuple[str, Received]) -> None:
    address, received = receiver
    client = client_of(app)
    client.post("/api/jobs", data={"text": "Hi", "webhook": address, "image": (BytesIO(b"no picture"), "x.jpg")})
    told = json.loads(received.get(timeout=20)[1])
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
    app = create_app(settings, StillService(settings))
    answer = client_of(app).post("/api/jobs", json={**TEXT, "webhook": address})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "webhook_address")
    assert parts_of(app).jobs.counts()["queued"] == 0
    parts_of(app).close()


def test_without_a_secret_there_are_none(settings: Settings) -> None:
    client = client_of(create_app(settings, StillService(settings)))
    answer = client.post("/api/jobs", json={**TEXT, "webhook": "https://example.com/"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "webhooks_off")
