"""One live conversation: executes the actions of the turn machine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from pydantic import BaseModel

from lipsync.conversation.history import heard_text
from lipsync.conversation.parts import AnswerPart
from lipsync.conversation.protocol.client_messages import Start
from lipsync.conversation.protocol.server_messages import (
    AnswerMessage,
    Closing,
    DoneMessage,
    ErrorMessage,
    FrameMessage,
    InterruptedMessage,
    SpeechMoment,
    StateChanged,
    TranscriptMessage,
    VolumeMessage,
)
from lipsync.conversation.session.answer_player import AnswerPlayer
from lipsync.conversation.session.message_form import MessageForm, Outgoing
from lipsync.conversation.session.outbox import Outbox
from lipsync.conversation.session.session_parts import SessionParts
from lipsync.conversation.turns import actions as do
from lipsync.conversation.turns.events import (
    AnswerFailed,
    Event,
    TimePassed,
    TranscriptionFailed,
    TranscriptReady,
)
from lipsync.conversation.turns.machine import TurnMachine
from lipsync.errors import InternalError, LipsyncError

log = logging.getLogger(__name__)

DUCKED_VOLUME = 0.3
"""Volume while it is not yet clear whether the person interrupts."""
_PLAIN_MESSAGES = (FrameMessage, DoneMessage, ErrorMessage, Closing)
"""What a client gets that has never sent ``start``."""


class Session:
    """Events go in by :meth:`handle`, messages go out by the outbox. Used by one event loop."""

    def __init__(
        self, parts: SessionParts, machine: TurnMachine, outbox: Outbox, clock: Callable[[], float] | None = None
    ) -> None:
        self.start = Start()
        """What the client has asked for."""
        self.is_plain = True
        """Whether the client knows no messages but those of an answer."""
        self._parts, self._machine, self._outbox = parts, machine, outbox
        self._clock = clock or asyncio.get_running_loop().time
        self._players: dict[int, AnswerPlayer] = {}
        self._ids: dict[int, str] = {}
        self._next_id: str | None = None
        self._speculative: set[int] = set()
        """Answers that were begun before the person's turn was over."""
        self._asked: set[int] = set()
        """Answers whose question is in the history, until they end."""
        self._heard_before: dict[int, str] = {}
        """Text of the sentences of a resumed answer that were heard before, by its number."""
        self._recognitions: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def is_busy(self) -> bool:
        """Whether somebody speaks or thinks."""
        return self._machine.state not in ("idle", "listening")

    def handle(self, event: Event, message_id: str | None = None) -> None:
        """Execute what follows from ``event``; ``message_id``: returned in the message ``answer``."""
        if self._closed:
            return
        self._next_id = message_id
        for action in self._machine.handle(event, self._clock()):
            self._execute(action)
        self._set_timer()

    def note_played(self, answer: int, seconds: float) -> None:
        """The client has played ``answer`` up to ``seconds``."""
        if player := self._players.get(answer):
            player.note_played(seconds)
            self._parts.listening.note_played(seconds)

    def stop(self) -> None:
        """End the present answer; as much of it as was heard is remembered."""
        for action in self._machine.close(self._clock()):
            self._execute(action)
        self._set_timer()

    async def close(self) -> None:
        """Stop everything, and wait until no thread works for this session."""
        self.stop()
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for task in self._recognitions.values():
            task.cancel()
        await asyncio.gather(*(player.cancel() for player in self._players.values()), return_exceptions=True)
        await asyncio.gather(*self._recognitions.values(), *self._tasks, return_exceptions=True)

    # ---- messages

    def send(self, message: BaseModel) -> None:
        """Send ``message`` before the frames that wait, unless the client does not know it."""
        if not self.is_plain or isinstance(message, _PLAIN_MESSAGES):
            self._outbox.put_first(message)

    async def put(self, message: Outgoing, answer: int | None = None) -> None:
        """Send a message of an answer, in order. Part of the interface of :class:`AnswerPlayer`."""
        if not self.is_plain or isinstance(message, _PLAIN_MESSAGES):
            await self._outbox.put(message, answer)

    def error_message(self, error: LipsyncError, *, fatal: bool = False) -> ErrorMessage:
        """The message that says ``error`` in the caller's language."""
        return ErrorMessage(code=error.code, error=self._parts.explain(error), fatal=fatal)

    # ---- actions

    def _execute(self, action: do.Action) -> None:  # noqa: PLR0912 - one branch for each action
        match action:
            case do.SetState(state):
                self.send(StateChanged(state=state))
            case do.SpeechStarted(_, at):
                self.send(SpeechMoment(type="speech_started", at_ms=round(at * 1000)))
            case do.SpeechStopped(_, at):
                self.send(SpeechMoment(type="speech_stopped", at_ms=round(at * 1000)))
            case do.Transcribe():
                self._transcribe(action)
            case do.DropTranscription(recognition):
                if task := self._recognitions.pop(recognition, None):
                    task.cancel()
            case do.ReportTranscript(_, text, language, final):
                self.send(TranscriptMessage(text=text, final=final, language=language))
            case do.NoWords():
                self.send(TranscriptMessage(text="", final=True))
            case do.Think():
                self._think(action)
            case do.Speak(answer, text):
                self._speak(answer, text)
            case do.Fallback(answer, reason):
                failed = "llm" if reason == "answer_late" else "stt"
                self._say(answer, self._parts.answers.apology(reason), (failed,))
            case do.Release(answer, text):
                self._release(answer, text)
            case do.Duck(answer):
                self.send(VolumeMessage(answer=answer, volume=DUCKED_VOLUME))
            case do.Unduck(answer):
                self.send(VolumeMessage(answer=answer, volume=1.0))
            case do.Interrupted():
                self._interrupt(action)
            case do.Cancel():
                self._cancel(action)
            case do.Resume():
                self._resume(action)
            case do.Complete(answer):
                self._complete(answer)

    def _transcribe(self, action: do.Transcribe) -> None:
        samples = self._parts.listening.part(action.start, action.end)
        language = self.start.language

        async def recognize() -> None:
            try:
                loop = asyncio.get_running_loop()
                transcript = await loop.run_in_executor(
                    self._parts.executor, self._parts.transcribe, samples, language
                )
            except Exception as error:  # any fault of the recognizer: the turn machine knows what to do
                log.warning("speech cannot be recognized: %s", type(error).__name__)
                self._recognitions.pop(action.recognition, None)
                self.handle(TranscriptionFailed(action.recognition))
                return
            probability = max((part.no_speech_probability for part in transcript.segments), default=0.0)
            self._recognitions.pop(action.recognition, None)
            self.handle(TranscriptReady(action.recognition, transcript.text, transcript.language, probability))

        self._recognitions[action.recognition] = asyncio.create_task(recognize())

    def _think(self, action: do.Think) -> None:
        answer = action.answer
        # A question counts when it is asked: the person may go on, and then this was none.
        if not action.speculative and (problem := self._parts.spend()) is not None:
            self._refuse(answer, problem)
            return
        if self._next_id is not None:
            self._ids[answer] = self._next_id
        turn_ended: Future[None] = Future()

        def begin() -> AsyncGenerator[AnswerPart, None]:
            return self._parts.answers.reply(answer, action.text, action.language, self.start, turn_ended)

        def release() -> None:
            if not turn_ended.done():  # the answer may have ended already
                turn_ended.set_result(None)

        self._play(answer, begin, release)
        if action.speculative:
            self._speculative.add(answer)

    def _release(self, answer: int, text: str) -> None:
        player = self._players.get(answer)
        if player is None:  # the question was refused
            return
        if answer in self._speculative and (problem := self._parts.spend()) is not None:
            del self._players[answer]
            self._spawn(player.cancel())
            self._refuse(answer, problem)
            return
        self._parts.history.ask(text)
        self._asked.add(answer)
        self._parts.listening.begin_answer()
        player.release()

    def _speak(self, answer: int, text: str) -> None:
        if (problem := self._parts.spend()) is not None:
            self._refuse(answer, problem)
            return
        if self._next_id is not None:
            self._ids[answer] = self._next_id
        self._say(answer, text)

    def _say(self, answer: int, text: str | AsyncGenerator[str, None], failed: tuple[str, ...] = ()) -> None:
        self._play(answer, lambda: self._parts.answers.say(answer, text, self.start, failed))
        if player := self._players.get(answer):
            self._parts.listening.begin_answer()
            player.release()

    def _refuse(self, answer: int, problem: ErrorMessage) -> None:
        """The answer of this number failed before it began."""
        self.send(problem.model_copy(update={"answer": answer}))
        asyncio.get_running_loop().call_soon(self.handle, AnswerFailed(answer))

    def _play(
        self,
        answer: int,
        begin: Callable[[], AsyncGenerator[AnswerPart, None]],
        released: Callable[[], None] = lambda: None,
    ) -> None:
        try:
            parts = begin()
        except LipsyncError as error:
            self._refuse(answer, self.error_message(error))
            return
        self.send(AnswerMessage(answer=answer, id=self._ids.pop(answer, None)))
        listening, form = self._parts.listening, MessageForm(answer, self.start)
        self._players[answer] = AnswerPlayer(
            answer, parts, form, self, self.handle, self._clock, listening.add_answer_sound, released
        )

    def _interrupt(self, action: do.Interrupted) -> None:
        player = self._players.get(action.answer)
        if player is None:
            return
        self._outbox.stop_answer(action.answer)
        self._parts.listening.stop_answer_sound()
        self.send(
            InterruptedMessage(
                answer=action.answer,
                heard_text=self._heard_text(action.answer, action.heard_s, with_filler=True),
                heard_ms=round(action.heard_s * 1000),
                by=action.by,
            )
        )
        self._spawn(player.stop_sending())

    def _cancel(self, action: do.Cancel) -> None:
        player = self._players.pop(action.answer, None)
        self._speculative.discard(action.answer)
        if action.reason == "continued":
            if action.answer in self._asked:
                self._parts.history.retract()
        elif heard := self._heard_text(action.answer, action.heard_s, player):
            self._parts.history.answer(heard, interrupted=True)
        self._heard_before.pop(action.answer, None)
        self._asked.discard(action.answer)
        if player is not None and action.reason == "failed":
            problem = self.error_message(InternalError("internal", request=""))
            self.send(problem.model_copy(update={"answer": action.answer}))
        if player is not None:
            self._outbox.stop_answer(action.answer)
            self._spawn(player.cancel())

    def _resume(self, action: do.Resume) -> None:
        interrupted = self._players.pop(action.resumes, None)
        if interrupted is None:
            return
        before = [self._heard_before.pop(action.resumes, "")]
        before += [part.text for part in interrupted.sentences[: action.sentence] if not part.is_filler]
        self._heard_before[action.answer] = " ".join(text for text in before if text)
        self._say(action.answer, interrupted.remaining_text(action.sentence))

    def _complete(self, answer: int) -> None:
        player = self._players.pop(answer, None)
        self._asked.discard(answer)
        self._speculative.discard(answer)
        text = player.done.full_text if player is not None and player.done is not None else ""
        whole = f"{self._heard_before.pop(answer, '')} {text}".strip()
        if whole:
            self._parts.history.answer(whole, interrupted=False)

    def _heard_text(
        self, answer: int, heard_s: float, player: AnswerPlayer | None = None, *, with_filler: bool = False
    ) -> str:
        """The words of an answer that were heard to their end; for the history without those of a filler."""
        player = player or self._players.get(answer)
        parts = [part for part in (player.sentences if player else []) if with_filler or not part.is_filler]
        words = [(word.text, word.start, word.end) for part in parts for word in part.words]
        return f"{self._heard_before.get(answer, '')} {heard_text(words, heard_s)}".strip()

    # ---- time

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._machine.next_deadline()
        self._timer = None
        if due is not None:
            delay = max(0.0, due - self._clock())
            self._timer = asyncio.get_running_loop().call_later(delay, self.handle, TimePassed())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def run() -> None:
            with suppress(asyncio.CancelledError):
                await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
