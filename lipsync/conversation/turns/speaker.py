"""The machine's half that speaks: the numbers of answers, and what becomes of the one that is current."""

from __future__ import annotations

from dataclasses import dataclass

from lipsync.conversation.turns.actions import (
    Action,
    Cancel,
    CancelReason,
    Complete,
    Duck,
    Fallback,
    FallbackReason,
    Interrupted,
    InterruptedBy,
    Release,
    Resume,
    Speak,
    Think,
    Unduck,
)
from lipsync.conversation.turns.answer import END_TOLERANCE_S, AnswerProgress
from lipsync.conversation.turns.options import TurnLimits
from lipsync.conversation.turns.turn import Turn

MAX_DUCKED_S = 0.4
"""From the first sign of a voice; if it is not confirmed by then, the volume is restored."""
RESUME_AFTER_S = 0.6
"""Silence after a voice without words; then the interrupted answer is said on."""
OWN_WORDS_S = 5.0
"""What was spoken up to this time before a voice began can be an echo in it."""
ECHO_TAIL_S = 1.5
"""A voice that begins up to this time after the end of an answer can be its echo."""


@dataclass(slots=True)
class Speaker:
    """At most one answer is current: being written, released, spoken, or interrupted and held."""

    limits: TurnLimits
    actions: list[Action]
    answer: AnswerProgress | None = None
    ended_at: float = float("-inf")
    """Time on the clock at which the last answer that sounded ended."""
    _last_number: int = 0
    _last: AnswerProgress | None = None
    """The answer that ended at ``ended_at``."""
    _last_heard: float = 0.0
    """Seconds of it that were heard."""

    # --- what is current

    @property
    def is_sounding(self) -> bool:
        """Whether an answer is heard now."""
        return self.answer is not None and self.answer.is_sounding

    @property
    def is_held(self) -> bool:
        """Whether an answer was interrupted by a voice whose words are not known yet."""
        return self.answer is not None and self.answer.held is not None

    @property
    def is_thinking(self) -> bool:
        """Whether an answer was released and is not heard yet."""
        answer = self.answer
        return answer is not None and answer.released_at is not None and answer.sounding_at is None

    @property
    def is_speculative(self) -> bool:
        """Whether an answer is prepared for a turn that may go on."""
        return self.answer is not None and self.answer.released_at is None

    def own_words(self, began_at: float, now: float) -> list[str]:
        """Return the words that a turn, which began at ``began_at`` on the clock, may have from the loudspeaker."""
        answer = self.answer
        if answer is not None and answer.sounding_at is not None:
            heard = answer.heard_seconds(now)
            return answer.words_between(heard - (now - began_at) - OWN_WORDS_S, heard)
        if self._last is None or began_at > self.ended_at + ECHO_TAIL_S:
            return []
        overlap = max(0.0, self.ended_at - began_at)
        return self._last.words_between(self._last_heard - overlap - OWN_WORDS_S, self._last_heard)

    # --- beginning

    def think(self, text: str, language: str | None, turn: Turn | None, *, speculative: bool, now: float) -> None:
        """Begin to write an answer."""
        self.answer = AnswerProgress(self._number(), text, turn, touched_at=now)
        self.actions.append(Think(self.answer.number, text, language, speculative))

    def release(self, now: float) -> None:
        """Allow the current answer to be sent."""
        if self.answer is not None:
            self.answer.released_at = self.answer.touched_at = now
            self.actions.append(Release(self.answer.number, self.answer.text))

    def speak(self, text: str, now: float) -> None:
        """Speak ``text`` as it is."""
        self.answer = AnswerProgress(self._number(), "", released_at=now, touched_at=now)
        self.actions.append(Speak(self.answer.number, text))

    def fall_back(self, reason: FallbackReason, now: float) -> None:
        """Speak a stored sentence."""
        self.answer = AnswerProgress(self._number(), "", released_at=now, touched_at=now, is_fallback=True)
        self.actions.append(Fallback(self.answer.number, reason))

    # --- over the answer

    def duck(self, now: float) -> None:
        """Lower the volume, if an answer sounds and is not ducked."""
        if self.answer is not None and self.is_sounding and self.answer.ducked_at is None:
            self.answer.ducked_at = now
            self.actions.append(Duck(self.answer.number))

    def unduck(self) -> None:
        """Restore the volume, if it is lowered."""
        if self.answer is not None and self.answer.ducked_at is not None:
            self.answer.ducked_at = None
            self.actions.append(Unduck(self.answer.number))

    def hold(self, now: float) -> None:
        """Stop the answer that sounds, by a voice, until the words of the voice are known."""
        if self.answer is not None and self.is_sounding:
            heard = self.answer.heard_seconds(now)
            self.answer.held, self.answer.ducked_at = heard, None
            self.actions.append(Interrupted(self.answer.number, "voice", heard))

    def interrupt(self, by: InterruptedBy, now: float, played_s: float | None = None) -> None:
        """End the current answer for good, in whatever state it is."""
        answer = self.answer
        if answer is None:
            return
        heard = answer.heard_seconds(now)
        if played_s is not None and answer.is_sounding:
            heard = min(max(0.0, played_s), answer.available)
        if answer.is_sounding:
            self.actions.append(Interrupted(answer.number, by, heard))
        self._end(Cancel(answer.number, "interrupted", heard), heard, now)

    def cancel(self, reason: CancelReason, now: float) -> None:
        """Discard the current answer."""
        if self.answer is not None:
            heard = self.answer.heard_seconds(now)
            self._end(Cancel(self.answer.number, reason, heard), heard, now)

    def resume_after(self, voiced_at: float, now: float) -> None:
        """Say the held answer on after a silence, once; ``voiced_at`` is when the voice ended."""
        answer = self.answer
        if answer is None or answer.held is None:
            return
        if answer.is_resumed:
            self._end(Cancel(answer.number, "interrupted", answer.held), answer.held, now)
        else:
            answer.resume_at = max(now, voiced_at + RESUME_AFTER_S)

    # --- events and deadlines

    def sound_started(self, now: float) -> None:
        """The first sound of the current answer was sent."""
        answer = self.answer
        if answer is not None and answer.released_at is not None and answer.sounding_at is None:
            answer.sounding_at = answer.touched_at = now

    def finished(self, duration: float, now: float) -> None:
        """All sound of the current answer was sent."""
        answer = self.answer
        if answer is not None:
            answer.duration, answer.touched_at = duration, now
            if answer.sounding_at is None and answer.released_at is not None:
                self._end(Complete(answer.number), 0.0, now)

    def deadline(self) -> float | None:
        """Return the next time at which :meth:`meet_deadlines` has something to do."""
        answer = self.answer
        if answer is None:
            return None
        due: list[float | None] = [answer.resume_at, answer.ends_at()]
        if answer.ducked_at is not None:
            due.append(answer.ducked_at + MAX_DUCKED_S)
        if self.is_thinking and answer.released_at is not None:
            due.append(answer.released_at + self.limits.max_thinking_s)
        if self.is_sounding and answer.duration is None:
            due.append(answer.dry_at() + self.limits.max_stall_s)
        return min((time for time in due if time is not None), default=None)

    def meet_deadlines(self, now: float) -> None:
        """Do what is due at ``now``."""
        answer = self.answer
        if answer is None:
            return
        if answer.ducked_at is not None and now >= answer.ducked_at + MAX_DUCKED_S:
            self.unduck()
        if answer.resume_at is not None and now >= answer.resume_at:
            self._resume(answer, now)
        elif answer.duration is not None and self.is_sounding and self._has_ended(answer, now):
            self._end(Complete(answer.number), answer.duration, now)
        elif self.is_thinking and now >= (answer.released_at or 0.0) + self.limits.max_thinking_s:
            self.cancel("late", now)
            if not answer.is_fallback:
                self.fall_back("answer_late", now)
        elif self.is_sounding and answer.duration is None and now >= answer.dry_at() + self.limits.max_stall_s:
            self.cancel("late", now)

    @staticmethod
    def _has_ended(answer: AnswerProgress, now: float) -> bool:
        ends_at = answer.ends_at()
        reported = answer.reported[0] if answer.reported is not None else 0.0
        is_near = answer.duration is not None and reported >= answer.duration - END_TOLERANCE_S
        return is_near or (ends_at is not None and now >= ends_at)

    def _resume(self, answer: AnswerProgress, now: float) -> None:
        held = answer.held or 0.0
        answer.resume_at = None
        if answer.duration is not None and held >= answer.duration - END_TOLERANCE_S:
            self._end(Complete(answer.number), answer.duration, now)
            return
        sentence = answer.sentence_at(held)
        self.answer = AnswerProgress(self._number(), answer.text, released_at=now, touched_at=now, is_resumed=True)
        index = 0 if sentence is None else sentence.index
        self.actions.append(Resume(self.answer.number, resumes=answer.number, sentence=index))

    def _end(self, action: Cancel | Complete, heard: float, now: float) -> None:
        answer, self.answer = self.answer, None
        if answer is not None and answer.sounding_at is not None:
            self.ended_at, self._last, self._last_heard = now, answer, heard
        self.actions.append(action)

    def _number(self) -> int:
        self._last_number += 1
        return self._last_number
