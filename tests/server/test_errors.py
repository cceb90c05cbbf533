"""Every error of the API is one JSON sentence in the reader's language."""

from __future__ import annotations

import logging

import pytest
from flask.testing import FlaskClient

from lipsync.errors import LipsyncError
from lipsync.messages import Message, translate
from lipsync.runtime.logs import About
from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.helpers.eventually import eventually
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of


@pytest.mark.parametrize(
    ("accept", "language", "expected"),
    [
        (None, "ru", "ru"),
        (None, "Russian", "ru"),
        (None, "ru-RU", "ru"),
        (None, "uk", "uk"),
        (None, "қазақша", "kk"),
        (None, None, "en"),  # nothing says which language the caller reads
        (None, "auto", "en"),
        (None, "en", "en"),
        (None, "de", "en"),
        (None, "tlh", "en"),
        (None, 5, "en"),
        ("*", "ru", "ru"),
        ("de", "ru", "ru"),  # there is no German catalogue: as if the header were absent
        ("en", "ru", "en"),
        ("en-US,en;q=0.9", "ru", "en"),
        ("ru", "en", "ru"),
        ("uk-UA,uk;q=0.9,ru;q=0.8", "en", "uk"),
        ("kk-KZ,ru;q=0.8,en;q=0.5", "en", "kk"),
        ("de-DE,ru;q=0.8,en;q=0.5", "en", "ru"),
        ("ru;q=0.2,en;q=0.9", "ru", "en"),
        ("ru;q=0", "en", "en"),
    ],
)
def test_language_of_the_message(client: FlaskClient, accept: str | None, language: object, expected: str) -> None:
    headers = {} if accept is None else {"Accept-Language": accept}
    fields = {"text": ""} if language is None else {"text": "", "language": language}
    answer = client.post("/api/generate", json=fields, headers=headers).get_json()
    if language == 5:
        facts = {"field": "language", "expected": Message("field.language_code")}
        assert answer["error"] == translate("error.bad_field", expected, facts)
    else:
        assert answer["error"] == translate("error.empty_text", expected)


def test_the_sentence_is_written_in_letters_not_escapes(client: FlaskClient) -> None:
    response = client.post("/api/generate", json={"text": "", "language": "ru"})
    assert "Текст пуст." in response.get_data(as_text=True)


def test_a_page_that_is_not_there(client: FlaskClient) -> None:
    response = client.get("/api/nothing")
    assert (response.status_code, response.get_json()["code"]) == (404, "not_found")
    response = client.get("/nothing", headers={"Accept-Language": "ru"})
    assert (response.status_code, response.mimetype) == (404, "text/plain")
    assert response.text == translate("error.not_found", "ru")


def test_a_method_that_is_not_answered_says_which_are(client: FlaskClient) -> None:
    response = client.get("/api/generate")
    assert (response.status_code, response.get_json()["code"]) == (405, "wrong_method")
    assert "POST" in response.headers["Allow"]


def test_what_nobody_foresaw_says_where_to_look(
    service: FakeService, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> float:
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
    service: FakeService, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LipsyncError("speech_failed")

    service.generate = fail  # type: ignore[method-assign, assignment]
    caplog.handler.addFilter(About())
    response = client.post("/api/generate", json={"text": "Hi"})
    assert (response.status_code, response.get_json()["code"]) == (500, "speech_failed")
    said = [one for one in caplog.records if one.levelname == "ERROR"]
    assert said
    assert {getattr(one, "request", "") for one in said} == {response.headers["X-Request-Id"]}


def test_while_it_loads(settings: Settings) -> None:
    service = FakeService(settings, loaded=False)
    client = client_of(create_app(settings, service))
    health = client.get("/api/health")
    assert (health.status_code, health.get_json()["status"]) == (200, "loading")
    assert health.get_json()["models_loaded"] is False
    refused = client.post("/api/generate", json={"text": "Hi"})
    assert (refused.status_code, refused.get_json()["code"]) == (503, "not_ready")
    assert int(refused.headers["Retry-After"]) > 0
    assert client.get("/").status_code == 200
    service.load_now.set()
    eventually(lambda: client.get("/api/ready").status_code == 200)
    assert client.get("/api/ready").get_json()["status"] == "ready"
    assert client.post("/api/generate", json={"text": "Hi"}).status_code == 200


def test_a_wrong_wish_is_told_so_even_while_it_loads(settings: Settings) -> None:
    service = FakeService(settings, loaded=False)
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
    service = FakeService(settings, fails=fault, loaded=False)
    client = client_of(create_app(settings, service))
    service.load_now.set()
    headers = {"Accept-Language": "ru"}
    eventually(lambda: client.get("/api/health").get_json()["status"] != "loading")
    health = client.get("/api/health", headers=headers)
    assert (health.status_code, health.get_json()["status"]) == (200, "failed")
    assert health.get_json()["code"] == "failed_to_load"
    assert reason in health.get_json()["error"]
    refused = client.post("/api/generate", json={"text": "Hi"}, headers=headers)
    assert (refused.status_code, refused.get_json()["error"]) == (503, health.get_json()["error"])


@pytest.mark.parametrize("address", ["/api/generate", "/api/jobs", "/api/voices"])
@pytest.mark.parametrize("more", [b"", b'; filename="a.png"'])
def test_a_form_with_a_part_without_a_name(client: FlaskClient, address: str, more: bytes) -> None:
    part = b"--x\r\nContent-Disposition: form-data" + more + b"\r\n\r\nhello\r\n--x--\r\n"
    refused = client.post(address, data=part, content_type="multipart/form-data; boundary=x")
    assert (refused.status_code, refused.get_json()["code"]) == (400, "bad_request")
