"""The turn machine of one conversation."""

from __future__ import annotations

from lipsync.conversation.turns.actions import Action, SetState, State
from lipsync.conversation.turns.current_turn import CurrentTurn
from lipsync.conversation.turns.events import (
    AnswerFailed,
    AnswerFinished,
    Clear,
    Commit,
    Event,
    Interrupt,
    Played,
    SentenceTimes,
    SoundStarted,
    SpeechRequested,
    TranscriptionFailed,
    TranscriptReady,
    VoiceWindow,
    WrittenQuestion,
)
from lipsync.conversation.turns.listener import Listener
from lipsync.conversation.turns.options import TurnLimits, TurnOptions
from lipsync.conversation.turns.speaker import Speaker
from lipsync.hearing.types import TurnDetector


class TurnMachine:
    """Decides who speaks. Not thread-safe; times are seconds on one monotonic clock, which the caller reads.

    Give it every event at once with :meth:`handle`, execute the actions in order, and call it with ``TimePassed`` at
    :meth:`next_deadline`.
    """

    def __init__(self, turn_detector: TurnDetector, options: TurnOptions, limits: TurnLimits, *, now: float) -> None:
        self._actions: list[Action] = []
        self._speaker = Speaker(limits, self._actions)
        self._current = CurrentTurn(self._actions)
        self._listener = Listener(
            options, limits, turn_detector, self._speaker, self._current, self._actions, started=now
        )
        self._waiting: WrittenQuestion | SpeechRequested | None = None
        """Asked while an answer may not be interrupted; the last one only."""
        self.state: State = "idle"

    @property
    def options(self) -> TurnOptions:
        """The client's choice; may be replaced at any time."""
        return self._listener.options

    @options.setter
    def options(self, options: TurnOptions) -> None:
        self._listener.options = options

    def handle(self, event: Event, now: float) -> list[Action]:
        """Return what is to be done, in this order, after ``event``, which happened at ``now``."""
        self._dispatch(event, now)
        self._listener.meet_deadlines(now)
        self._speaker.meet_deadlines(now)
        if self._waiting is not None and self._speaker.answer is None and self._listener.turn is None:
            waiting, self._waiting = self._waiting, None
            self._ask(waiting, now)
        if (state := self._current_state()) != self.state:
            self.state = state
            self._actions.append(SetState(state))
        actions = list(self._actions)
        self._actions.clear()
        return actions

    def close(self, now: float) -> list[Action]:
        """Return what is to be done when the conversation ends at ``now``: what was heard of an answer is remembered,
        nothing more is said."""
        self._waiting = None
        self._listener.discard(now)
        self._speaker.interrupt("message", now)
        actions = list(self._actions)
        self._actions.clear()
        return actions

    def next_deadline(self) -> float | None:
        """Return the time at which ``TimePassed`` is due, unless another event comes first; None: never."""
        due = (self._listener.deadline(), self._speaker.deadline())
        return min((time for time in due if time is not None), default=None)

    def _dispatch(self, event: Event, now: float) -> None:
        listener = self._listener
        match event:
            case VoiceWindow():
                listener.hear(event, now)
            case Commit(end):
                listener.commit(end, now)
            case Clear(end):
                listener.clear(end, now)
            case TranscriptReady():
                listener.understand(event, now)
            case TranscriptionFailed(recognition):
                if self._current.expects(recognition):
                    listener.give_up("transcription_failed", now)
            case WrittenQuestion() | SpeechRequested():
                self._ask(event, now)
            case Interrupt(played_s):
                self._interrupt(played_s, now)
            case Played() | SoundStarted() | SentenceTimes() | AnswerFinished() | AnswerFailed():
                self._follow_answer(event, now)

    def _ask(self, event: WrittenQuestion | SpeechRequested, now: float) -> None:
        speaker = self._speaker
        if self.options.barge_in == "off" and (speaker.is_sounding or speaker.is_thinking):
            self._waiting = event
            return
        self._listener.discard(now)
        speaker.interrupt("text", now)
        if isinstance(event, SpeechRequested):
            speaker.speak(event.text, now)
        else:
            speaker.think(event.text, None, None, speculative=False, now=now)
            speaker.release(now)

    def _interrupt(self, played_s: float | None, now: float) -> None:
        if self.options.barge_in == "off":
            return
        turn = self._listener.turn
        if turn is not None and (turn.over or not turn.announced):
            self._listener.discard(now)
        if not self._speaker.is_speculative:
            self._speaker.interrupt("message", now, played_s)

    def _follow_answer(
        self, event: Played | SoundStarted | SentenceTimes | AnswerFinished | AnswerFailed, now: float
    ) -> None:
        """Take an event of the current answer; one of an earlier answer changes nothing."""
        answer = self._speaker.answer
        if answer is None or event.answer != answer.number:
            return
        match event:
            case Played(_, seconds):
                if answer.is_sounding:
                    answer.reported = (max(0.0, seconds), now)
            case SoundStarted():
                self._speaker.sound_started(now)
            case SentenceTimes():
                answer.add_sentence(event, now)
            case AnswerFinished(_, duration):
                self._speaker.finished(duration, now)
            case AnswerFailed():
                self._speaker.cancel("failed", now)

    def _current_state(self) -> State:
        speaker, turn = self._speaker, self._listener.turn
        if speaker.is_sounding:
            return "speaking"
        if turn is not None and turn.announced:
            return "thinking" if turn.over else "hearing"
        if speaker.is_thinking:
            return "thinking"
        return "idle" if self._listener.microphone is None else "listening"
