"""OpenAI's interface, driven by OpenAI's own package against a real server."""

from __future__ import annotations

import base64
import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openai
import pytest
import soundfile
from flask.testing import FlaskClient
from openai import OpenAI
from scipy.io import wavfile

import lipsync.server.routes.openai
from lipsync.audio.decode import read_sound
from lipsync.audio.encode import FORMATS
from lipsync.auth.keys import add_key
from lipsync.errors import LipsyncError
from lipsync.server.app import create_app
from lipsync.server.routes.openai import OPENAI_VOICES, RATE
from lipsync.settings import Settings
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Speech, VoiceInfo
from lipsync.storage.database import connect
from tests.helpers.fake_service import FakeService
from tests.helpers.flask_client import client_of
from tests.helpers.gunicorn_server import serve

pytestmark = pytest.mark.system

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


@pytest.mark.parametrize("name", FORMATS)
def test_a_streaming_response(client: OpenAI, tmp_path: Path, name: str) -> None:
    wish: Any = {"voice": "echo", "input": TEXT, "response_format": name}
    whole = client.audio.speech.create(model="tts-1", **wish).content
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", instructions="Whisper.", **wish
    ) as answer:
        if FORMATS[name].is_streamed:
            assert "Content-Length" not in answer.headers
        else:
            assert answer.headers["Content-Length"] == str(len(whole))
        answer.stream_to_file(tmp_path / "streamed")
    # A page of Ogg has a serial number of its own stream.
    assert len(whole) > 1000
    assert name == "opus" or (tmp_path / "streamed").read_bytes() == whole


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


def test_the_language_is_found_from_the_text(client_of_still: FlaskClient, service: FakeService) -> None:
    for language in ({}, {"language": None}):
        client_of_still.post("/v1/audio/speech", json={"input": "Привет, как дела?", **language})
    client_of_still.post("/v1/audio/speech", json={"input": "Hello", "language": "de"})
    assert [one["language"] for one in service.wishes] == ["auto", "auto", "de"]


def test_models(client: OpenAI) -> None:
    speak = ["lipsync", "tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15"]
    hear = ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe"]
    names = [*speak, *hear]
    assert [one.id for one in client.models.list()] == names
    for name in names:
        assert client.models.retrieve(name).id == name
        assert client.models.retrieve(name).owned_by == "lipsync"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-9")
    assert (caught.value.code, caught.value.param) == ("unknown_model", "model")


@pytest.mark.parametrize(
    ("wish", "code", "param"),
    [
        ({"input": ""}, "empty_text", "input"),
        ({"voice": "nobody"}, "unknown_voice", "voice"),
        ({"voice": {"name": "x"}}, "bad_field", "voice"),
        ({"speed": 5}, "bad_field", "speed"),
        ({"speed": "fast"}, "bad_field", "speed"),
        ({"response_format": "ogg"}, "bad_field", "response_format"),
        ({"stream_format": "rtp"}, "bad_field", "stream_format"),
        ({"extra_body": {"language": "Klingon"}}, "unknown_language", "language"),
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
    assert (caught.value.status_code, caught.value.code, caught.value.param) == (413, "text_too_long", "input")


# ---- what no client sends, against the small service


def test_bodies_that_are_no_json_object(client_of_still: FlaskClient) -> None:
    for body, code in ((b"", "no_body"), (b"{", "bad_json"), (b"[]", "not_an_object"), (b"{}", "empty_text")):
        answer = client_of_still.post("/v1/audio/speech", data=body)
        error = answer.get_json()["error"]
        param = "input" if code == "empty_text" else None
        assert (answer.status_code, error["code"], error["param"]) == (400, code, param)


def test_other_methods_and_addresses_have_the_same_form(client_of_still: FlaskClient) -> None:
    assert client_of_still.get("/v1/audio/speech").get_json()["error"]["code"] == "wrong_method"
    assert client_of_still.get("/v1/nothing").get_json()["error"]["code"] == "not_found"


def test_what_breaks_off_in_the_middle(client_of_still: FlaskClient, service: FakeService) -> None:
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


@pytest.mark.parametrize("name", ["wav", "flac"])
def test_a_whole_file_that_breaks_off_is_an_error(
    client_of_still: FlaskClient, service: FakeService, name: str
) -> None:
    """Nothing has been sent when it is noticed, so it can be told."""

    def breaks(**_: object) -> Iterator[Speech]:
        yield Speech(np.zeros(RATE, np.float32), RATE, voice="v")
        raise LipsyncError("speech_failed")

    service.speak = breaks  # type: ignore[method-assign]
    answer = client_of_still.post("/v1/audio/speech", json={"input": "x", "response_format": name})
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (500, "speech_failed")


# ---- the true length (C28)


@pytest.mark.parametrize("text", ["Hm.", TEXT * 20])
def test_strict_readers_find_the_true_number_of_frames(client: OpenAI, text: str) -> None:
    """Home Assistant's converters and Python programs trust the header of a WAV."""
    wish: Any = {"model": "tts-1", "voice": "alloy", "input": text}
    frames = len(client.audio.speech.create(**wish, response_format="pcm").content) // 2
    answer = client.audio.speech.create(**wish, response_format="wav")
    assert answer.response.headers["Content-Length"] == str(44 + 2 * frames)
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getnframes(), file.getframerate()) == (frames, RATE)
    assert soundfile.info(io.BytesIO(answer.content)).frames == frames
    assert len(wavfile.read(io.BytesIO(answer.content))[1]) == frames
    flac = client.audio.speech.create(**wish, response_format="flac").content
    assert len(soundfile.read(io.BytesIO(flac))[0]) == frames


def test_the_events_of_a_wav_are_a_whole_wav(client_of_still: FlaskClient) -> None:
    wish = {"input": "Hello.", "response_format": "wav", "stream_format": "sse"}
    lines = client_of_still.post("/v1/audio/speech", json=wish).text.split("\n\n")
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line]
    data = b"".join(base64.b64decode(one["audio"]) for one in events[:-1])
    with wave.open(io.BytesIO(data)) as file:
        assert file.getnframes() == (len(data) - 44) // 2


