"""Questions of live conversations count like requests."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lipsync.server.security.install import protect
from lipsync.settings import Settings
from lipsync.storage.database import connect


@pytest.mark.parametrize(("address", "caller"), [("127.0.0.1", "address 127.0.0.1"), ("::1", "address ::1")])
def test_requests_and_questions_are_one_number(settings: Settings, address: str, caller: str) -> None:
    settings = settings.model_copy(update={"rate_limit": "3/hour"})
    app = Flask("limited")
    questions = protect(app, settings, connect(settings))
    app.add_url_rule("/api/jobs", "jobs", lambda: "made", methods=["POST"])
    client: FlaskClient = app.test_client()

    def post() -> int:
        return client.post("/api/jobs", environ_base={"REMOTE_ADDR": address}).status_code

    assert post() == 200
    assert questions.spend(caller) is None
    assert questions.spend("key 1a2b3c4d") is None, "another caller"
    assert post() == 200
    error = questions.spend(caller)
    assert error is not None
    assert error.code == "too_many_requests"
    assert error.facts["limit"] == "3/hour"
    assert 3500 < int(str(error.facts["seconds"])) <= 3600
    assert questions.spend("key 1a2b3c4d") is None


def test_without_a_limit_nothing_is_counted(settings: Settings) -> None:
    settings = settings.model_copy(update={"rate_limit": ""})
    questions = protect(Flask("free"), settings, connect(settings))
    assert [questions.spend("address 127.0.0.1") for _ in range(50)] == [None] * 50
