"""A live conversation for one client: assembles its persona, memory, recognizer and answers."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Future

from lipsync.conversation.errors import TicketError
from lipsync.conversation.health import check_health
from lipsync.conversation.memory import ConversationMemory
from lipsync.conversation.protocol.client_messages import Start
from lipsync.conversation.protocol.server_messages import ErrorMessage, PartInUse, Ready
from lipsync.conversation.repository import ConversationRepository
from lipsync.conversation.service import ConversationService
from lipsync.conversation.session.connection import ClientSocket, SessionConnection
from lipsync.conversation.session.limits import SessionLimits
from lipsync.conversation.session.listening import Listening
from lipsync.conversation.session.outbox import Outbox
from lipsync.conversation.session.session import Session
from lipsync.conversation.session.session_answers import SessionAnswers
from lipsync.conversation.session.session_parts import SessionParts
from lipsync.conversation.turns.machine import TurnMachine
from lipsync.conversation.turns.options import TurnLimits, TurnOptions
from lipsync.conversation.types import MAX_MESSAGE_CHARACTERS
from lipsync.errors import LipsyncError
from lipsync.hearing import silero
from lipsync.hearing.end_of_turn import TextTurnDetector
from lipsync.messages import Message
from lipsync.text.clean_message import clean_message
from lipsync.text.languages import resolve_language

log = logging.getLogger(__name__)

_MARGIN_S = 5.0
"""Seconds by which the conversation waits longer than the answer waits for its text: a voice has to speak it."""


class LiveConversation:
    """Serves one client. :meth:`run` is to be called once."""

    def __init__(
        self,
        service: ConversationService,
        repository: ConversationRepository,
        owner: str,
        language: str,
        spend: Callable[[], ErrorMessage | None],
        persona: str | None = None,
        limits: SessionLimits = SessionLimits(),  # noqa: B008 - immutable
    ) -> None:
        """``owner``: name of the caller; ``language``: code for the sentences of errors; ``spend`` counts a question;
        ``persona``: the only one that may be talked with; None: any."""
        self._service, self._repository = service, repository
        self._owner, self._language, self._spend, self._limits = owner, language, spend, limits
        self._turn_limits = _turn_limits(service.limits.first_token_s + _MARGIN_S)
        self._only = persona
        self._memory: ConversationMemory | None = None
        self._session: Session | None = None
        self._prepared: set[tuple[str, str, bool]] = set()
        """Personas, languages heard, and whether with video: what is loaded, or will be."""
        self._persona: str | None = persona

    async def run(self, socket: ClientSocket, stopping: asyncio.Event) -> int:
        """Serve ``socket`` until its end; the close code. Raises OSError when the connection is lost, LipsyncError
        where no conversation can begin."""
        loop = asyncio.get_running_loop()
        self._persona = self._service.speaker(self._only).name
        self._memory = await self._remember(None, self._persona)
        machine = TurnMachine(TextTurnDetector(), TurnOptions(), self._turn_limits, now=loop.time())
        listening = Listening(silero.SileroDetector if silero.is_installed() else None)
        outbox = Outbox(socket)
        fps = self._service.settings.fps
        parts = SessionParts(
            SessionAnswers(self._service, lambda: self._history, lambda: self._persona, fps),
            _CurrentMemory(lambda: self._history),
            listening,
            self._service.transcribe,
            self._service.hearing_pool,
            self._spend,
            self._explain,
        )
        self._session = session = Session(parts, machine, outbox)
        connection = SessionConnection(
            socket,
            session,
            machine,
            outbox,
            listening,
            self._open,
            clean_message,
            self._limits,
        )
        try:
            return await connection.run(stopping)
        finally:
            await loop.run_in_executor(self._service.pool, self._delete_if_empty, self._history)

    @property
    def _history(self) -> ConversationMemory:
        assert self._memory is not None
        return self._memory

    async def _open(self, start: Start) -> tuple[Ready, str]:
        await self._choose(start)
        speaker = self._service.speaker(self._persona)
        language = resolve_language(start.language).code if start.language else speaker.language
        self._prepare(speaker.name, language, video=start.want.video != "none")
        works = self._service.health.current().works
        self._service.health.refresh(lambda: self._service.loop.submit(check_health(self._service)))
        ready = Ready(
            session=secrets.token_urlsafe(9),
            conversation=self._history.conversation.id,
            persona=speaker.name,
            language=language,
            notice=Message("talk.notice").text(speaker.language),
            parts={name: PartInUse(name=name, fallback=not is_working) for name, is_working in works.items()},
            limits={
                "message_characters": MAX_MESSAGE_CHARACTERS,
                "turn_s": self._turn_limits.max_utterance_s,
                "idle_s": self._limits.max_idle_s,
                "session_s": self._limits.max_session_s,
            },
        )
        return ready, "" if self._history.history.utterances else speaker.greeting

    async def _choose(self, start: Start) -> None:
        """Go on with the conversation and the persona that ``start`` names. Raises LipsyncError."""
        memory, persona = self._history, self._persona
        if start.conversation not in (None, memory.conversation.id):
            memory = await self._remember(start.conversation, "")
            persona = memory.conversation.persona
        persona = self._service.speaker(start.persona or self._only or persona).name
        if self._only not in (None, persona):
            raise TicketError("wrong_ticket")
        if memory is self._history and persona != self._persona:
            memory = await self._remember(None, persona)
        if memory is not self._history:
            assert self._session is not None
            self._session.stop()
            before, self._memory = self._history, memory
            await asyncio.get_running_loop().run_in_executor(self._service.pool, self._delete_if_empty, before)
        self._persona = persona

    async def _remember(self, id: str | None, persona: str) -> ConversationMemory:
        """A stored conversation of the caller, or a new one with ``persona``. Raises ConversationError,
        DatabaseError."""

        def open_memory() -> ConversationMemory:
            repository = self._repository
            found = repository.create(self._owner, persona) if id is None else repository.resume(id, self._owner)
            return ConversationMemory.open(found, repository, self._service.writer)

        return await asyncio.get_running_loop().run_in_executor(self._service.pool, open_memory)

    def _delete_if_empty(self, memory: ConversationMemory) -> None:
        """Nothing is kept of a conversation in which nothing was said."""
        memory.flush()
        try:
            self._repository.delete_if_empty(memory.conversation)
        except LipsyncError as error:
            log.debug("an empty conversation cannot be deleted: %s", error.code)

    def _prepare(self, persona: str, language: str, *, video: bool) -> None:
        """Load what the answers will need, once."""
        wish = (persona, language, video)
        if wish in self._prepared:
            return
        self._prepared.add(wish)
        self._service.loop.submit(self._service.prepare(persona, video=video)).add_done_callback(_log_failure)
        self._service.hearing_pool.submit(self._load_recognizer, language)

    def _load_recognizer(self, language: str) -> None:
        """Load it before the first words."""
        try:
            self._service.load_recognizer(language)
        except Exception as error:  # it is told when something has to be recognized
            log.debug("speech cannot be recognized: %s", error)

    def _explain(self, error: LipsyncError) -> str:
        return error.description.text(self._language)


def _turn_limits(min_wait_s: float) -> TurnLimits:
    """The default limits, with waits for an answer that are not shorter than ``min_wait_s`` seconds."""
    usual = TurnLimits()
    return TurnLimits(
        max_thinking_s=max(usual.max_thinking_s, min_wait_s), max_stall_s=max(usual.max_stall_s, min_wait_s)
    )


def _log_failure(future: Future[None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        log.debug("a conversation is not prepared: %s", error)  # it is told when something has to be answered


class _CurrentMemory:
    """The memory of the conversation that goes on now: a client may change it."""

    def __init__(self, memory: Callable[[], ConversationMemory]) -> None:
        self._memory = memory

    def ask(self, question: str) -> None:
        self._memory().ask(question)

    def retract(self) -> None:
        self._memory().retract()

    def answer(self, text: str, *, interrupted: bool) -> None:
        self._memory().answer(text, interrupted=interrupted)
