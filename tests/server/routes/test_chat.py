"""``POST /api/v1/chat``, at once and as events, with a fake responder and a real voice."""

from __future__ import annotations

import base64
import io
import json
import wave
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lipsync.conversation.responder import Speaker
from lipsync.server.app import create_app
from lipsync.server.components import parts_of
from lipsync.settings import Settings
from tests.helpers.conversation import FakeModel, FakeResponder, fake_parts
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of


@pytest.fixture
def responder() -> FakeResponder:
    return FakeResponder()


@pytest.fixture
def app(settings: Settings, service: FakeService, responder: FakeResponder) -> Flask:
    return create_app(settings, service, fake_parts(responder))


def ask(client: FlaskClient, message: Any = "Hello", **more: Any) -> Any:
    return client.post("/api/v1/chat", json={"message": message, **more})


def events(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data: ")) for line in data.decode().split("\n\n") if line]


def samples(segment: dict[str, Any]) -> bytes:
    with wave.open(io.BytesIO(base64.b64decode(segment["data"]))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24000, 1, 2)
        return bytes(file.readframes(file.getnframes()))


def test_the_answer_has_the_fields_of_the_specification(client: FlaskClient) -> None:
    response = ask(client)
    answer = response.get_json()
    assert response.status_code == 200
    assert answer.keys() == {"full_text", "audio", "blendshapes", "motion", "processing_time"}
    assert answer["full_text"] == "I am glad to hear that! The answer is Paris."
    assert answer["audio"].keys() == {"data", "sample_rate", "format", "duration"}
    seconds = len(samples(answer["audio"])) / 2 / 24000
    assert answer["audio"]["duration"] == pytest.approx(seconds, abs=1e-4)
    assert answer["blendshapes"]["fps"] == 30
    assert len(answer["blendshapes"]["frames"]) == pytest.approx(seconds * 30, abs=1)
    times = [keyframe["timestamp"] for keyframe in answer["motion"]["keyframes"]]
    assert times == sorted(set(times))
    assert "X-Degraded" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


class SlowResponder(FakeResponder):
    """A persona with a filler, whose model is late."""

    def speaker(self, persona: str | None) -> Speaker:
        return replace(super().speaker(persona), fillers=("Let me see.",))


def test_a_late_answer_is_bridged_where_it_is_played_while_it_is_made(
    settings: Settings, service: FakeService
) -> None:
    app = create_app(settings, service, fake_parts(SlowResponder(FakeModel("It is Paris.", delay_s=0.5))))
    client, talk = client_of(app), parts_of(app).talk
    talk.limits = replace(talk.limits, filler_s=0.01)
    *_, done = streamed = events(client.post("/api/v1/chat?stream=1", json={"message": "Hello"}).data)
    texts = [message["text"] for message in streamed if message["type"] == "sentence"]
    assert (texts, done["full_text"]) == (["Let me see.", "It is Paris."], "It is Paris.")
    assert ask(client).get_json()["full_text"] == "It is Paris."
    whole = samples(ask(client).get_json()["audio"])
    sound = [message["audio_chunk"] for message in streamed if "audio_chunk" in message]
    assert len(whole) < sum(len(base64.b64decode(chunk)) for chunk in sound), "at once it has no filler"


def test_the_history_reaches_the_responder(client: FlaskClient, responder: FakeResponder) -> None:
    history = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
    ]
    assert ask(client, "How are you?", conversation_history=history).status_code == 200
    ((messages, question),) = responder.asked
    assert [(message.role, message.content) for message in messages] == [("user", "Hi"), ("assistant", "Hello.")]
    assert question == "How are you?"


def test_html_and_scripts_are_removed(client: FlaskClient, responder: FakeResponder) -> None:
    ask(client, "<p>Is 2 &lt; 3?</p><script>alert('x')</script>")
    assert responder.asked[0][1] == "Is 2 < 3?"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"message": "x" * 2001}, 413, "text_too_long"),
        ({"message": ""}, 400, "empty_text"),
        ({"message": "<script>x</script>"}, 400, "nothing_to_say"),
        ({"message": "a\u0000b"}, 400, "bad_characters"),
        ({"message": "\ud800"}, 400, "bad_characters"),
        ({}, 400, "empty_text"),
        ({"message": 5}, 400, "bad_field"),
        ({"message": "Hi", "persona": "../etc"}, 400, "bad_field"),
        ({"message": "Hi", "more": 1}, 400, "bad_field"),
        ({"message": "Hi", "conversation_history": "no"}, 400, "bad_field"),
        ({"message": "Hi", "conversation_history": [{"role": "root", "content": "x"}]}, 400, "bad_field"),
        ({"message": "Hi", "conversation_history": [{"role": "user", "content": "\ud800"}]}, 400, "bad_field"),
        ({"message": "Hi", "conversation_history": [{"role": "user", "content": "x" * 64_001}]}, 400, "bad_field"),
        ({"message": "Hi", "conversation_history": [{"role": "user", "content": "x"}] * 101}, 400, "bad_field"),
    ],
)
def test_each_wrong_field_has_one_clear_answer(
    client: FlaskClient, responder: FakeResponder, fields: dict[str, Any], status: int, code: str
) -> None:
    response = client.post("/api/v1/chat", data=json.dumps(fields), content_type="application/json")
    assert (response.status_code, response.get_json()["code"]) == (status, code)
    assert not responder.asked


