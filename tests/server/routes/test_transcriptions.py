"""OpenAI's transcriptions, driven by OpenAI's own package against a real server with tiny weights."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
from flask.testing import FlaskClient
from openai import OpenAI
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from lipsync.audio.resample import Resampler
from lipsync.auth.keys import add_key
from lipsync.errors import LipsyncError
from lipsync.hearing.types import RATE
from lipsync.hearing.whisper import WhisperTranscriber
from lipsync.server.app import create_app
from lipsync.settings import Settings
from lipsync.storage.database import connect
from tests.audio.test_decode import written
from tests.hearing.sounds import noise, silence, spoken
from tests.hearing.tiny_whisper import TEXT, TEXT_WITH_TIMES
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of
from tests.helpers.gunicorn_server import serve
from tests.speech.recordings import wav

PATH = "/v1/audio/transcriptions"
RECORDING = wav(spoken(), RATE)
LONG = wav(np.concatenate([spoken(), silence(4), spoken()]), RATE)
"""Two sentences, which are two pieces."""


@pytest.fixture(scope="module")
def openai_client(tmp_path_factory: pytest.TempPathFactory, tiny_whisper: Path) -> Iterator[OpenAI]:
    folder = tmp_path_factory.mktemp("transcriptions")
    with (
        serve(folder, LIPSYNC_CHECKPOINTS=str(tiny_whisper), LIPSYNC_RATE_LIMIT="") as server,
        OpenAI(base_url=f"{server.url}v1", api_key="none is needed", max_retries=0) as one,
    ):
        yield one


@pytest.fixture
def hearing_client(settings: Settings, tiny_whisper: Path) -> FlaskClient:
    """The application with tiny weights, in this process."""
    hearing = settings.model_copy(update={"checkpoints": tiny_whisper, "max_recording_s": 60.0})
    return client_of(create_app(hearing, FakeService(hearing)))


def post(client: FlaskClient, data: bytes = RECORDING, **fields: Any) -> Any:
    form = {"file": FileStorage(io.BytesIO(data), "talk.wav"), "model": "whisper-1", **fields}
    boundary, body = encode_multipart(form)  # the client itself would leave a temporary file open
    return client.post(PATH, data=body, content_type=f"multipart/form-data; boundary={boundary}")


# ---- OpenAI's client


@pytest.mark.system
class TestOpenAIClient:
    def transcribe(self, client: OpenAI, data: bytes = RECORDING, name: str = "talk.wav", **fields: Any) -> Any:
        return client.audio.transcriptions.create(file=(name, data), model="whisper-1", **fields)

    def test_json(self, openai_client: OpenAI) -> None:
        answer = self.transcribe(openai_client)
        assert answer.text == TEXT
        assert (answer.usage.type, answer.usage.seconds) == ("duration", int(np.ceil(len(spoken()) / RATE)))

    @pytest.mark.parametrize(("name", "container"), [("a.webm", "webm"), ("a.ogg", "ogg"), ("a.wav", "webm")])
    def test_other_recordings(self, openai_client: OpenAI, name: str, container: str) -> None:
        resampler = Resampler(RATE, 48_000)
        sound = np.concatenate([resampler.add(spoken()), resampler.finish()])
        data = written(sound, container, "libopus", 48_000)
        assert self.transcribe(openai_client, data, name).text == TEXT

    def test_text(self, openai_client: OpenAI) -> None:
        assert self.transcribe(openai_client, response_format="text") == f"{TEXT}\n"

    def test_verbose_json(self, openai_client: OpenAI) -> None:
        answer = self.transcribe(
            openai_client,
            LONG,
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
            language="en",
            prompt="A talk.",
            temperature=0.2,
        )
        assert answer.text == f"{TEXT_WITH_TIMES} {TEXT_WITH_TIMES}"
        assert answer.language == "english"
        assert answer.duration == pytest.approx(2 * len(spoken()) / RATE + 4, abs=0.01)
        assert [segment.id for segment in answer.segments] == [0, 1]
        assert [word.word for word in answer.words] == 2 * TEXT_WITH_TIMES.split()
        times = [time for segment in answer.segments for time in (segment.start, segment.end)]
        assert times == sorted(times)
        assert answer.words[2].start == pytest.approx(answer.segments[1].start, abs=0.01)

    def test_segments_alone_are_what_comes_when_nothing_is_said(self, openai_client: OpenAI) -> None:
        answer = self.transcribe(openai_client, response_format="verbose_json")
        assert (len(answer.segments), answer.words, answer.language) == (1, None, "ukrainian")
        words = self.transcribe(openai_client, response_format="verbose_json", timestamp_granularities=["word"])
        assert (words.segments, len(words.words)) == (None, 2)

    def test_subtitles(self, openai_client: OpenAI) -> None:
        srt = self.transcribe(openai_client, LONG, response_format="srt")
        blocks = srt.strip().split("\n\n")
        assert [block.split("\n")[0] for block in blocks] == ["1", "2"]
        assert blocks[0].split("\n")[2] == TEXT_WITH_TIMES
        assert " --> 00:00:0" in blocks[0]
        vtt = self.transcribe(openai_client, response_format="vtt")
        assert vtt.startswith("WEBVTT\n\n")

    def test_stream(self, openai_client: OpenAI) -> None:
        events = list(self.transcribe(openai_client, LONG, stream=True))
        assert [event.type for event in events] == 2 * ["transcript.text.delta"] + ["transcript.text.done"]
        assert [event.delta for event in events[:2]] == [TEXT, f" {TEXT}"]
        assert events[2].text == "".join(event.delta for event in events[:2])

    def test_errors(self, openai_client: OpenAI) -> None:
        with pytest.raises(openai.APIStatusError) as caught:
            self.transcribe(openai_client, b"no sound")
        assert (caught.value.status_code, caught.value.code) == (415, "not_a_sound")
        with pytest.raises(openai.BadRequestError) as bad:
            self.transcribe(openai_client, language="tlh")
        assert bad.value.code == "unknown_language"


# ---- in this process


@pytest.mark.parametrize("sound", [silence(2), noise(2)], ids=["silence", "noise"])
def test_without_a_voice_the_text_is_empty(hearing_client: FlaskClient, sound: np.ndarray) -> None:
    data = wav(sound, RATE)
    assert post(hearing_client, data).get_json()["text"] == ""
    assert post(hearing_client, data, response_format="srt").text == ""
    verbose = post(hearing_client, data, response_format="verbose_json", language="ru").get_json()
    assert (verbose["segments"], verbose["language"]) == ([], "russian")
    events = post(hearing_client, data, stream="true").text.strip().split("\n\n")
    assert [json.loads(event.removeprefix("data: "))["type"] for event in events] == ["transcript.text.done"]


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"response_format": "docx"}, 400, "bad_field", "response_format"),
        ({"temperature": "warm"}, 400, "bad_field", "temperature"),
        ({"timestamp_granularities[]": "letter"}, 400, "bad_field", "timestamp_granularities[]"),
        ({"stream": "true", "response_format": "srt"}, 400, "bad_field", "stream"),
        ({"stream": "perhaps"}, 400, "bad_field", "stream"),
        ({"language": "xx"}, 400, "unknown_language", "language"),
    ],
)
def test_wrong_fields(
    hearing_client: FlaskClient, fields: dict[str, str], status: int, code: str, param: str
) -> None:
    answer = post(hearing_client, **fields)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert error["message"]


def test_empty_and_unknown_fields_are_ignored(hearing_client: FlaskClient) -> None:
    fields = {"language": "", "temperature": "", "chunking_strategy": "auto", "include[]": "logprobs", "stream": "0"}
    assert post(hearing_client, **fields).get_json()["text"] == TEXT


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 415, "not_a_sound"),
        (RECORDING[:40], 400, "broken_sound"),
        (wav(silence(61), RATE), 413, "sound_too_long"),
    ],
)
def test_wrong_files(hearing_client: FlaskClient, data: bytes, status: int, code: str) -> None:
    answer = post(hearing_client, data)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, "file")


def test_wrong_forms(hearing_client: FlaskClient) -> None:
    two = {"file": [(io.BytesIO(RECORDING), "a.wav"), (io.BytesIO(RECORDING), "b.wav")]}
    for answer, code in (
        (hearing_client.post(PATH, data={"model": "whisper-1"}, content_type="multipart/form-data"), "bad_field"),
        (hearing_client.post(PATH, data=two), "bad_field"),
        (hearing_client.post(PATH, json={"model": "whisper-1"}), "wrong_type"),
        (hearing_client.post(PATH, data=b"x", content_type="audio/wav"), "wrong_type"),
    ):
        assert answer.get_json()["error"]["code"] == code


def test_60_mb_are_refused_with_one_sentence(hearing_client: FlaskClient) -> None:
    answer = post(hearing_client, bytes(60_000_000))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (413, "file_too_large")
    assert "20 MB" in answer.get_json()["error"]["message"]


def test_without_weights_it_says_what_to_fetch(settings: Settings, tmp_path: Path) -> None:
    bare = settings.model_copy(update={"checkpoints": tmp_path})
    for data in (RECORDING, wav(silence(1), RATE)):
        answer = post(client_of(create_app(bare, FakeService(bare))), data)
        assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "hearing_no_weights")
        assert "lipsync models fetch whisper-base" in answer.get_json()["error"]["message"]
        assert answer.headers["Retry-After"]


def test_an_error_after_the_first_piece_is_an_event(
    hearing_client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = WhisperTranscriber.stream

    def broken(self: WhisperTranscriber, *values: Any, **options: Any) -> Iterator[Any]:
        yield next(stream(self, *values, **options))
        raise LipsyncError("hearing_failed", reason="RuntimeError")

    monkeypatch.setattr(WhisperTranscriber, "stream", broken)
    events = post(hearing_client, LONG, stream="true").text.strip().split("\n\n")
    last = json.loads(events[-1].removeprefix("data: "))
    assert (len(events), last["type"], last["error"]["code"]) == (2, "error", "hearing_failed")
    assert post(hearing_client, LONG).status_code == 500


def test_the_rate_limit_is_that_of_speech(settings: Settings, tiny_whisper: Path) -> None:
    few = settings.model_copy(update={"checkpoints": tiny_whisper, "rate_limit": "2/minute"})
    client = client_of(create_app(few, FakeService(few)))
    assert client.post("/v1/audio/speech", json={"input": "Hello.", "language": "en"}).status_code == 200
    assert [post(client).status_code for _ in range(2)] == [200, 429]


def test_a_key_is_needed_where_one_is_required(settings: Settings) -> None:
    locked = settings.model_copy(update={"require_key": True})
    add_key(connect(locked), "test", ("generate",))
    answer = post(client_of(create_app(locked, FakeService(locked))))
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (401, "no_key")


def test_what_was_said_is_not_logged_nor_stored(
    hearing_client: FlaskClient, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        assert post(hearing_client, prompt="Cucumber").get_json()["text"] == TEXT
    assert "Hello world" not in caplog.text
    assert "Cucumber" not in caplog.text
    folders = (settings.outputs, settings.state, settings.cache)
    stored = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in stored if spoken().size < path.stat().st_size and "sqlite" not in path.name]