def test_nobody_s_wav_is_not_spoken_to_its_end(
    client_of_still: FlaskClient, service: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = []

    def endless(**_: object) -> Iterator[Speech]:
        for number in range(1000):
            spoken.append(number)
            yield Speech(np.zeros(RATE, np.float32), RATE, voice="v")

    service.speak = endless  # type: ignore[method-assign]
    monkeypatch.setattr(lipsync.server.routes.openai, "has_left", lambda: len(spoken) >= 3)
    answer = client_of_still.post("/v1/audio/speech", json={"input": "x", "response_format": "wav"})
    assert answer.status_code == 400
    assert len(spoken) == 3


# ---- what clients ask (C17). Each request is what the named file sends; the file was read in November 2026.


@pytest.mark.parametrize("base", ["/v1", "/v1/"])  # as people configure it
def test_open_webui(client_of_still: FlaskClient, base: str) -> None:
    """open-webui/open-webui, backend/open_webui/routers/audio.py (at 6adde203, and a later one that falls back to
    /models) and src/lib/apis/audio/index.ts (at 173420e3).

    It asks for the lists without its key, and reads ``id`` and ``name`` of each voice, and ``models``. Speech is
    asked for with the page's {input, voice, model} and what an administrator adds (TTS_OPENAI_PARAMS).
    """
    voices = client_of_still.get(f"{base}/audio/voices").get_json()["voices"]
    names = {one["id"]: one["name"] for one in voices}
    assert list(names)[:2] == ["espeak-male", "espeak-female"]
    assert {"alloy", "echo", "fable", "onyx", "nova", "shimmer"} <= {*names}
    models = client_of_still.get(f"{base}/audio/models").get_json()["models"]
    assert {"tts-1", "tts-1-hd"} <= {one["id"] for one in models}
    assert "whisper-1" not in {one["id"] for one in models}, "it offers these as voices' models"
    for voice in names:
        answer = client_of_still.post(
            f"{base}/audio/speech",
            json={"input": "Hello.", "voice": voice, "model": "tts-1", "speed": 1.2, "custom": {"any": ["thing"]}},
            headers={"Authorization": "Bearer ", "X-OpenWebUI-User-Name": "Ann"},
        )
        assert (answer.status_code, answer.mimetype) == (200, "audio/mpeg"), voice


def test_open_webui_where_a_key_is_needed(settings: Settings) -> None:
    """It sends no key for the lists: those are open, without the voices that people have added."""
    locked = settings.model_copy(update={"require_key": True})
    _, key = add_key(connect(locked), "test", ("generate",))
    service = FakeService(locked)
    service.cloning = SimpleNamespace(voices=lambda: [SimpleNamespace(name="Anna")], problem=None)  # type: ignore[assignment]
    ours = [*EspeakVoice().voices(), VoiceInfo("xtts:Anna", "xtts", ("en",))]
    service.voices = lambda: ours  # type: ignore[method-assign]
    client = client_of(create_app(locked, service))
    names = [one["id"] for one in client.get("/v1/audio/voices").get_json()["voices"]]
    assert names == ["espeak-male", "espeak-female", *OPENAI_VOICES]
    bearer = {"Authorization": f"Bearer {key}"}
    names = [one["id"] for one in client.get("/v1/audio/voices", headers=bearer).get_json()["voices"]]
    assert names == ["espeak-male", "espeak-female", "xtts:Anna", *OPENAI_VOICES]
    assert client.get("/v1/audio/models").status_code == 200
    for path in ("/v1/audio/voices", "/v1/audio/models", "/v1/models"):
        wrong = client.get(path, headers={"Authorization": "Bearer wrong"})
        assert (wrong.status_code, wrong.get_json()["error"]["code"]) == (401, "wrong_key")
    assert client.post("/v1/audio/speech", json={"input": "x"}).status_code == 401


@pytest.mark.parametrize("key", ["Bearer sk-anything", "Bearer undefined", "undefined", None])
def test_librechat(client_of_still: FlaskClient, key: str | None) -> None:
    """danny-avila/LibreChat, api/server/services/Files/Audio/TTSService.js (at 6aa8eff1 and 00b3bc32).

    It posts to a full address with {input, model, voice, backend}, without a format, and pipes what comes as MP3.
    With no key configured the older version sends the word "undefined". Voices are those of its own configuration.
    """
    wish = {"input": "Hello.", "model": "tts-1", "voice": "alloy", "backend": "piper"}
    headers = {} if key is None else {"Authorization": key}
    answer = client_of_still.post("/v1/audio/speech", json=wish, headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "audio/mpeg")
    assert rms(heard(answer.data)) > 0.01


def test_sillytavern(client_of_still: FlaskClient) -> None:
    """SillyTavern/SillyTavern 1.12.6, src/endpoints/openai.js, "custom" speech (at ba6f7b7a): all five fields, and
    "Bearer " where there is no key. public/scripts/extensions/tts/openai-compatible.js has the defaults."""
    for voice in ("alloy", "echo", "fable", "onyx", "nova", "shimmer"):
        wish = {"input": "Hello.", "response_format": "mp3", "voice": voice, "speed": 1, "model": "tts-1"}
        answer = client_of_still.post("/v1/audio/speech", json=wish, headers={"Authorization": "Bearer "})
        assert (answer.status_code, answer.mimetype) == (200, "audio/mpeg")


def test_anythingllm(client: OpenAI) -> None:
    """Mintplex-Labs/anything-llm, server/utils/TextToSpeech/openAiGeneric/index.js (at 58f1bcf3): OpenAI's client."""
    assert rms(heard(client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.").content)) > 0.01


def test_home_assistant(client: OpenAI) -> None:
    """home-assistant/core, homeassistant/components/openai_conversation/tts.py (at 057855a9): streamed, with
    instructions that may be the word "None", and any of its thirteen voices."""
    for voice, name in zip(OPENAI_VOICES, [*FORMATS] * 3, strict=False):
        with client.audio.speech.with_streaming_response.create(
            model="gpt-4o-mini-tts",
            voice=voice,
            input="Hello.",
            instructions="None",
            speed=1.0,
            response_format=name,  # type: ignore[arg-type]
        ) as answer:
            assert len(b"".join(answer.iter_bytes())) > 1000


def test_home_assistant_s_other_integration(client_of_still: FlaskClient) -> None:
    """sfortis/openai_tts, custom_components/openai_tts: api_validation.py (at 133236bc) takes nothing but a 2xx for a
    full stop as acceptance of the key; voice_listing.py (at 25f66648) asks beside the address of speech."""
    probe = {"model": "tts-1", "input": ".", "voice": "alloy", "response_format": "mp3"}
    answer = client_of_still.post("/v1/audio/speech", json=probe, headers={"Authorization": "Bearer sk-x"})
    assert (answer.status_code, answer.mimetype) == (200, "audio/mpeg")
    listing = client_of_still.get("/v1/audio/voices?limit=100").get_json()
    items = listing.get("items") or listing.get("data") or listing.get("voices")
    assert all(one["id"] and one["name"] for one in items)


def test_wyoming_openai(client: OpenAI) -> None:
    """roryeckel/wyoming_openai, src/wyoming_openai/compatibility.py (at 099e57cc) and wav.py (at 0eb42c87): it reads
    ``id`` or ``name`` of each voice through OpenAI's client, and believes the length that a WAV states."""
    listed = client.get("/audio/voices", cast_to=object)
    assert isinstance(listed, dict)
    assert "espeak-male" in [one.get("id") or one.get("name") for one in listed["voices"]]
    sound = client.audio.speech.create(model="tts-1", voice="espeak-male", input=TEXT, response_format="wav").content
    assert int.from_bytes(sound[40:44], "little") == len(sound) - 44


def test_a_client_that_sends_null_for_what_it_does_not_set(client_of_still: FlaskClient) -> None:
    fields = ("model", "voice", "response_format", "speed", "stream_format", "instructions", "language")
    answer = client_of_still.post("/v1/audio/speech", json={"input": "Hello.", **dict.fromkeys(fields)})
    assert (answer.status_code, answer.mimetype) == (200, "audio/mpeg")


def test_markup_of_moods_is_not_spoken(client_of_still: FlaskClient) -> None:
    sounds = [
        client_of_still.post(
            "/v1/audio/speech", json={"input": text, "response_format": "pcm", "language": "en"}
        ).data
        for text in ("Hello there.", "[happy] Hello [sad:0.5] there.")
    ]
    assert sounds[0] == sounds[1] != b""


@pytest.mark.parametrize("text", ["...", "?!", "🙂", "— —", "[happy]"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_text_without_words_is_half_a_second_of_silence(client_of_still: FlaskClient, text: str, name: str) -> None:
    answer = client_of_still.post("/v1/audio/speech", json={"input": text, "response_format": name})
    assert answer.status_code == 200
    sound = np.frombuffer(answer.data, "<i2").astype(np.float32) if name == "pcm" else heard(answer.data)
    assert len(sound) == pytest.approx(RATE / 2, abs=0.1 * RATE)
    assert rms(sound) < 1e-4


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/models/"),
        ("GET", "/v1//models"),
        ("GET", "/v1/models/tts-1/"),
        ("GET", "/v1/audio/voices/"),
        ("GET", "/v1//audio//models//"),
        ("POST", "/v1/audio/speech/"),
        ("POST", "/v1//audio/speech"),
    ],
)
def test_superfluous_slashes_are_no_other_address(client_of_still: FlaskClient, method: str, path: str) -> None:
    body = {"json": {"input": "Hello."}} if method == "POST" else {}
    assert client_of_still.open(path, method=method, **body).status_code == 200


@pytest.mark.parametrize("path", ["/v1/", "/v1", "/v1/nothing/", "/api/voices/", "/api//voices"])
def test_other_addresses_are_as_they_were(client_of_still: FlaskClient, path: str) -> None:
    assert client_of_still.get(path).status_code in (404, 405, 308)


@pytest.mark.parametrize("path", ["/v1/audio/speech", "/v1/audio/voices", "/v1/audio/models", "/v1/models/tts-1"])
def test_a_page_of_a_listed_site_may_ask(settings: Settings, path: str) -> None:
    """OpenAI's client in a browser: what it asks beforehand, with each header that it sends."""
    open_to = settings.model_copy(
        update={"cors_origins": "https://chat.example", "jwks_url": "https://keys.example/"}
    )
    client = client_of(create_app(open_to, FakeService(open_to)))
    method = "POST" if path.endswith("speech") else "GET"
    wanted = "authorization,content-type,openai-organization,openai-project,x-stainless-lang,x-stainless-retry-count"
    answer = client.options(
        path,
        headers={
            "Origin": "https://chat.example",
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": wanted,
        },
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://chat.example"
    assert method in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().replace(" ", "").split(",")
    assert {*wanted.split(",")} <= {*allowed}
    assert method in client.options(path).headers["Allow"]


def test_openai_s_voices() -> None:
    assert set(OPENAI_VOICES.values()) == {"female", "male"}
    assert len(OPENAI_VOICES) == 13


@pytest.fixture
def client_of_still(app: Any) -> FlaskClient:
    return client_of(app)