def test_errors_are_in_the_callers_language(client: FlaskClient) -> None:
    response = client.post("/api/v1/chat", json={"message": ""}, headers={"Accept-Language": "uk"})
    assert response.get_json()["error"].startswith("Текст порожній")


def test_what_failed_is_named_in_a_header(client: FlaskClient, responder: FakeResponder) -> None:
    responder.model = FakeModel(error=RuntimeError("gone"))
    response = ask(client)
    assert response.headers["X-Degraded"] == "llm"
    assert response.get_json()["full_text"].startswith("I am sorry")


def test_events_are_the_messages_of_the_stream(client: FlaskClient) -> None:
    response = client.post("/api/v1/chat?stream=1", json={"message": "Hello"})
    assert response.mimetype == "text/event-stream"
    messages = events(response.data)
    frames = [message for message in messages if message["type"] == "frame"]
    end = messages[-1]
    assert end["type"] == "done"
    assert end["full_text"] == "I am glad to hear that! The answer is Paris."
    assert end["degraded"] == []
    assert "".join(f"{frame['text_chunk']} " for frame in frames if "text_chunk" in frame).strip() == end["full_text"]
    sound = b"".join(base64.b64decode(frame["audio_chunk"]) for frame in frames if "audio_chunk" in frame)
    assert len(sound) / 2 / 24000 == pytest.approx(end["total_duration"], abs=0.01)
    weights = [frame["timestamp"] for frame in frames if "blendshapes" in frame]
    assert weights == pytest.approx([number / 30 for number in range(len(weights))], abs=1e-3)
    assert any("motion" in frame for frame in frames)
    sentences = [message for message in messages if message["type"] == "sentence"]
    assert [sentence["emotion"] for sentence in sentences] == ["happy", "neutral"]
    assert [word[0] for word in sentences[1]["words"]] == ["The", "answer", "is", "Paris."]


def test_sound_of_the_stream_is_that_of_the_whole_answer(client: FlaskClient) -> None:
    whole = samples(ask(client).get_json()["audio"])
    messages = events(client.post("/api/v1/chat?stream=1", json={"message": "Hello"}).data)
    pieces = [base64.b64decode(m["audio_chunk"]) for m in messages if "audio_chunk" in m]
    assert b"".join(pieces) == whole


def test_more_talks_than_allowed_are_refused(app: Flask, client: FlaskClient, settings: Settings) -> None:
    slots = parts_of(app).talk.slots
    for _ in range(settings.talks):
        slots.acquire()
    for path in ("/api/v1/chat", "/api/v1/chat?stream=1"):
        response = client.post(path, json={"message": "Hello"})
        assert (response.status_code, response.get_json()["code"]) == (503, "too_many_talks")
        assert response.headers["Retry-After"] == "10"
    slots.release()
    assert client.post("/api/v1/chat?stream=1", json={"message": "Hello"}).status_code == 200
    assert slots.taken == settings.talks - 1


def test_a_reader_that_leaves_a_stream_gives_its_place_back(app: Flask, responder: FakeResponder) -> None:
    responder.model = FakeModel("One sentence. ", *["And another one. "] * 100, delay_s=0.01)
    slots = parts_of(app).talk.slots
    response = app.test_client().post("/api/v1/chat?stream=1", json={"message": "Hello"}, buffered=False)
    assert next(iter(response.response))
    assert slots.taken == 1
    response.close()
    assert slots.taken == 0
    assert responder.model.is_closed


def test_a_caller_has_ten_requests_a_minute(settings: Settings, service: FakeService) -> None:
    limited = settings.model_copy(update={"rate_limit": "10/minute"})
    client = client_of(create_app(limited, service, fake_parts(FakeResponder(FakeModel("Yes.")))))
    codes = [client.post("/api/v1/chat", json={"message": ""}).status_code for _ in range(11)]
    assert codes == [400] * 10 + [429]


def test_neither_question_nor_answer_is_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    ask(client, "My secret is platypus")
    assert "platypus" not in caplog.text
    assert "Paris" not in caplog.text


def test_while_the_service_loads_the_answer_is_not_ready(settings: Settings) -> None:
    app = create_app(settings, FakeService(settings, loaded=False), fake_parts())
    response = ask(client_of(app))
    assert (response.status_code, response.get_json()["code"]) == (503, "not_ready")
