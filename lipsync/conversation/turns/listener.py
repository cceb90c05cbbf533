"""The machine's half that listens: the person's turn, from the first voice to its words."""

from __future__ import annotations

from dataclasses import dataclass, field

from lipsync.conversation.turns.actions import (
    Action,
    FallbackReason,
    NoWords,
    ReportTranscript,
    SpeechStarted,
    SpeechStopped,
)
from lipsync.conversation.turns.current_turn import CurrentTurn
from lipsync.conversation.turns.events import TranscriptReady, VoiceWindow
from lipsync.conversation.turns.options import SILENCE_FACTORS, TurnLimits, TurnOptions
from lipsync.conversation.turns.speaker import Speaker
from lipsync.conversation.turns.turn import Turn, Understood
from lipsync.conversation.turns.voice import VoiceEvidence
from lipsync.conversation.turns.words import heard_words
from lipsync.hearing.types import TurnDetector

QUIET_WINDOWS = 3
"""Windows without a voice (96 ms) after which recognition begins, long before the turn's end is certain."""
MAX_SILENCE_S = 1.2
"""Silence that ends a turn whatever its words are; multiplied by the eagerness."""
WORDLESS_SILENCE_S = 0.5
"""Silence that ends a turn in which no words were recognized."""
STOPPED_S = 1.5
"""Time on the clock without a window: the microphone was switched off, and the turn ends."""
MIN_TRANSCRIBED_S = 0.12
"""Seconds of voice over an answer that are worth a transcription; less is a click."""
MAX_UNCONFIRMED_S = 10.0
"""Seconds of a voice over an answer that is never confirmed, such as a hum; then it is forgotten."""
DEAF_AFTER_S = 0.3
"""Seconds after the end of an answer in which nothing is heard, where a voice may not interrupt: rooms echo."""


