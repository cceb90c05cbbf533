"""The remote voice against a real server that behaves well, and then in every bad way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from pydantic import SecretStr

from lipsync.errors import LipsyncError
from lipsync.runtime.circuit_breaker import MAX_FAILURES, OPEN_S
from lipsync.settings import Settings
from lipsync.speech.engines.remote import RATE, RemoteVoice, remote_voice
from tests.helpers.http_server import (
    HttpServer,
    ReceivedRequest,
    hang_up,
    http_server,
    never_respond,
    redirect,
    respond,
    respond_slowly,
)
from tests.speech.engines import remote_server as server

TEXT = "Hello, this is a voice from far away."
KEY = "sk-never-to-be-seen"


@pytest.fixture
def remote() -> Iterator[HttpServer]:
    with http_server() as one:
        yield one


class Clock:
    """Time that passes only when somebody sleeps, or when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def voice_of(remote: HttpServer | str, clock: Clock | None = None, **more: Any) -> RemoteVoice:
    url = remote if isinstance(remote, str) else remote.url("/speak")
    settings = Settings(_env_file=None, **{"remote_url": url, "remote_allow_private": True, **more})
    if clock is None:
        return remote_voice(settings, sleep=lambda _: None)
    return remote_voice(settings, clock=clock, sleep=clock.sleep)


def failure(voice: RemoteVoice, text: str = TEXT) -> LipsyncError:
    with pytest.raises(LipsyncError) as caught:
        list(voice.speak(text, "en"))
    assert KEY not in str(caught.value)
    return caught.value


# ---- what is asked, and what comes back


def test_the_house_s_form(remote: HttpServer) -> None:
    remote.behave(server.speaks)
    voice = voice_of(remote, remote_key=SecretStr(KEY))
    pieces = list(voice.speak(f"{TEXT} {TEXT}", "en"))
    assert [one.text for one in pieces] == [TEXT, TEXT]
    assert {(one.rate, one.language, one.voice, one.phones) for one in pieces} == {(RATE, "en", "remote", ())}
    assert [one.json() for one in remote.requests] == [{"text": TEXT, "lang": "en"}] * 2
    assert remote.requests[0].headers["x-api-key"] == KEY
    sound, wanted = pieces[0].samples, server.spoken(TEXT)
    assert abs(len(sound) - len(wanted)) < 0.2 * RATE
    assert np.sqrt(np.mean(sound**2)) == pytest.approx(np.sqrt(np.mean(wanted**2)), rel=0.1)


def test_openai_s_form(remote: HttpServer) -> None:
    remote.behave(server.speaks)
    form = {"remote_api": "openai", "remote_voice": "nova", "remote_model": "tts-2", "remote_key": SecretStr(KEY)}
    voice = voice_of(f"http://127.0.0.1:{remote.port}/v1", **form)
    assert sum(one.duration for one in voice.speak(TEXT, "en")) > 1
    (asked,) = remote.requests
    assert asked.path == "/v1/audio/speech"
    assert asked.json() == {"model": "tts-2", "input": TEXT, "voice": "nova", "response_format": "mp3"}
    assert asked.headers["authorization"] == f"Bearer {KEY}"


def test_a_header_of_one_s_own(remote: HttpServer) -> None:
    remote.behave(server.speaks)
    list(voice_of(remote, remote_key=SecretStr(KEY), remote_key_header="X-Token").speak(TEXT, "en"))
    assert remote.requests[0].headers["x-token"] == KEY
    assert "x-api-key" not in remote.requests[0].headers


def test_other_sound_than_mp3_is_understood(remote: HttpServer) -> None:
    remote.behave(respond(body=server.wav(server.spoken(TEXT))))
    assert [one.text for one in voice_of(remote).speak(TEXT, "en")] == [TEXT]


