"""Every error of the API is one JSON sentence in the reader's language."""

from __future__ import annotations

import logging
import time

import pytest
from flask.testing import FlaskClient

from lipsync.errors import SENTENCES, LipsyncError
from lipsync.logs import About
from lipsync.settings import Settings
from lipsync.web.app import create_app
from tests.web.conftest import client_of
from tests.web.still import StillService


@pytest.mark.parametrize(
    ("accept", "language", "russian"),
    [
        (None, "ru", True),
        (None, "Russian", True),
        (None, "ru-RU", True),
        (None, None, False),  # nothing says that the caller reads Russian
        (None, "auto", False),
        (None, "en", False),
        (None, "tlh", False),
        (None, 5, False),
        ("*", "ru", True),
        ("de", "ru", True),  # German we have not: as if nothing were said
        ("en", "ru", False),
        ("en-US,en;q=0.9", "ru", False),
        ("ru", "en", True),
        ("de-DE,ru;q=0.8,en;q=0.5", "en", True),
        ("ru;q=0.2,en;q=0.9", "ru", False),
        ("ru;q=0", "en", False),
    ],
)
def test_language_of_the_sentence(client: FlaskClient, accept: str | None, language: object, russian: bool) -> None:
    headers = {} if accept is None else {"Accept-Language": accept}
    wish = {"text": ""} if language is None else {"text": "", "language": language}
    said = client.post("/api/generate", json=wish, headers=headers).get_json()
    code = "bad_field" if language == 5 else "empty_text"
    sentence = LipsyncError("empty_text").sentence("ru" if russian else "en")
    assert said["code"] == code
    assert said["error"] == sentence if code == "empty_text" else not russian


def test_the_sentence_is_written_in_letters_not_escapes(client: FlaskClient) -> None:
    response = client.post("/api/generate", json={"text": "", "language": "ru"})
    assert "Текст не может быть пустым" in response.get_data(as_text=True)


def test_a_page_that_is_not_there(client: FlaskClient) -> None:
    response = client.get("/api/nothing")
    assert (response.status_code, response.get_json()["code"]) == (404, "not_found")
    response = client.get("/nothing", headers={"Accept-Language": "ru"})
    assert (response.status_code, response.mimetype) == (404, "text/plain")
    assert response.text == SENTENCES["not_found"].ru


def test_a_method_that_is_not_answered_says_which_are(client: FlaskClient) -> None:
    response = client.get("/api/generate")
    assert (response.status_code, response.get_json()["code"]) == (405, "wrong_method")
    assert "POST" in response.headers["Allow"]


def test_what_nobody_foresaw_says_where_to_look(
    service: StillService, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> float:
        return 1 / 0

    service.generate = fail  # type: ignore[method-assign, assignment]
    caplog.handler.addFilter(About())
    with caplog.at_level(logging.ERROR):
        response = client.post("/api/generate", json={"text": "Hi"}, headers={"Accept-Language": "en"})
    assert (response.status_code, response.get_json()["code"]) == (500, "internal")
    name = response.headers["X-Request-Id"]
    assert name in response.get_json()["error"]
    assert {getattr(one, "request", "") for one in caplog.records} == {name}
    assert "ZeroDivisionError" in caplog.text
    assert "ZeroDivisionError" not in response.text


def test_our_own_500_is_logged_with_its_request(
    service: StillService, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: object) -> None:
        raise LipsyncError("speech_failed")

    service.generate = fail  # type: ignore[method-assign, assignment]
    caplog.handler.addFilter(About())
    response = client.post("/api/generate", json={"text": "Hi"})
    assert (response.status_code, response.get_json()["code"]) == (500, "speech_failed")
    said = [one for one in caplog.records if one.levelname == "ERROR"]
    assert said
    assert {getattr(one, "request", "") for one in said} == {response.headers["X-Request-Id"]}


def test_while_it_loads(settings: Settings) -> None:
    service = StillService(settings, loaded=False)
    client = client_of(create_app(settings, service))
    health = client.get("/api/health")
    assert (health.status_code, health.get_json()["status"]) == (200, "loading")
    assert health.get_json()["models_loaded"] is False
    refused = client.post("/api/generate", json={"text": "Hi"})
    assert (refused.status_code, refused.get_json()["code"]) == (503, "not_ready")
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get("/").status_code == 200
    service.load_now.set()
    assert until(client, 200)["status"] == "ready"
    assert client.post("/api/generate", json={"text": "Hi"}).status_code == 200


def test_a_wrong_wish_is_told_so_even_while_it_loads(settings: Settings) -> None:
    service = StillService(settings, loaded=False)
    response = client_of(create_app(settings, service)).post("/api/generate", json={"text": 5})
    assert response.get_json()["code"] == "bad_field"
    service.load_now.set()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (LipsyncError("missing_part", part="espeak-ng", remedy="pip install"), "Не хватает части «espeak-ng»"),
        (OSError("disk is gone"), "OSError: disk is gone"),
    ],
)
def test_a_failure_to_load_shows(settings: Settings, fault: Exception, reason: str) -> None:
    service = StillService(settings, fails=fault, loaded=False)
    client = client_of(create_app(settings, service))
    service.load_now.set()
    headers = {"Accept-Language": "ru"}
    for _ in range(500):
        health = client.get("/api/health", headers=headers)
        if health.get_json()["status"] != "loading":
            break
        time.sleep(0.01)
    assert (health.status_code, health.get_json()["status"]) == (200, "failed")
    assert health.get_json()["code"] == "failed_to_load"
    assert reason in health.get_json()["error"]
    refused = client.post("/api/generate", json={"text": "Hi"}, headers=headers)
    assert (refused.status_code, refused.get_json()["error"]) == (503, health.get_json()["error"])


def until(client: FlaskClient, status: int) -> dict[str, object]:
    for _ in range(500):
        response = client.get("/api/ready")
        if response.status_code == status:
            break
        time.sleep(0.01)
    assert response.status_code == status
    found: dict[str, object] = response.get_json()
    return found


@pytest.mark.parametrize("address", ["/api/generate", "/api/jobs", "/api/voices"])
@pytest.mark.parametrize("more", [b"", b'; filename="a.png"'])
def test_a_form_with_a_part_without_a_name(client: FlaskClient, address: str, more: bytes) -> None:
    part = b"--x\r\nContent-Disposition: form-data" + more + b"\r\n\r\nhello\r\n--x--\r\n"
    refused = client.post(address, data=part, content_type="multipart/form-data; boundary=x")
    assert (refused.status_code, refused.get_json()["code"]) == (400, "bad_request")