@dataclass(slots=True)
class Listener:
    """Hears windows of sound and transcripts, and decides when a turn begins, is over, and is answered."""

    options: TurnOptions
    limits: TurnLimits
    detector: TurnDetector
    speaker: Speaker
    current: CurrentTurn
    actions: list[Action]
    started: float
    """Time on the clock at which the session started."""
    microphone: float | None = None
    """Seconds of sound received; None without a microphone."""
    _voice: VoiceEvidence = field(default_factory=VoiceEvidence)
    _has_detector: bool = False
    """Whether somebody looks for voices: a window came."""

    @property
    def turn(self) -> Turn | None:
        """The turn that goes on."""
        return self.current.turn

    @property
    def _is_manual(self) -> bool:
        return self.options.mode == "manual"

    # --- sound

    def hear(self, window: VoiceWindow, now: float) -> None:
        """Take the next window of the microphone's sound."""
        self.microphone, self._has_detector = window.end, True
        if self._is_deaf(now):
            self._voice.clear()
            self.current.begin = window.end
            if self.turn is not None and not self.turn.announced:
                self.current.drop()
            return
        self._voice.add(window)
        if self.turn is None:
            self._wait_for_voice(window, now)
        else:
            self._go_through(self.turn, window, now)

    def _is_deaf(self, now: float) -> bool:
        """Whether the sound is ignored because an answer is on the loudspeaker."""
        barge_in = self.options.barge_in
        if barge_in == "voice" or (self._is_manual and barge_in == "message"):
            return False
        return self.speaker.is_sounding or now < self.speaker.ended_at + DEAF_AFTER_S

    def _wait_for_voice(self, window: VoiceWindow, now: float) -> None:
        speaker, answer = self.speaker, self.speaker.answer
        if self._is_manual:
            if self._voice.begins:
                self._begin_turn(window, now, announced=answer is None)
        elif speaker.is_thinking and answer is not None and answer.turn is not None and not answer.turn.closed:
            if self._voice.confirms:
                self._reopen(answer.turn, window, now)
        elif speaker.is_sounding or speaker.is_thinking:
            if self._voice.ducks:
                speaker.duck(now)
                self._begin_turn(window, now, announced=False)
        elif self._voice.begins:
            if answer is not None:
                answer.resume_at = None
            self._begin_turn(window, now, announced=True)

    def _begin_turn(self, window: VoiceWindow, now: float, *, announced: bool) -> None:
        turn = self.current.start(self._voice.onset, window.end, now)
        if announced:
            self.current.announce(turn)

    def _reopen(self, turn: Turn, window: VoiceWindow, now: float) -> None:
        """The person goes on before the answer sounds: the turn, and its question, are longer."""
        self.speaker.cancel("continued", now)
        self.current.turn = turn
        turn.forget_words()
        turn.announced = False
        self.current.announce(turn)
        turn.hear(window.end, now, self._voice.run, begins=True)

    def _go_through(self, turn: Turn, window: VoiceWindow, now: float) -> None:
        if turn.closed:
            return
        begins = self._voice.begins
        if begins and (turn.recognition is not None or turn.understood is not None):
            self._go_on(turn, now)
        turn.hear(window.end, now, self._voice.run, begins)
        if not turn.announced and not self._is_manual:
            if self._voice.confirms and self.speaker.is_sounding and now >= self.started + self.limits.greeting_s:
                self.current.announce(turn)
                self.speaker.hold(now)
            elif turn.heard - turn.start > MAX_UNCONFIRMED_S:
                self.current.drop()
                return
        if self._voice.quiet == QUIET_WINDOWS and turn.recognition is None and not turn.is_understood:
            if not turn.announced and turn.voiced_s < MIN_TRANSCRIBED_S:
                self.current.drop()
                return
            self.current.transcribe(turn, now, speculative=True)
        if turn.heard - turn.start >= self.limits.max_utterance_s:
            turn.closed = True
            self.finish(turn, now)
        elif not self._is_manual:
            self._finish_if_silent(turn, now)

    def _go_on(self, turn: Turn, now: float) -> None:
        """The person speaks again: what was begun with the words up to now is dropped."""
        self.current.drop_recognition(turn)
        if self.speaker.is_speculative:
            self.speaker.cancel("continued", now)
        if turn.over:
            self.actions.append(SpeechStarted(turn.number, turn.start))
        turn.forget_words()

    # --- the end of a turn

    def _finish_if_silent(self, turn: Turn, now: float) -> None:
        if turn.over:
            return
        factor = SILENCE_FACTORS[self.options.eagerness]
        required = MAX_SILENCE_S * factor
        if turn.understood is not None and turn.is_understood:
            text = turn.understood.text
            silence = self.detector.required_silence(text, turn.understood.language) if text else WORDLESS_SILENCE_S
            required = min(required, silence * factor)
        if turn.silence >= required - 1e-6:
            self.finish(turn, now)

    def finish(self, turn: Turn, now: float) -> None:
        """The turn is over; its words may still be unknown."""
        if not turn.over:
            turn.over = True
            if turn.announced:
                self.actions.append(SpeechStopped(turn.number, turn.last_voiced))
        if turn.is_understood:
            self._settle(turn, now)
        elif turn.recognition is None or turn.recognition.end < turn.last_voiced:
            self.current.drop_recognition(turn)
            self.current.transcribe(turn, now, speculative=False)

    def _settle(self, turn: Turn, now: float) -> None:
        """The turn is over and its words are known: answer them, or listen again."""
        understood = turn.understood
        assert understood is not None
        self.current.end(turn)
        self._voice.clear()
        if not understood.text:
            self.actions.append(NoWords(turn.number))
            self.speaker.resume_after(turn.voiced_at, now)
            return
        self.actions.append(ReportTranscript(turn.number, understood.text, understood.language, final=True))
        if not self.speaker.is_speculative:
            self.speaker.interrupt("message", now)
            self.speaker.think(understood.text, understood.language, turn, speculative=False, now=now)
        self.speaker.release(now)

    def commit(self, end: float, now: float) -> None:
        """The client ends the turn."""
        self.microphone = end
        if self.speaker.is_sounding and self.options.barge_in == "off":
            self.current.begin = end
        elif self.speaker.is_sounding:
            self.speaker.interrupt("message", now)
        if self.turn is None and not self._has_detector:
            onset = max(self.current.begin, end - self.limits.max_utterance_s)
            if end > onset:  # no detector looks for voices: all sound since the last turn is one turn
                self.current.start(onset, end, now)
        turn = self.turn
        if turn is None:
            self.current.begin = end
            self.actions.append(NoWords(self.current.next_number()))
            return
        if not turn.announced:
            self.current.announce(turn)
        turn.heard, turn.heard_at = max(turn.heard, end), now
        turn.closed = True
        self.finish(turn, now)

    def clear(self, end: float, now: float) -> None:
        """Discard the current turn and its sound."""
        self.microphone = self.current.begin = end
        self.discard(now)

    def discard(self, now: float) -> None:
        """Discard the current turn because something else is answered."""
        turn = self.turn
        self.current.drop()
        self._voice.clear()
        if self.speaker.is_speculative:
            self.speaker.cancel("continued", now)
        if turn is not None:
            self.speaker.resume_after(turn.voiced_at, now)

    # --- words

    def understand(self, event: TranscriptReady, now: float) -> None:
        """Take the result of a transcription; of one that was dropped, nothing."""
        turn = self.turn
        if turn is None or turn.recognition is None or not self.current.expects(event.recognition):
            return
        over_answer = not turn.announced or self.speaker.is_held
        own_words = self.speaker.own_words(turn.began_at, now)
        text = heard_words(event, own_words, voiced_s=turn.voiced_s, over_answer=over_answer)
        if not text and turn.earlier is not None:
            text = turn.earlier.text
        turn.understood = Understood(text, event.language, turn.recognition.end)
        turn.recognition = None
        if self._is_manual and self.speaker.answer is not None and not turn.over:
            return  # the answer that sounds is interrupted by the commit
        if text:
            self._prepare_answer(turn, text, event.language, now)
        elif not turn.announced:
            self.current.drop()
            self.speaker.unduck()
            return
        if turn.over:
            self._settle(turn, now)
        elif not self._is_manual:
            self._finish_if_silent(turn, now)

    def _prepare_answer(self, turn: Turn, text: str, language: str, now: float) -> None:
        if not turn.announced:
            self.current.announce(turn)
        if not self.speaker.is_speculative:
            self.speaker.interrupt("voice", now)
        if not turn.over:
            self.actions.append(ReportTranscript(turn.number, text, language, final=False))
        self.speaker.think(text, language, turn, speculative=not turn.over, now=now)

    def give_up(self, reason: FallbackReason, now: float) -> None:
        """A transcription failed or is too late."""
        turn = self.turn
        if turn is None:
            return
        if reason == "transcription_late":
            self.current.drop_recognition(turn)
        turn.recognition = None
        if not turn.over and (self._is_manual or (reason == "transcription_failed" and turn.announced)):
            return  # the turn's end requests another
        if not turn.announced:
            self.current.drop()
            self.speaker.unduck()
            return
        if turn.earlier is not None or self.speaker.is_held:
            earlier = turn.earlier
            text, language = (earlier.text, earlier.language) if earlier is not None else ("", "")
            turn.understood = Understood(text, language, turn.last_voiced)
            self.finish(turn, now)
            return
        if not turn.over:
            self.actions.append(SpeechStopped(turn.number, turn.last_voiced))
        self.current.end(turn)
        self.speaker.interrupt("message", now)
        self.speaker.fall_back(reason, now)

    # --- deadlines

    def deadline(self) -> float | None:
        """Return the next time at which :meth:`meet_deadlines` has something to do."""
        turn = self.turn
        if turn is None:
            return None
        due = []
        if turn.recognition is not None:
            due.append(turn.recognition.requested + self.limits.max_transcription_s)
        if not turn.over and not self._is_manual:
            due.append(turn.heard_at + STOPPED_S)
        return min(due, default=None)

    def meet_deadlines(self, now: float) -> None:
        """Do what is due at ``now``."""
        turn = self.turn
        if turn is None:
            return
        recognition = turn.recognition
        if recognition is not None and now >= recognition.requested + self.limits.max_transcription_s:
            self.give_up("transcription_late", now)
        elif not turn.over and not self._is_manual and now >= turn.heard_at + STOPPED_S:
            self.finish(turn, now)