STREAMING = [
    (0xFFFFFFFF, 0xFFFFFFFF),  # FFmpeg, OpenAI
    (0x7FFFFFFF, 0x7FFFFFFF),
    (0x7FFFFFFF, 0x7FFFFFFF - 36),
    (0x80000023, 0x7FFFFFFF),  # SoX
    (0x7FFFFFFF + 36, 0x7FFFFFFF),
    (2_000_000_036, 2_000_000_000),
    (0, 0),
    (36, 0),  # Python's wave, where it cannot go back
    (0xFFFFFFFF, 0),
    (0xFFFFFFFF, None),  # the length of the samples is true
    (None, 0xFFFFFFFF),
]
"""What streaming servers state as the length of the file and of the samples; None is the true one."""


@pytest.mark.parametrize(("riff", "data"), STREAMING)
@pytest.mark.parametrize("chunked", [False, True])
def test_a_wav_that_leaves_its_length_open(
    remote: HttpServer, riff: int | None, data: int | None, chunked: bool
) -> None:
    body = server.wav(server.spoken(TEXT), riff, data)
    remote.behave(server.answers_in_chunks(body) if chunked else respond(body=body))
    (said,) = voice_of(remote).speak(TEXT, "en")
    assert said.text == TEXT
    assert said.duration == pytest.approx(len(server.spoken(TEXT)) / RATE, abs=0.01)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.97])
def test_a_wav_that_ends_before_its_length(remote: HttpServer, chunked: bool, share: float) -> None:
    whole = server.wav(server.spoken(TEXT), riff=0xFFFFFFFF)  # only the length of the samples is told
    body = whole[: max(30, round(len(whole) * share))]
    remote.behave(server.answers_in_chunks(body) if chunked else respond(body=body))
    error = failure(voice_of(remote))
    assert error.code == "remote_not_sound"
    assert "a truncated recording" in str(error)


