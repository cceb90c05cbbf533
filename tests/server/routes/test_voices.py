"""Voices that people add: the API on the tiny XTTS, from the recording to a video in that voice."""

from __future__ import annotations

import io
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lipsync.pipeline.service import LipsyncService
from lipsync.server.app import create_app
from lipsync.settings import Settings
from tests.helpers.flask_client import client_of
from tests.speech.recordings import spoken, wav


@pytest.fixture(scope="module")
def xtts_service(tiny_xtts: Path, tmp_path_factory: pytest.TempPathFactory) -> LipsyncService:
    """The real service with the tiny XTTS, loaded once."""
    folder = tmp_path_factory.mktemp("voices")
    settings = Settings(
        _env_file=None,
        outputs=folder / "outputs",
        cache=folder / "cache",
        cloned_voices=folder / "voices",
        checkpoints=tiny_xtts,
        voices="xtts,espeak",
        warm_up=False,
        language="en",
    )
    service = LipsyncService(settings)
    service.load()
    return service


@pytest.fixture
def xtts_client(xtts_service: LipsyncService) -> FlaskClient:
    return client_of(create_app(xtts_service.settings, xtts_service))


def add(client: FlaskClient, name: str | None, *files: bytes, **fields: str) -> TestResponse:
    form: dict[str, object] = {"may_use": "yes", **fields}
    if name is not None:
        form["name"] = name
    form["sound"] = [(io.BytesIO(data), f"{number}.wav") for number, data in enumerate(files)]
    return client.post("/api/voices", data=form, content_type="multipart/form-data")


def test_a_voice_is_added_speaks_and_is_deleted(xtts_client: FlaskClient) -> None:
    speech = spoken()
    half = len(speech) // 2
    added = add(xtts_client, "Анна К", wav(speech[:half]), wav(speech[half:]))
    assert added.status_code == 201, added.text
    facts = added.get_json()
    assert (facts["name"], facts["voice"]) == ("Анна К", "xtts:Анна К")
    assert 6 < facts["seconds"] < 11

    said = xtts_client.get("/api/voices").get_json()
    assert said["cloning"] is None
    assert said["added"] == [facts]
    assert "xtts:Анна К" in [voice["name"] for voice in said["voices"]]

    videos = []
    for voice in ("xtts:Анна К", "Анна К", "xtts:Andrew Chipper"):
        made = xtts_client.post("/api/generate", json={"text": "Hello.", "language": "en", "voice": voice})
        assert made.status_code == 200, made.text
        assert made.headers["X-Voice"] == quote(voice if ":" in voice else f"xtts:{voice}", safe=":")
        assert "X-Voice-Fallbacks" not in made.headers
        videos.append(made.data)
    assert videos[0] == videos[1] != videos[2]

    assert add(xtts_client, "анна к", wav(speech)).get_json()["code"] == "voice_exists"
    gone = xtts_client.delete(f"/api/voices/{quote('анна К')}")
    assert (gone.status_code, gone.get_json()) == (200, {"deleted": "анна К"})
    assert xtts_client.get("/api/voices").get_json()["added"] == []
    assert xtts_client.delete("/api/voices/nobody").status_code == 404
    refused = xtts_client.post("/api/generate", json={"text": "Hello.", "voice": "xtts:Анна К"})
    assert refused.get_json()["code"] == "unknown_voice"


@pytest.mark.parametrize("no", ["", "no", "false", "0"])
def test_nothing_is_kept_without_the_confirmation(
    xtts_client: FlaskClient, xtts_service: LipsyncService, no: str
) -> None:
    refused = add(xtts_client, "Eve", wav(spoken()), may_use=no)
    assert (refused.status_code, refused.get_json()["code"]) == (400, "not_confirmed")
    assert xtts_service.cloning.voices() == []


def test_wrong_forms(xtts_client: FlaskClient, xtts_service: LipsyncService) -> None:
    speech = wav(spoken())
    for answer, status, code in (
        (add(xtts_client, "../../x", speech), 400, "voice_name"),
        (add(xtts_client, None, speech), 400, "voice_name"),
        (add(xtts_client, "Eve"), 400, "bad_field"),
        (add(xtts_client, "Eve", *[b""] * 21), 400, "bad_field"),
        (add(xtts_client, "Eve", speech, path="/etc/passwd"), 400, "bad_field"),
        (add(xtts_client, "Eve", b"<html>"), 415, "not_a_sound"),
        (add(xtts_client, "Eve", speech[:60]), 422, "sample_too_short"),
        (add(xtts_client, "Eve", wav(np.zeros(10 * 22050, np.float32))), 422, "no_speech"),
        (add(xtts_client, "Eve", wav(spoken()[: 4 * 22050])), 422, "sample_too_short"),
        (xtts_client.post("/api/voices", json={"name": "Eve"}), 415, "wrong_type"),
    ):
        assert answer.get_json()["code"] == code
        assert answer.status_code == status
    assert xtts_service.cloning.voices() == []


def test_without_xtts_it_says_why(client: FlaskClient) -> None:
    said = client.get("/api/voices").get_json()
    assert "cannot be added" in said["cloning"]
    refused = add(client, "Eve", wav(spoken()))
    assert (refused.status_code, refused.get_json()["code"]) == (400, "no_cloning")
