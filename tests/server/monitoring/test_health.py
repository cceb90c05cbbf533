"""Alive, and able to take work: two questions."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lipsync.errors import LipsyncError
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.server.monitoring import health
from lipsync.server.monitoring.health import Readiness
from lipsync.server.service_loader import Loading
from lipsync.settings import Settings
from lipsync.storage import folders
from tests.helpers.eventually import eventually
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of


def ready(client: FlaskClient, **headers: str) -> tuple[int, dict[str, Any]]:
    response = client.get("/api/ready", headers=headers)
    found: dict[str, Any] = response.get_json()
    assert (response.status_code == 200) == (found["problems"] == [])
    assert ("Retry-After" in response.headers) == (response.status_code == 503)
    assert response.headers["Cache-Control"] == "no-store"
    return response.status_code, found


def codes(client: FlaskClient) -> list[str]:
    return [one["code"] for one in ready(client)[1]["problems"]]


def test_a_server_that_can_work(client: FlaskClient) -> None:
    assert ready(client) == (200, {"status": "ready", "problems": []})


def test_while_it_loads_it_lives_but_takes_no_work(settings: Settings) -> None:
    service = FakeService(settings, loaded=False)
    client = client_of(create_app(settings, service))
    alive = client.get("/api/health")
    assert (alive.status_code, alive.get_json()["status"]) == (200, "loading")
    status, said = ready(client, Accept_Language="ru")
    sentence = LipsyncError("not_ready").message("ru")
    assert (status, said) == (
        503,
        {
            "status": "loading",
            "problems": [{"code": "not_ready", "sentence": sentence}],
            "error": sentence,
            "code": "not_ready",
        },
    )
    service.load_now.set()


def test_one_that_cannot_load_lives_and_says_why(settings: Settings) -> None:
    service = FakeService(settings, fails=OSError("disk is gone"), loaded=False)
    client = client_of(create_app(settings, service))
    service.load_now.set()
    eventually(lambda: client.get("/api/health").get_json()["status"] == "failed")
    alive = client.get("/api/health")
    assert alive.status_code == 200
    assert alive.get_json()["code"] == "failed_to_load"
    assert "disk is gone" in alive.get_json()["error"]


def test_a_full_queue(settings: Settings) -> None:
    small = settings.model_copy(update={"max_queued": 1, "max_concurrent_renders": 1})
    service = FakeService(small)
    service.gate.clear()
    client = client_of(create_app(small, service))
    try:
        for _ in range(2):  # one is made, one waits
            assert client.post("/api/jobs", json={"text": "Hi", "language": "en"}).status_code == 202
            service.begun.wait(10)
        response = client.get("/api/ready")
        assert (response.status_code, response.get_json()["status"]) == (503, "busy")
        assert response.get_json()["code"] == "queue_full"
        assert int(response.headers["Retry-After"]) >= 1
        assert client.get("/api/health").status_code == 200
    finally:
        service.gate.set()


def test_a_folder_that_cannot_be_written(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(create_app(settings, FakeService(settings)))
    really = os.access

    def access(path: Path, mode: int) -> bool:  # as root, all can be written
        return really(path, mode) and not Path(path).is_relative_to(tmp_path)

    monkeypatch.setattr(os, "access", access)
    status, said = ready(client)
    assert (status, said["status"]) == (503, "unable")
    assert [one["sentence"] for one in said["problems"]] == [
        "Cannot write to LIPSYNC_OUTPUTS: Permission denied.",
        "Cannot write to LIPSYNC_STATE: Permission denied.",
    ]
    assert str(tmp_path) not in str(said)


def test_a_full_disk(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = SimpleNamespace(free=health.DISK_LEFT - 1)
    monkeypatch.setattr(folders.shutil, "disk_usage", lambda _: facts)
    assert "No space left" in ready(client)[1]["problems"][0]["sentence"]


def test_a_database_that_does_not_answer(app: Flask, client: FlaskClient, settings: Settings) -> None:
    parts_of(app).engine.dispose()
    (settings.state / "lipsync.db").write_bytes(b"this is no database" * 100)
    for name in ("lipsync.db-wal", "lipsync.db-shm"):
        (settings.state / name).unlink(missing_ok=True)
    assert codes(client) == ["database_broken"]
    assert client.get("/api/health").status_code == 200


def test_one_that_is_stopping(settings: Settings, app: Flask) -> None:
    assert [one.code for one in readiness(settings, app, stopping=lambda: True).problems()] == ["stopping"]


def readiness(
    settings: Settings,
    app: Flask,
    *,
    stopping: Callable[[], bool] = lambda: False,
    clock: Callable[[], float] = lambda: 0.0,
) -> Readiness:
    return Readiness(settings, Loading(FakeService(settings)), parts_of(app).jobs, stopping=stopping, clock=clock)


def test_it_is_looked_once_a_second(settings: Settings, app: Flask) -> None:
    now, looks = [0.0], 0

    def stopping() -> bool:
        nonlocal looks
        looks += 1
        return False

    own = readiness(settings, app, stopping=stopping, clock=lambda: now[0])
    for moment, expected in ((0.0, 1), (0.5, 1), (0.99, 1), (1.0, 2), (1.5, 2)):
        now[0] = moment
        assert own.problems() == []
        assert looks == expected


def test_while_one_looks_others_are_told_what_was_found_before(settings: Settings, app: Flask) -> None:
    now, slow, looking = [0.0], threading.Event(), threading.Event()

    def stopping() -> bool:
        if now[0]:
            looking.set()
            assert slow.wait(10)
            return True
        return False

    own = readiness(settings, app, stopping=stopping, clock=lambda: now[0])
    assert own.problems() == []
    now[0] = 5.0
    found: list[list[LipsyncError]] = []
    thread = threading.Thread(target=lambda: found.append(own.problems()))
    thread.start()
    assert looking.wait(10)
    assert own.problems() == []  # at once
    slow.set()
    thread.join()
    assert [one.code for one in found[0]] == ["stopping"]


def test_health_asks_neither_the_database_nor_the_disk(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was asked")

    monkeypatch.setattr(parts_of(app).engine, "connect", never)
    for name in ("stat", "open", "exists", "iterdir"):
        monkeypatch.setattr(Path, name, never)
    response = client.get("/api/health")
    monkeypatch.undo()
    assert response.status_code == 200
