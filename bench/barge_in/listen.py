"""What the turn machine makes of sound in the microphone while an answer is spoken."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bench.barge_in.sounds import Samples
from lipsync.conversation.turns.actions import Cancel, Duck, Interrupted, Resume, Transcribe
from lipsync.conversation.turns.events import (
    Event,
    SentenceTimes,
    SoundStarted,
    TimePassed,
    TranscriptReady,
    VoiceWindow,
    WrittenQuestion,
)
from lipsync.conversation.turns.machine import TurnMachine
from lipsync.conversation.turns.options import TurnLimits, TurnOptions
from lipsync.hearing.echo import EchoDetector
from lipsync.hearing.hum import is_hum
from lipsync.hearing.silero import SileroDetector
from lipsync.hearing.types import RATE, WINDOW

_PIECE_WINDOWS = 8
"""Windows of our own sound that are sent at once: 256 ms."""
_TRANSCRIPTION_S = 0.3


class _Pauses:
    """Half a second of silence ends a turn."""

    def required_silence(self, text: str, language: str) -> float:  # noqa: ARG002
        return 0.5


@dataclass
class Outcome:
    """Times in seconds of the microphone's sound."""

    ducked: list[float] = field(default_factory=list)
    interrupted: list[float] = field(default_factory=list)
    resumed: list[float] = field(default_factory=list)
    lost: list[float] = field(default_factory=list)
    """The answer was cancelled."""


def listen(microphone: Samples, own: Samples | None = None, words: str = "", *, until_first: bool = False) -> Outcome:
    """Speak an endless answer from the start, and hear ``microphone``; a transcription finds ``words``.

    ``own``: our sound, whose echo may be in ``microphone``. ``until_first``: stop at the first interruption.
    """
    machine = TurnMachine(_Pauses(), TurnOptions(), TurnLimits(max_stall_s=1e9), now=-10.0)
    echo, outcome = EchoDetector(), Outcome()
    due: list[tuple[float, TranscriptReady]] = []

    def handle(event: Event, now: float) -> None:
        for action in machine.handle(event, now):
            match action:
                case Duck():
                    outcome.ducked.append(now)
                case Interrupted():
                    outcome.interrupted.append(now)
                case Cancel():
                    outcome.lost.append(now)
                case Resume(answer):
                    outcome.resumed.append(now)
                    begin(answer, now)
                case Transcribe(recognition):
                    due.append((now + _TRANSCRIPTION_S, TranscriptReady(recognition, words, "en")))
                case _:
                    pass

    def begin(answer: int, now: float) -> None:
        handle(SentenceTimes(answer, 0, "…", 0.0, 1e6), now)
        handle(SoundStarted(answer), now)

    handle(WrittenQuestion("?"), 0.0)
    begin(1, 0.0)
    probabilities = list(SileroDetector().probabilities(microphone))
    for number, probability in enumerate(probabilities):
        start, now = number * WINDOW, (number + 1) * WINDOW / RATE
        if own is not None and number % _PIECE_WINDOWS == 0:
            echo.play(own[start : start + _PIECE_WINDOWS * WINDOW], start / RATE)
        window = microphone[start : start + WINDOW]
        while due and due[0][0] <= now:
            handle(due.pop(0)[1], now)
        deadline = machine.next_deadline()
        if deadline is not None and deadline <= now:
            handle(TimePassed(), now)
        handle(VoiceWindow(probability, now, own_voice=echo.is_own_voice(window), is_hum=is_hum(window)), now)
        if until_first and outcome.interrupted:
            break
    return outcome


def in_room(sound: Samples, lag_s: float, level_db: float, rng: np.random.Generator) -> Samples:
    """``sound`` as a microphone picks it up: late, quieter, with 200 ms of reverberation."""
    delay, tail = int(lag_s * RATE), RATE // 5
    response = np.zeros(delay + tail)
    response[delay:] = rng.standard_normal(tail) * np.exp(-np.arange(tail) / (RATE * 0.03)) * 0.1
    response[delay] = 1.0
    response *= 10 ** (level_db / 20) / np.sqrt(np.square(response).sum())
    size = 1 << (len(sound) + len(response)).bit_length()
    heard = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: len(sound)]
    return np.asarray(heard, np.float32)


def room_noise(samples: int, rng: np.random.Generator) -> Samples:
    """A quiet room: -66 dBFS."""
    return np.asarray(rng.standard_normal(samples) * 0.0005, np.float32)
