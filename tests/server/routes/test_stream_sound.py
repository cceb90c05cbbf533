"""``/api/v1/stream``: a microphone of any rate is heard, and sound that is no speech is not answered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lipsync.audio.resample import Resampler
from lipsync.audio.segment import decode_pcm16
from lipsync.hearing.types import RATE
from tests.hearing.sounds import Sound, noise, silence, tones
from tests.helpers.gunicorn_server import Server, serve
from tests.helpers.live_client import LiveClient, live, spoken

pytestmark = pytest.mark.system

APP = "tests.helpers.apps.live_conversation:app"
QUESTION = spoken("What is the capital of France?")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("sound"), APP, LIPSYNC_TALKS="4") as running:
        yield running
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def client(server: Server) -> Iterator[LiveClient]:
    with live(server) as one:
        one.is_fast = True
        yield one


def pcm16(samples: Sound) -> bytes:
    return np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def at_rate(sound: bytes, rate: int) -> bytes:
    """``sound`` of a microphone with ``rate`` samples a second."""
    resampler = Resampler(RATE, rate)
    return pcm16(np.concatenate([resampler.add(decode_pcm16(sound)), resampler.finish()]))


@pytest.mark.parametrize("mode", ["vad", "manual"])
@pytest.mark.parametrize("rate", [8000, 96_000])
def test_a_question_at_any_rate_is_answered(client: LiveClient, rate: int, mode: str) -> None:
    client.start(input={"rate": rate}, turn={"mode": mode})
    client.hear(at_rate(QUESTION, rate))
    if mode == "manual":
        client.send(type="commit")
    assert client.until("transcript", final=True)["text"] == "What is the capital of France?"
    assert client.until("done")["full_text"] == "Paris it is."


@pytest.mark.parametrize("rate", [7999, 96_001, 0, "fast"])
def test_a_rate_that_cannot_be_has_one_clear_answer(client: LiveClient, rate: object) -> None:
    client.send(type="start", input={"rate": rate})
    error = client.until("error")
    assert (error["code"], error["fatal"]) == ("bad_message", False)
    assert "rate" in error["error"]
    assert client.ask("Hello")["full_text"] == "Paris it is."


SOUNDS = pytest.mark.parametrize(
    "sound", [silence(3), noise(3), noise(3, 0.01), tones(3)], ids=["silence", "loud", "faint", "chord"]
)


@SOUNDS
def test_an_open_microphone_without_speech_is_not_answered(client: LiveClient, sound: Sound) -> None:
    client.start()
    client.hear(pcm16(sound))
    client.hear(pcm16(silence(2)))
    assert client.ask("repeat: In writing.")["full_text"] == "In writing."
    assert [one["text"] for one in client.of("transcript") if one["text"]] == []
    assert len(client.of("answer")) == 1


@SOUNDS
def test_a_turn_without_speech_has_no_words(client: LiveClient, sound: Sound) -> None:
    client.start(turn={"mode": "manual"})
    client.hear(pcm16(sound))
    client.send(type="commit")
    assert client.until("transcript", final=True)["text"] == ""
    assert client.ask("repeat: In writing.")["full_text"] == "In writing."
    assert len(client.of("answer")) == 1