def test_an_open_wav_whose_answer_breaks_off(remote: HttpServer) -> None:
    body = server.wav(server.spoken(TEXT), *STREAMING[0])
    for behaviour in (
        respond(body=body[: len(body) // 2], Content_Length=str(len(body))),
        server.answers_in_chunks(body, whole=False),
    ):
        remote.behave(behaviour)
        assert failure(voice_of(remote)).code == "remote_unreachable"


def test_an_open_wav_over_a_connection_that_does_not_say_where_it_ends(remote: HttpServer) -> None:
    speech = server.spoken(TEXT)
    remote.behave(server.answers_until_it_hangs_up(server.wav(speech, *STREAMING[0])))
    error = failure(voice_of(remote))
    assert error.code == "remote_not_sound"
    assert "unknown length" in str(error)
    remote.behave(server.answers_until_it_hangs_up(server.wav(speech)))  # its own header says that it is whole
    assert [one.text for one in voice_of(remote).speak(TEXT, "en")] == [TEXT]


def test_languages() -> None:
    voice = voice_of("https://voice.example/", remote_languages="ru, de")
    assert voice.speaks("ru")
    assert voice.speaks("de", "remote")
    assert not voice.speaks("en")
    assert not voice.speaks("ru", "espeak-male")
    assert voice.voices()[0].languages == ("ru", "de")
    with pytest.raises(LipsyncError, match="ru, de"):
        voice.speak(TEXT, "en")
    with pytest.raises(LipsyncError, match="nova"):
        voice.speak(TEXT, "ru", "nova")


def test_the_fingerprint_covers_the_request_but_not_the_key() -> None:
    def print_of(**more: Any) -> str:
        return voice_of("https://voice.example/v1", remote_api="openai", **more).fingerprint("en")

    assert print_of() == print_of(remote_key=SecretStr(KEY))
    assert len({print_of(), print_of(remote_voice="echo"), print_of(remote_model="tts-1-hd")}) == 3


def test_without_a_url_the_engine_is_unavailable() -> None:
    with pytest.raises(LipsyncError, match="LIPSYNC_REMOTE_URL"):
        remote_voice(Settings(_env_file=None))


@pytest.mark.parametrize(
    "address", ["voice.example", "ftp://voice.example/", "https://", "https://me:pw@voice.example"]
)
def test_an_invalid_url_is_reported_at_once(address: str) -> None:
    with pytest.raises(LipsyncError) as caught:
        voice_of(address)
    assert caught.value.code == "remote_address"


# ---- bad behaviour


@pytest.mark.parametrize("status", [500, 503])
def test_a_500_is_asked_twice_more(remote: HttpServer, status: int) -> None:
    clock = Clock()
    remote.behave(respond(status))
    error = failure(voice_of(remote, clock))
    assert (error.code, error.facts["status"]) == ("remote_refused", status)
    assert len(remote.requests) == 3
    assert clock.slept == [0.3, 0.9]


def test_transient_failures_are_retried(remote: HttpServer) -> None:
    remote.behave(respond(502), hang_up, server.speaks)
    assert [one.text for one in voice_of(remote).speak(TEXT, "en")] == [TEXT]
    assert len(remote.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_a_refusal_is_not_asked_again(remote: HttpServer, status: int) -> None:
    remote.behave(respond(status, body=f"wrong key {KEY}".encode()))
    assert failure(voice_of(remote)).facts["status"] == status
    assert len(remote.requests) == 1


def test_a_broken_connection(remote: HttpServer) -> None:
    remote.behave(hang_up)
    assert failure(voice_of(remote)).code == "remote_unreachable"
    assert len(remote.requests) == 3


def test_connection_refused() -> None:
    with http_server() as gone:
        pass
    assert failure(voice_of(gone)).code == "remote_unreachable"


def test_no_response(remote: HttpServer) -> None:
    remote.behave(never_respond(remote))
    assert failure(voice_of(remote, remote_timeout_s=0.3)).code == "remote_slow"
    assert len(remote.requests) == 1  # to wait three times would be three times as long


def test_an_answer_that_drips_in(remote: HttpServer) -> None:
    remote.behave(respond_slowly(remote))
    assert failure(voice_of(remote, remote_timeout_s=0.4)).code == "remote_slow"


def page(_: bytes) -> bytes:
    return b"\n<!doctype html><title>Sign in</title>" + b" " * 5000


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (page, "a page of text"),
        (lambda _: b'{"error": "no credit"}', "a page of text"),
        (lambda _: b"", "something that is not sound"),
        (lambda _: bytes(range(256)) * 40, "something that is not sound"),
        (lambda sound: sound[: len(sound) // 8], "far less sound than the text needs"),
        (lambda _: server.mp3(np.zeros(3 * RATE, np.float32)), "silence"),
    ],
)
def test_responses_that_are_not_speech(remote: HttpServer, damage: Callable[[bytes], bytes], what: str) -> None:
    remote.behave(respond(body=damage(server.mp3(server.spoken(TEXT)))))
    error = failure(voice_of(remote))
    assert error.code == "remote_not_sound"
    assert what in str(error)
    assert len(remote.requests) == 1


def test_half_an_mp3_whose_rest_never_comes(remote: HttpServer) -> None:
    remote.behave(server.speaks_half)
    assert failure(voice_of(remote)).code == "remote_unreachable"
    assert len(remote.requests) == 3


def test_half_an_mp3_that_says_so_only_in_its_own_header(remote: HttpServer, tmp_path: Path) -> None:
    whole = mp3_file(tmp_path / "whole.mp3")
    remote.behave(respond(body=whole))
    assert [one.text for one in voice_of(remote).speak(TEXT, "en")] == [TEXT]
    remote.behave(respond(body=whole[: len(whole) // 2]))
    assert "a truncated recording" in str(failure(voice_of(remote)))


def mp3_file(path: Path) -> bytes:
    """With the header that says how long it is, as encoders write it that can go back in their file."""
    with av.open(str(path), "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=24000, layout="mono")
        frame = av.AudioFrame.from_ndarray((server.spoken(TEXT)[None] * 32767).astype(np.int16), "s16", "mono")
        frame.sample_rate = 24000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return path.read_bytes()


def test_an_hour_of_silence(remote: HttpServer) -> None:
    second = server.mp3(np.zeros(10 * RATE, np.float32))
    remote.behave(respond(body=second * 360))
    assert failure(voice_of(remote)).code == "remote_not_sound"


def test_more_than_it_could_need_is_not_read(remote: HttpServer) -> None:
    remote.behave(respond(body=b"", Content_Length=str(10**10)))
    assert "bytes" in str(failure(voice_of(remote)))


def test_more_than_was_announced_is_not_read_to_its_end(remote: HttpServer) -> None:
    def floods(handler: Any, _: ReceivedRequest) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not remote.closing.is_set():
            handler.wfile.write(b"\xff\xfb" * 100_000)

    remote.behave(floods)
    assert "bytes" in str(failure(voice_of(remote)))


# ---- other machines


PRIVATE = [
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]:9/",
    "http://[::ffff:127.0.0.1]:9/",
]


@pytest.mark.parametrize("to", [*PRIVATE, "http://localhost:9/", "http://127.1:9/", "http://2130706433:9/"])
def test_a_redirect_to_a_private_machine_is_not_followed(remote: HttpServer, to: str) -> None:
    remote.behave(redirect(to, 307))
    assert failure(voice_of(remote)).code == "remote_private"
    assert len(remote.requests) == 1


def test_a_redirect_to_another_port_of_the_allowed_machine_is_not_followed(remote: HttpServer) -> None:
    with http_server() as other:
        other.behave(server.speaks)
        remote.behave(redirect(other.url("/speak"), 308))
        assert failure(voice_of(remote)).code == "remote_private"
        assert other.requests == []


def test_a_redirect_that_would_lose_the_text_is_not_followed(remote: HttpServer) -> None:
    remote.behave(redirect("/elsewhere", 302))
    assert failure(voice_of(remote)).facts["status"] == 302


def test_a_redirect_on_the_same_machine_is_followed(remote: HttpServer) -> None:
    remote.behave(redirect("/elsewhere", 307), server.speaks)
    assert len(list(voice_of(remote).speak(TEXT, "en"))) == 1
    assert [one.path for one in remote.requests] == ["/speak", "/elsewhere"]


def test_redirects_without_end(remote: HttpServer) -> None:
    remote.behave(redirect("/round", 307))
    assert failure(voice_of(remote)).facts["status"] == 307
    assert len(remote.requests) == 4


def test_a_private_machine_has_to_be_allowed(remote: HttpServer) -> None:
    remote.behave(server.speaks)
    assert failure(voice_of(remote, remote_allow_private=False)).code == "remote_private"
    assert failure(voice_of(f"http://localhost:{remote.port}", remote_allow_private=False)).code == "remote_private"
    assert remote.requests == []


def test_a_machine_with_a_number_of_the_sixth_version() -> None:
    with http_server("::1") as remote:
        remote.behave(server.speaks)
        assert len(list(voice_of(f"http://[::1]:{remote.port}/").speak(TEXT, "en"))) == 1
        assert failure(voice_of(f"http://[::1]:{remote.port}/", remote_allow_private=False)).code == "remote_private"


# ---- the circuit, the key


def test_after_five_failures_it_is_left_alone_for_a_minute(remote: HttpServer) -> None:
    clock = Clock()
    voice = voice_of(remote, clock)
    remote.behave(respond(404))
    for _ in range(MAX_FAILURES):
        assert failure(voice).code == "remote_refused"
    assert failure(voice).code == "remote_resting"
    assert len(remote.requests) == MAX_FAILURES
    clock.now += OPEN_S - 1
    assert failure(voice).facts["seconds"] == 1
    clock.now += 1
    assert failure(voice).code == "remote_refused"  # it was asked again
    assert failure(voice).code == "remote_resting"
    clock.now += OPEN_S
    remote.behave(server.speaks)
    assert len(list(voice.speak(TEXT, "en"))) == 1
    remote.behave(respond(404))
    assert failure(voice).code == "remote_refused"  # closed: one failure more does not open it


def test_the_key_is_never_logged(remote: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    caplog.set_level(1, "httpcore2")
    voice = voice_of(f"{remote.url('/speak')}?token={KEY}", remote_key=SecretStr(KEY))
    remote.behave(respond(500), server.speaks)
    assert len(list(voice.speak(TEXT, "en"))) == 1
    assert [one.headers["x-api-key"] for one in remote.requests] == [KEY, KEY]
    assert "retrying the remote voice" in caplog.text
    assert KEY not in caplog.text + repr(voice) + repr(Settings(_env_file=None, remote_key=SecretStr(KEY)))
