"""OpenAI's interface, driven by OpenAI's own package against a real server."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
from flask.testing import FlaskClient
from openai import OpenAI

from lipsync.errors import LipsyncError
from lipsync.media.sound import read_sound
from lipsync.speech.types import Speech
from lipsync.web.openai import OPENAI_VOICES, RATE
from tests.web.conftest import client_of
from tests.web.server import serve
from tests.web.still import StillService

TEXT = "Hello there. How are you?"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    folder = tmp_path_factory.mktemp("openai")
    with (
        serve(folder, LIPSYNC_VOICES="espeak", LIPSYNC_LANGUAGE="en") as server,
        OpenAI(base_url=f"{server.url}v1", api_key="none is needed", max_retries=0) as one,
    ):
        yield one


def heard(data: bytes) -> np.ndarray:
    return read_sound(data, RATE, max_seconds=60)


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples))))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("mp3", "audio/mpeg"),
        ("opus", "audio/ogg"),
        ("aac", "audio/aac"),
        ("flac", "audio/flac"),
        ("wav", "audio/wav"),
    ],
)
def test_every_format(client: OpenAI, name: Any, kind: str) -> None:
    pcm = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format="pcm")
    assert pcm.response.headers["Content-Type"].startswith("audio/pcm")
    wanted = np.frombuffer(pcm.content, "<i2").astype(np.float32) / 32767
    answer = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format=name)
    assert answer.response.headers["Content-Type"].startswith(kind)
    sound = heard(answer.content)
    assert len(sound) == pytest.approx(len(wanted), abs=0.1 * RATE)
    assert rms(sound) == pytest.approx(rms(wanted), rel=0.1)  # LAME makes it a little quieter


def test_mp3_is_what_comes_when_nothing_is_said(client: OpenAI) -> None:
    answer = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
    assert answer.response.headers["Content-Type"] == "audio/mpeg"
    assert rms(heard(answer.content)) > 0.01


def test_a_streaming_response(client: OpenAI, tmp_path: Path) -> None:
    whole = client.audio.speech.create(model="tts-1", voice="echo", input=TEXT, response_format="flac").content
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="echo", input=TEXT, response_format="flac", instructions="Whisper."
    ) as answer:
        assert "Content-Length" not in answer.headers
        answer.stream_to_file(tmp_path / "streamed.flac")
    assert (tmp_path / "streamed.flac").read_bytes() == whole


def test_server_sent_events(client: OpenAI) -> None:
    whole = client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT, response_format="pcm").content
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input=TEXT, response_format="pcm", stream_format="sse"
    ) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        events = [json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line]
    assert [one["type"] for one in events] == ["speech.audio.delta"] * (len(events) - 1) + ["speech.audio.done"]
    assert len(events) > 2  # sentence by sentence
    assert b"".join(base64.b64decode(one["audio"]) for one in events[:-1]) == whole
    assert set(events[-1]["usage"]) == {"input_tokens", "output_tokens", "total_tokens"}


def test_speed(client: OpenAI) -> None:
    def length(**more: Any) -> int:
        answer = client.audio.speech.create(model="x", voice="alloy", input=TEXT, response_format="pcm", **more)
        return len(answer.content)

    assert length(speed=2.0) < 0.75 * length() < 0.75 * 0.75 * length(speed=0.5)


def test_voices_of_either_sex_and_our_own(client: OpenAI) -> None:
    def voice(name: Any, **more: Any) -> str:
        answer = client.audio.speech.create(model="x", voice=name, input=TEXT, **more)
        return str(answer.response.headers["X-Voice"])

    assert voice("nova") == "espeak-female"
    assert voice("onyx") == "espeak-male"
    assert voice("espeak-female") == "espeak-female"
    assert voice({"id": "espeak-female"}) == "espeak-female"
    assert voice("nova", extra_body={"language": "ru"}) == "espeak-female"


def test_the_language_is_found_from_the_text(client_of_still: FlaskClient, service: StillService) -> None:
    for language in ({}, {"language": None}):
        client_of_still.post("/v1/audio/speech", json={"input": "Привет, как дела?", **language})
    client_of_still.post("/v1/audio/speech", json={"input": "Hello", "language": "de"})
    assert [one["language"] for one in service.wishes] == ["auto", "auto", "de"]


def test_models(client: OpenAI) -> None:
    assert [one.id for one in client.models.list()] == ["lipsync"]
    assert client.models.retrieve("lipsync").owned_by == "lipsync"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gpt-9")


@pytest.mark.parametrize(
    ("wish", "code", "param"),
    [
        ({"input": ""}, "empty_text", None),
        ({"input": "?!"}, "nothing_to_say", None),
        ({"voice": "nobody"}, "unknown_voice", None),
        ({"voice": {"name": "x"}}, "bad_field", "voice"),
        ({"speed": 5}, "bad_field", "speed"),
        ({"speed": "fast"}, "bad_field", "speed"),
        ({"response_format": "ogg"}, "bad_field", "response_format"),
        ({"stream_format": "rtp"}, "bad_field", "stream_format"),
        ({"extra_body": {"language": "Klingon"}}, "unknown_language", None),
        ({"input": 5}, "bad_field", "input"),
    ],
)
def test_what_is_wrong_is_said_as_openai_says_it(client: OpenAI, wish: Any, code: str, param: str | None) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.speech.create(**{"model": "tts-1", "voice": "alloy", "input": TEXT, **wish})
    assert (caught.value.code, caught.value.param, caught.value.type) == (code, param, "invalid_request_error")
    body = caught.value.body
    assert isinstance(body, dict)
    assert set(body) == {"message", "type", "param", "code"}
    assert body["message"]


def test_a_text_that_is_too_long(client: OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.audio.speech.create(model="tts-1", voice="alloy", input="a" * 100_000)
    assert (caught.value.status_code, caught.value.code) == (413, "text_too_long")


# ---- what no client sends, against the small service


def test_bodies_that_are_no_json_object(client_of_still: FlaskClient) -> None:
    for body, code in ((b"", "no_body"), (b"{", "bad_json"), (b"[]", "not_an_object"), (b"{}", "empty_text")):
        answer = client_of_still.post("/v1/audio/speech", data=body)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, code)


def test_other_methods_and_addresses_have_the_same_form(client_of_still: FlaskClient) -> None:
    assert client_of_still.get("/v1/audio/speech").get_json()["error"]["code"] == "wrong_method"
    assert client_of_still.get("/v1/nothing").get_json()["error"]["code"] == "not_found"


def test_what_breaks_off_in_the_middle(client_of_still: FlaskClient, service: StillService) -> None:
    def breaks(**_: object) -> Iterator[Speech]:
        yield Speech(np.zeros(RATE, np.float32), RATE, voice="v")
        raise LipsyncError("speech_failed")

    service.speak = breaks  # type: ignore[method-assign]
    wish = {"input": "x", "stream_format": "sse", "response_format": "pcm"}
    events = client_of_still.post("/v1/audio/speech", json=wish).text.split("\n\n")
    last = json.loads(events[-2].removeprefix("data: "))
    assert (last["type"], last["error"]["code"], last["error"]["type"]) == ("error", "speech_failed", "server_error")
    with pytest.raises(LipsyncError):  # as plain sound all that can be done is not to end as if it were whole
        client_of_still.post("/v1/audio/speech", json={"input": "x"})


def test_openai_s_voices() -> None:
    assert set(OPENAI_VOICES.values()) == {"female", "male"}
    assert len(OPENAI_VOICES) == 13


@pytest.fixture
def client_of_still(app: Any) -> FlaskClient:
    return client_of(app)
