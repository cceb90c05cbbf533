"""A conversation on a clock that the test turns: the turn machine with fake ears, a fake model and a fake voice."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import TypeVar

from lipsync.conversation.turns.actions import (
    Action,
    Cancel,
    Fallback,
    Interrupted,
    Release,
    Resume,
    SetState,
    Speak,
    Think,
    Transcribe,
)
from lipsync.conversation.turns.events import (
    AnswerFinished,
    Event,
    Played,
    SentenceTimes,
    SoundStarted,
    TimePassed,
    TranscriptReady,
    VoiceWindow,
)
from lipsync.conversation.turns.machine import TurnMachine
from lipsync.conversation.turns.options import TurnLimits, TurnOptions
from lipsync.conversation.turns.voice import WINDOW_S

A = TypeVar("A", bound=Action)

ANSWER = ("One two three four five.", "Six seven eight nine ten.", "Eleven twelve thirteen fourteen fifteen.")
"""Sentences of every fake answer; a word takes 0.4 s."""
WORD_S = 0.4


class FakeTurnDetector:
    """Waits 0.4 s after a full stop or a question mark, else 0.9 s."""

    def required_silence(self, text: str, language: str) -> float:  # noqa: ARG002
        return 0.4 if text.endswith((".", "?", "!")) else 0.9


@dataclass
class Sound:
    """Something in the microphone, in seconds of the clock."""

    start: float
    end: float
    words: tuple[str, ...] = ()
    probability: float = 0.95
    language: str = "en"
    own_voice: bool = False
    is_hum: bool = False
    no_speech: float = 0.0


@dataclass
class Spoken:
    """An answer of the fake voice."""

    number: int
    sentences: tuple[str, ...]
    thought_at: float
    released: bool = False
    ended: bool = False
    started_at: float | None = None


@dataclass
class FakeTalk:
    """Drives a TurnMachine; the microphone's sound and the clock begin together at 0.

    The session has lasted ``age`` seconds at the start, so that the greeting is over unless a test wants it.
    """

    options: TurnOptions = field(default_factory=TurnOptions)
    limits: TurnLimits = field(default_factory=TurnLimits)
    age: float = 10.0
    transcription_s: float | None = 0.3
    """Seconds of a transcription; None: it hangs."""
    first_sound_s: float | None = 0.3
    """Seconds from Think to the first sound; None: it hangs."""
    reports_played: bool = False
    """Whether the client sends Played every 250 ms."""
    microphone: bool = True

    def __post_init__(self) -> None:
        self.now = 0.0
        self.machine = TurnMachine(FakeTurnDetector(), self.options, self.limits, now=-self.age)
        self.log: list[tuple[float, Action]] = []
        self.sounds: list[Sound] = []
        self.answers: dict[int, Spoken] = {}
        self._due: list[tuple[float, int, Event]] = []
        self._order = itertools.count()
        self._windows = 0

    # --- what happens

    def voice(self, start: float, text: str, *, word_s: float = WORD_S, **facts: object) -> float:
        """A person says ``text`` from ``start``; returns the end."""
        words = tuple(text.split())
        end = start + len(words) * word_s
        self.sounds.append(Sound(start, end, words, **facts))  # type: ignore[arg-type]
        return end

    def noise(self, start: float, seconds: float, probability: float = 0.95, **facts: object) -> None:
        """A noise that the voice activity detector takes for a voice."""
        self.sounds.append(Sound(start, start + seconds, (), probability, **facts))  # type: ignore[arg-type]

    def at(self, time: float, event: Event) -> None:
        """Let ``event`` happen at ``time``."""
        heapq.heappush(self._due, (time, next(self._order), event))

    def run(self, until: float) -> None:
        """Turn the clock to ``until``."""
        while True:
            window_at = (self._windows + 1) * WINDOW_S if self.microphone else float("inf")
            deadline = self.machine.next_deadline()
            event_at = self._due[0][0] if self._due else float("inf")
            time = min(window_at, event_at, float("inf") if deadline is None else max(deadline, self.now))
            if time > until:
                break
            self.now = time
            if time == event_at:
                self._handle(heapq.heappop(self._due)[2])
            elif time == window_at:
                self._windows += 1
                self._handle(self._window(time))
            else:
                before = len(self.log)
                self._handle(TimePassed())
                new = self.machine.next_deadline()
                assert new is None or new > time or len(self.log) > before, "a deadline that is met has passed"
        self.now = until

    # --- what came of it

    def all(self, kind: type[A]) -> list[A]:
        """The actions of one kind, in order."""
        return [action for _, action in self.log if isinstance(action, kind)]

    def times(self, kind: type[A]) -> list[float]:
        """When they happened."""
        return [time for time, action in self.log if isinstance(action, kind)]

    @property
    def states(self) -> list[str]:
        """The states that the client was told."""
        return [action.state for action in self.all(SetState)]

    @property
    def questions(self) -> list[str]:
        """The questions whose answers were released."""
        return [action.text for action in self.all(Release)]

    # --- the fakes

    def _handle(self, event: Event) -> None:
        for action in self.machine.handle(event, self.now):
            self.log.append((self.now, action))
            self._execute(action)

    def _window(self, end: float) -> VoiceWindow:
        middle = end - WINDOW_S / 2
        sounds = [sound for sound in self.sounds if sound.start <= middle < sound.end]
        if not sounds:
            return VoiceWindow(0.02, end)
        person = [sound for sound in sounds if not sound.own_voice]
        loudest = (person or sounds)[0]
        return VoiceWindow(loudest.probability, end, own_voice=not person, is_hum=loudest.is_hum)

    def _execute(self, action: Action) -> None:
        match action:
            case Transcribe(recognition, _, start, end):
                if self.transcription_s is not None:
                    heard = self._words(start, end)
                    self.at(self.now + self.transcription_s, TranscriptReady(recognition, *heard))
            case Think(answer):
                self.answers[answer] = Spoken(answer, ANSWER, self.now)
            case Speak(answer, text):
                self.answers[answer] = Spoken(answer, (text,), self.now)
                self._start(self.answers[answer])
            case Fallback(answer):
                self.answers[answer] = Spoken(answer, ("Sorry, once more please.",), self.now)
                self._start(self.answers[answer])
            case Release(answer):
                self._start(self.answers[answer])
            case Resume(answer, resumes, sentence):
                self.answers[answer] = Spoken(answer, self.answers[resumes].sentences[sentence:], self.now)
                self._start(self.answers[answer])
            case Cancel(answer) | Interrupted(answer):
                self.answers[answer].ended = True
            case _:
                pass

    def _words(self, start: float, end: float) -> tuple[str, str, float]:
        words, no_speech, language = [], 0.0, "en"
        for sound in sorted(self.sounds, key=lambda sound: sound.start):
            step = (sound.end - sound.start) / max(1, len(sound.words))
            times = [(word, sound.start + (index + 0.5) * step) for index, word in enumerate(sound.words)]
            heard = [word for word, time in times if start <= time <= end]
            words += heard
            language = sound.language if heard else language
            no_speech = max(no_speech, sound.no_speech if start <= sound.start <= end else 0.0)
        return " ".join(words), language, no_speech

    def _start(self, answer: Spoken) -> None:
        """Send the whole answer, as soon as its first sound is there."""
        if self.first_sound_s is None:
            return
        answer.released = True
        time = max(self.now, answer.thought_at + self.first_sound_s)
        position = 0.0
        for index, text in enumerate(answer.sentences):
            words = []
            for word in text.split():
                words.append((word, position, position + WORD_S))
                position += WORD_S
            start = words[0][1]
            self.at(time, SentenceTimes(answer.number, index, text, start, position, tuple(words)))
            if index == 0:
                self.at(time, SoundStarted(answer.number))
        self.at(time + 0.2, AnswerFinished(answer.number, position))
        if self.reports_played:
            steps = int(position / 0.25) + 2
            for step in range(1, steps):
                seconds = min(position, step * 0.25)
                self.at(time + 0.1 + step * 0.25, Played(answer.number, seconds))
