"""Clauses of an answer as speech, with moods and the times of the written words; silent where no voice speaks."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from lipsync.animation.actions import gesture_of_action, mood_of_action
from lipsync.conversation.parts import AnswerWord
from lipsync.conversation.reply_text import ReplyClause
from lipsync.runtime.progress import Cancelled
from lipsync.speech.live_speech import LiveSpeech
from lipsync.speech.mood_times import add_moods
from lipsync.speech.types import Phone, Speech
from lipsync.subtitles.units import WordTimer
from lipsync.text.detect_mood import MAX_STRENGTH
from lipsync.text.errors import TextError
from lipsync.text.mood import Mood
from lipsync.text.mood_spans import MoodSpan, mood_spans
from lipsync.text.script import Script, prepare_script

log = logging.getLogger(__name__)

_MAX_CHARACTERS = 2000
"""Characters of one clause; the rest is not spoken."""
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'»”’)\]]*\s*$")
_SILENT_RATE = 24_000
"""Samples a second of the silence in place of a voice."""
_SILENT_S = (0.5, 0.06)
"""Seconds of that silence for any text, and for each of its characters: time to read it."""

MoodDetector = Callable[[Script], tuple[MoodSpan, ...]]
"""The moods of a clause. Runs in a worker thread."""


@dataclass(frozen=True)
class SpokenClause:
    """A piece of speech and what is known of it; all times are from its start."""

    speech: Speech
    text: str
    """The text as it is written."""
    mood: Mood
    words: tuple[AnswerWord, ...]
    action: str | None = None
    """Action that is named in the clause, in its first piece."""


def detect_moods(script: Script) -> tuple[MoodSpan, ...]:
    """The moods that the markup of the text states, or else those that its words and emoji show."""
    return mood_spans(script, detect=True)


class ClauseSpeaker:
    """Speaks the clauses of one answer in order. Its methods block, for one thread at a time."""

    def __init__(
        self,
        open_voice: Callable[[], LiveSpeech],
        language: str,
        degraded: Callable[[str], None],
        moods: MoodDetector = detect_moods,
    ) -> None:
        """``open_voice`` begins the speech, in the thread that speaks; ``degraded`` is called with the name of a
        part that fails: ``tts`` or ``mood``."""
        self._open_voice, self._language = open_voice, language
        self._degraded, self._moods = degraded, moods
        self._voice: LiveSpeech | None = None
        self._is_silent = False
        self._rate = 0
        self._fallbacks = 0
        self._action_mood: Mood | None = None

    def speak(self, clause: ReplyClause) -> Iterator[SpokenClause]:
        """The speech of ``clause`` in one piece or more; the head's gesture for its action begins with the first.

        The mood is that of markup, else that of the last action in the same sentence, else it is found in the text.
        Raises nothing but :class:`lipsync.runtime.progress.Cancelled`: where no voice can speak, the text has
        silence in which it can be read. A clause without letters or digits gives nothing.
        """
        try:
            script = prepare_script(clause.text[:_MAX_CHARACTERS], self._language, _MAX_CHARACTERS)
        except TextError as error:
            log.debug("a clause cannot be spoken: %s", error.code)
            return
        timer, spoken = WordTimer(script.passage), 0.0
        action = clause.action
        pieces = ((speech, False) for speech in self._speech(script))
        for found, _ in add_moods(pieces, script.spoken_text, self._mood_spans(script, clause)):
            speech = replace(found, gesture=gesture_of_action(action))
            units = timer.add(speech)
            words = tuple(AnswerWord(unit.text, unit.start - spoken, unit.end - spoken) for unit in units)
            spoken += speech.duration
            text = " ".join(word.text for word in words) or speech.text
            yield SpokenClause(speech, text, _main_mood(speech), words, action)
            action = None

    def finish(self) -> Speech | None:
        """The silence after the last word of the reply, or of a filler before it; None where nothing was spoken."""
        self._action_mood = None
        if self._voice is not None and not self._is_silent:
            return self._voice.finish()
        return _silence(0.2, self._rate, "", self._language) if self._rate else None

    def _speech(self, script: Script) -> Iterator[Speech]:
        if not self._is_silent:
            try:
                if self._voice is None:
                    self._voice = self._open_voice()
                for speech in self._voice.add(script.spoken_text):
                    self._rate = speech.rate
                    if len(self._voice.fallbacks) > self._fallbacks:
                        self._fallbacks = len(self._voice.fallbacks)
                        self._degraded("tts")
                    yield speech
                return
            except Cancelled:
                raise
            except Exception as error:  # any fault of an engine: the answer goes on in writing
                log.warning("no voice can speak: %s", type(error).__name__)
                self._degraded("tts")
                self._is_silent = True
        self._rate = self._rate or _SILENT_RATE
        seconds = _SILENT_S[0] + _SILENT_S[1] * len(script.spoken_text)
        yield _silence(seconds, self._rate, script.spoken_text, self._language)

    def _mood_spans(self, script: Script, clause: ReplyClause) -> tuple[MoodSpan, ...]:
        self._action_mood = mood_of_action(clause.action) or self._action_mood
        mood = clause.mood or (None if script.marked.marks else self._action_mood)
        if _SENTENCE_END.search(clause.text):
            self._action_mood = None
        if mood is not None:
            return _whole(script, mood)
        try:
            return self._moods(script)
        except Exception as error:  # a model of moods: the face is neutral then
            log.warning("the mood of a sentence cannot be found: %s", type(error).__name__)
            self._degraded("mood")
            return ()


def _whole(script: Script, mood: Mood) -> tuple[MoodSpan, ...]:
    """One mood for the whole text."""
    return () if mood == "neutral" else (MoodSpan(mood, MAX_STRENGTH, 0, len(script.spoken_text)),)


def _silence(seconds: float, rate: int, text: str, language: str) -> Speech:
    samples = np.zeros(round(seconds * rate), np.float32)
    return Speech(samples, rate, (Phone("", 0.0, len(samples) / rate),), text, language)


def _main_mood(speech: Speech) -> Mood:
    """The mood that the face shows for the longest part of the speech."""
    seconds: dict[Mood, float] = {"neutral": speech.duration}
    for mood in speech.moods:
        seconds[mood.mood] = seconds.get(mood.mood, 0.0) + (mood.end - mood.start)
        seconds["neutral"] -= mood.end - mood.start
    return max(seconds, key=lambda mood: seconds[mood])
