"""``POST /api/v1/avatar/interact``: forms, recordings, and files for the caller alone."""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from scipy.io import wavfile

from lipsync.auth.keys import add_key
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.helpers.conversation import FakeResponder, FakeTranscriber, fake_parts
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of


@pytest.fixture
def transcriber() -> FakeTranscriber:
    return FakeTranscriber()


@pytest.fixture
def responder() -> FakeResponder:
    return FakeResponder()


@pytest.fixture
def app(settings: Settings, service: FakeService, responder: FakeResponder, transcriber: FakeTranscriber) -> Flask:
    return create_app(settings, service, fake_parts(responder, transcriber))


def recording(seconds: float = 1.0, rate: int = 16000) -> io.BytesIO:
    file = io.BytesIO()
    wavfile.write(file, rate, (np.sin(np.arange(int(seconds * rate)) * 0.05) * 8000).astype(np.int16))
    file.seek(0)
    return file


def send(client: FlaskClient, **fields: Any) -> Any:
    return client.post("/api/v1/avatar/interact", data=fields, content_type="multipart/form-data")


def test_a_spoken_question_is_answered_by_files(
    client: FlaskClient, responder: FakeResponder, transcriber: FakeTranscriber
) -> None:
    response = send(client, audio=(recording(), "question.wav"))
    answer = response.get_json()
    assert response.status_code == 200
    assert answer["transcription"] == "What is the capital of France?"
    assert answer["reply_text"] == "I am glad to hear that! The answer is Paris."
    assert transcriber.heard == [(16000, "en")]
    assert responder.asked[0][1] == "What is the capital of France?"
    sound = client.get(answer["audio_url"])
    assert (sound.status_code, sound.mimetype) == (200, "audio/wav")
    with wave.open(io.BytesIO(sound.data)) as file:
        assert file.getnframes() > 24000
    film = client.get(answer["video_url"])
    assert (film.status_code, film.mimetype) == (200, "video/mp4")
    assert film.data[4:8] == b"ftyp"
    assert film.headers["Cache-Control"] == "private, no-store"
    part = client.get(answer["video_url"], headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.data) == (206, b"ftyp")


def test_a_written_question_needs_no_video(client: FlaskClient) -> None:
    answer = send(client, text="Hello <b>there</b>", video="0").get_json()
    assert answer["transcription"] == "Hello there"
    assert answer["video_url"] is None


def test_a_conversation_goes_on(app: Flask, client: FlaskClient, responder: FakeResponder) -> None:
    remembered = parts_of(app).conversations
    id = remembered.create("address 127.0.0.1", "ada").id
    for question in ("Hello", "What did I say?"):
        assert send(client, text=question, conversation=id, video="0").status_code == 200
    answer = "I am glad to hear that! The answer is Paris."
    assert [message.content for message in responder.asked[1][0]] == ["Hello", answer]
    assert [one.text for one in remembered.utterances(id)] == ["Hello", answer, "What did I say?", answer]
    unknown = send(client, text="Hello", conversation="0" * 32)
    assert (unknown.status_code, unknown.get_json()["code"]) == (404, "conversation_unknown")


@pytest.mark.parametrize("rate", [8000, 96000])
def test_recordings_of_other_rates_are_resampled(
    client: FlaskClient, transcriber: FakeTranscriber, rate: int
) -> None:
    assert send(client, audio=(recording(2, rate), "q.wav"), video="0").status_code == 200
    assert transcriber.heard == [(32000, "en")]


def test_another_caller_cannot_fetch_the_files(settings: Settings, service: FakeService) -> None:
    protected = settings.model_copy(update={"require_key": True})
    engine = connect(settings)
    texts = [add_key(engine, name, ("generate",))[1] for name in ("one", "two")]
    engine.dispose()
    one, two = ({"Authorization": f"Bearer {text}"} for text in texts)
    client = client_of(create_app(protected, service, fake_parts()))
    form = {"text": "Hello", "video": "0"}
    kind = "multipart/form-data"
    response = client.post("/api/v1/avatar/interact", data=form, headers=one, content_type=kind)
    url = response.get_json()["audio_url"]
    assert client.get(url, headers=one).status_code == 200
    refused = client.get(url, headers=two)
    assert (refused.status_code, refused.get_json()["code"]) == (410, "answer_gone")
    assert client.get(url).status_code == 401


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 400, "no_question"),
        ({"text": "Hi", "audio": (recording(), "q.wav")}, 400, "no_question"),
        ({"audio": (io.BytesIO(b"no sound at all"), "q.wav")}, 415, "not_a_sound"),
        ({"audio": (recording(61, 4000), "q.wav")}, 413, "sound_too_long"),
        ({"text": "x" * 2001}, 413, "text_too_long"),
        ({"text": "Hi", "video": "perhaps"}, 400, "bad_field"),
        ({"text": "Hi", "other": "x"}, 400, "bad_field"),
        ({"audio": "not a file"}, 400, "bad_field"),
        ({"picture": (io.BytesIO(b"x"), "x.png"), "text": "Hi"}, 400, "bad_field"),
    ],
)
def test_each_wrong_form_has_one_clear_answer(
    client: FlaskClient, fields: dict[str, Any], status: int, code: str
) -> None:
    response = send(client, **{name: _fresh(value) for name, value in fields.items()})
    assert (response.status_code, response.get_json()["code"]) == (status, code)


def _fresh(value: Any) -> Any:
    """A file that was not read and closed by an earlier run."""
    return (io.BytesIO(value[0].getvalue()), value[1]) if isinstance(value, tuple) else value


def test_errors_of_recordings_name_the_field(client: FlaskClient) -> None:
    assert send(client, audio=(io.BytesIO(b"x" * 100), "q.wav")).get_json()["field"] == "audio"


def test_a_recording_that_is_too_large_is_refused(client: FlaskClient, settings: Settings) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="audio"; filename="q.wav"\r\n\r\n'
    body = head + b"\0" * int(settings.max_upload_mb * 1e6 + 200_000) + b"\r\n--x--\r\n"
    response = client.post("/api/v1/avatar/interact", data=body, content_type="multipart/form-data; boundary=x")
    assert (response.status_code, response.get_json()["code"]) == (413, "file_too_large")
    assert response.get_json()["field"] == "audio"


def test_a_recording_without_words_is_not_answered(
    client: FlaskClient, responder: FakeResponder, transcriber: FakeTranscriber
) -> None:
    transcriber.text = " … "
    response = send(client, audio=(recording(), "q.wav"))
    assert (response.status_code, response.get_json()["code"]) == (422, "nothing_heard")
    assert not responder.asked


def test_recognition_that_hangs_has_its_own_answer(
    app: Flask, client: FlaskClient, transcriber: FakeTranscriber
) -> None:
    conversations = parts_of(app).talk
    conversations.limits = type(conversations.limits)(hearing_s=0.05)
    transcriber.gate.clear()
    response = send(client, audio=(recording(), "q.wav"))
    transcriber.gate.set()
    assert (response.status_code, response.get_json()["code"]) == (504, "hearing_slow")
    assert conversations.slots.taken == 0


def test_recordings_are_not_kept(client: FlaskClient, tmp_path: Path) -> None:
    send(client, audio=(recording(), "q.wav"), video="0")
    kept = {path.suffix: path for path in tmp_path.rglob("*") if path.is_file() and "answers" in path.parts}
    assert sorted(kept) == [".json", ".wav"]  # the answer alone
    assert "capital of France" not in kept[".json"].read_text()  # the question
