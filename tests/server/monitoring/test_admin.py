"""The admin page: what it shows, what it does not, and that it works in Chromium under the page's own policy."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr
from werkzeug.serving import make_server

from lipsync.errors import LipsyncError
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.server.page_words import admin_words
from lipsync.settings import Settings
from tests.helpers.chromium import Launch
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of

MARKER = "Rumpelstiltskin"
HELLO = {"text": MARKER, "language": "en"}


@pytest.fixture
def one_at_a_time(settings: Settings) -> Settings:
    return settings.model_copy(update={"max_concurrent_renders": 1})


@pytest.fixture
def held(one_at_a_time: Settings) -> Iterator[FakeService]:
    """A service whose videos are not finished."""
    service = FakeService(one_at_a_time)
    service.gate.clear()
    yield service
    service.gate.set()


def fail_with(service: FakeService, error: Exception) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    service.generate = fail  # type: ignore[method-assign, assignment]


def test_the_facts(client: FlaskClient, service: FakeService) -> None:
    assert client.post("/api/generate", json=HELLO).status_code == 200
    facts = client.get("/admin/facts").get_json()
    (job,) = facts["recent"]
    assert (job["state"], job["owner"], job["avatar"], job["language"]) == (
        "done",
        "address 127.0.0.1",
        "gauss",
        "en",
    )
    assert (job["engine"], job["voice"], job["seconds"], job["characters"]) == (
        "still",
        "espeak-male",
        0.4,
        len(MARKER),
    )
    assert facts["counts"] == {"queued": 0, "running": 0, "done": 1, "failed": 0, "cancelled": 0}
    assert (facts["running"], facts["queue"], facts["errors"], facts["problems"]) == ([], [], [], [])
    folders = {one["name"]: one for one in facts["folders"]}
    assert set(folders) == {"outputs", "cache", "state"}
    assert folders["outputs"]["used"] > 1000
    assert all(one["free"] > 0 for one in folders.values())
    assert 0 < facts["memory"]["resident"] < facts["memory"]["total"]
    assert {"lipsync", "python", "gunicorn"} <= set(facts["versions"])
    assert facts["uptime"] > 0
    assert service.wishes[0]["text"] == MARKER
    assert MARKER not in str(facts)


def test_the_queue_and_the_cancelling_of_anybodys_job(one_at_a_time: Settings, held: FakeService) -> None:
    client = client_of(create_app(one_at_a_time, held))
    ids = [client.post("/api/jobs", json=HELLO).get_json()["id"] for _ in range(3)]
    assert held.begun.wait(10)
    facts = client.get("/admin/facts").get_json()
    assert [job["id"] for job in facts["running"]] == ids[:1]
    assert [job["id"] for job in facts["queue"]] == ids[1:]
    cancelled = client.post(f"/admin/jobs/{ids[1]}/cancel")
    assert (cancelled.status_code, cancelled.get_json()["state"]) == (200, "cancelled")
    assert client.post(f"/admin/jobs/{ids[0]}/cancel").get_json()["state"] == "cancelled"
    assert client.get(f"/api/jobs/{ids[1]}").get_json()["state"] == "cancelled"
    assert client.post(f"/admin/jobs/{'0' * 32}/cancel").status_code == 404


def test_a_finished_job_is_not_forgotten_by_a_late_cancel(client: FlaskClient) -> None:
    id = client.post("/api/generate", json=HELLO).headers["X-Job-Id"]
    assert client.post(f"/admin/jobs/{id}/cancel").get_json()["state"] == "done"
    assert client.get(f"/api/jobs/{id}/video").status_code == 200


def test_what_went_wrong_once_and_without_texts(client: FlaskClient, service: FakeService) -> None:
    fail_with(service, LipsyncError("voice_failed", voice="silero", reason=f"KeyError: {MARKER}"))
    assert client.post("/api/generate", json=HELLO, headers={"X-Request-Id": "r1"}).status_code == 500
    fail_with(service, ValueError(MARKER))
    assert client.post("/api/generate", json=HELLO, headers={"X-Request-Id": "r2"}).status_code == 500
    fail_with(service, LipsyncError("no_face", width=1, height=1))
    assert client.post("/api/generate", json=HELLO).status_code == 422  # the caller's own
    client.set_cookie("page_language", "ru")
    facts = client.get("/admin/facts").get_json()
    assert [(one["code"], one["request"]) for one in facts["errors"]] == [("internal", "r2"), ("voice_failed", "r1")]
    assert facts["errors"][1]["sentence"] == "Голос silero не сработал: KeyError."
    assert facts["errors"][1]["where"] == "job"
    assert [one["error"]["code"] for one in facts["recent"]] == ["no_face", "internal", "voice_failed"]
    assert MARKER not in str(facts)


def test_an_answer_that_is_no_jobs_is_noted_too(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise LipsyncError("database_busy", reason="locked")

    with monkeypatch.context() as patched:
        patched.setattr(parts_of(app).jobs, "recent_jobs", busy)
        assert client.get("/api/jobs").status_code == 503
    (error,) = client.get("/admin/facts").get_json()["errors"]
    assert (error["code"], error["where"], error["job"]) == ("database_busy", "GET /api/jobs", "")


@pytest.mark.slow
def test_only_the_last_errors_are_kept(client: FlaskClient, service: FakeService) -> None:
    fail_with(service, LipsyncError("speech_failed"))
    for _ in range(103):
        client.post("/api/generate", json=HELLO)
    errors = client.get("/admin/facts").get_json()["errors"]
    # A thread of an earlier test may have logged one more.
    newest = errors[0]["number"]
    assert newest >= 103
    assert [one["number"] for one in errors] == list(range(newest, newest - 100, -1))


def test_it_needs_the_scope_admin(settings: Settings) -> None:
    asked = settings.model_copy(update={"require_key": True, "jwt_secret": SecretStr("x" * 32)})
    client = client_of(create_app(asked, FakeService(asked)))
    for method, address in (("GET", ""), ("GET", "/facts"), ("POST", f"/jobs/{'0' * 32}/cancel")):
        assert client.open(f"/admin{address}", method=method).status_code == 401
    assert client.get("/metrics").status_code == 401


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page(client: FlaskClient, language: str) -> None:
    page = client.get("/admin", headers={"Accept-Language": language})
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert f'<h1 data-i18n="title">{admin_words()[language]["title"]}</h1>' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"\son\w+=|\sstyle=|<style|javascript:", page.text)
    for address in re.findall(r'(?:src|href)="(/static[^"]+)"', page.text):
        assert client.get(address).status_code == 200


# ---- in Chromium


@dataclass
class Shown:
    """The page in a browser, and what stands behind it."""

    page: Page
    service: FakeService
    client: FlaskClient


@pytest.fixture(scope="session")
def browser(launch: Launch) -> Browser:
    return launch()


@pytest.fixture
def shown(one_at_a_time: Settings, held: FakeService, browser: Browser) -> Iterator[Shown]:
    app = create_app(one_at_a_time, held)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 844})
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.clock.install()
    page.goto(f"http://127.0.0.1:{server.server_port}/admin")
    expect(page.locator("#facts div").first).to_be_visible()
    yield Shown(page, held, client_of(app))
    context.close()
    server.shutdown()
    server.server_close()
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


@pytest.mark.browser
def test_it_follows_the_queue_without_making_it_anew(shown: Shown) -> None:
    page = shown.page
    expect(page.locator("#running-nothing")).to_be_visible()
    ids = [shown.client.post("/api/jobs", json=HELLO).get_json()["id"] for _ in range(3)]
    assert shown.service.begun.wait(10)
    page.clock.run_for(3000)
    expect(page.locator("#running tbody tr")).to_have_count(1)
    expect(page.locator("#queue tbody tr")).to_have_count(2)
    page.evaluate("document.querySelector('#queue tbody tr').mine = true")
    page.clock.run_for(9000)
    assert page.evaluate("document.querySelector('#queue tbody tr').mine") is True
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    # The second one is cancelled here; the first one is finished.
    page.locator("#queue tbody tr").first.get_by_role("button").click()
    expect(page.locator("#queue tbody tr")).to_have_count(1)
    assert shown.client.get(f"/api/jobs/{ids[1]}").get_json()["state"] == "cancelled"
    shown.service.gate.set()
    for _ in range(20):
        page.clock.run_for(3000)
        if page.locator("#recent tbody tr").count() == 3:
            break
    expect(page.locator("#recent .state.done")).to_have_count(2)
    expect(page.locator("#recent .state.cancelled")).to_have_text("Cancelled")
    expect(page.locator("#running-nothing")).to_be_visible()
    assert MARKER not in page.content()


@pytest.mark.browser
def test_it_says_that_the_server_is_gone_and_comes_back(shown: Shown) -> None:
    page = shown.page
    page.route("**/admin/facts", lambda route: route.abort())
    page.clock.run_for(3000)
    expect(page.locator("#notice")).to_have_text(admin_words()["en"]["network_error"])
    page.unroute("**/admin/facts")
    page.clock.run_for(3000)
    expect(page.locator("#notice")).to_be_hidden()
    page.locator("#page-language").select_option("ru")
    expect(page.locator("h1")).to_have_text(admin_words()["ru"]["title"])
