"""Reads what a client sends, and gives it to the session: checked, bounded, and for a limited time."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from pydantic import ValidationError

from lipsync.conversation.errors import ConversationError
from lipsync.conversation.protocol import client_messages as incoming
from lipsync.conversation.protocol.binary import MICROPHONE, unpack
from lipsync.conversation.protocol.server_messages import Closing, Pong, Ready
from lipsync.conversation.session.limits import SessionLimits
from lipsync.conversation.session.listening import Listening
from lipsync.conversation.session.outbox import Outbox, Sender
from lipsync.conversation.session.session import Session
from lipsync.conversation.turns.events import Clear, Commit, Interrupt, Played, SpeechRequested, WrittenQuestion
from lipsync.conversation.turns.machine import TurnMachine
from lipsync.conversation.types import MAX_MESSAGE_CHARACTERS
from lipsync.errors import LipsyncError

NORMAL, GOING_AWAY, POLICY_VIOLATION, TOO_BIG = 1000, 1001, 1008, 1009
"""Close codes of RFC 6455, 7.4.1."""


class ClientSocket(Sender, Protocol):
    """The client's connection."""

    async def receive(self) -> str | bytes | None:
        """The next message; None when the client has closed."""
        ...

    async def close(self, code: int) -> None:
        """Close the connection."""
        ...


class Opening(Protocol):
    """Begins or changes a session by what the client asks for."""

    async def __call__(self, start: incoming.Start) -> tuple[Ready, str]:
        """What the client is told, and the persona's greeting, or an empty string. Raises LipsyncError."""
        ...


class SessionConnection:
    """One client's connection. :meth:`run` serves it until its end."""

    def __init__(
        self,
        socket: ClientSocket,
        session: Session,
        machine: TurnMachine,
        outbox: Outbox,
        listening: Listening,
        opening: Opening,
        clean: Callable[[str, int], str],
        limits: SessionLimits = SessionLimits(),  # noqa: B008 - immutable
    ) -> None:
        """``clean`` takes markup out of a text, and raises LipsyncError for one without words or of more characters
        than its second argument."""
        self._socket, self._session, self._machine, self._outbox = socket, session, machine, outbox
        self._listening, self._opening, self._clean = listening, opening, clean
        self._limits = limits
        self._bad = 0
        self._close_code = NORMAL

    async def run(self, stopping: asyncio.Event) -> int:
        """Serve until the client leaves, a limit is reached or the server stops; the close code.

        Raises OSError when the connection is lost.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + self._limits.max_session_s
        sending = asyncio.create_task(self._outbox.run())
        stop = asyncio.create_task(stopping.wait())
        receiving: asyncio.Task[str | bytes | None] | None = None
        try:
            while True:
                receiving = receiving or asyncio.create_task(self._receive())
                wait = min(self._limits.max_idle_s, end - loop.time())
                done, _ = await asyncio.wait(
                    (receiving, sending, stop), timeout=max(0.0, wait), return_when=asyncio.FIRST_COMPLETED
                )
                if sending in done:
                    sending.result()  # raises what ended it
                if stop in done:
                    return await self._say_goodbye("stopping", GOING_AWAY, self._limits.farewell_s)
                if receiving in done:
                    message, receiving = receiving.result(), None
                    if message is None or not await self._take(message):
                        return self._close_code
                elif loop.time() >= end:
                    return await self._say_goodbye("limit", POLICY_VIOLATION, 0)
                elif not done and not self._session.is_busy:
                    return await self._say_goodbye("idle", NORMAL, 0)
        finally:
            for task in (receiving, sending, stop):
                if task is not None:
                    task.cancel()
                    with suppress(asyncio.CancelledError, OSError):
                        await task
            await self._session.close()
            with suppress(OSError):
                await self._outbox.flush()

    async def _receive(self) -> str | bytes | None:
        await self._outbox.wait_for_room()
        return await self._socket.receive()

    async def _say_goodbye(self, reason: str, code: int, seconds: float) -> int:
        """Announce the end, and let a sentence end for ``seconds``; the close code."""
        self._session.send(Closing.model_validate({"reason": reason, "seconds": seconds}))
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds * 0.8
        while self._session.is_busy and loop.time() < end:
            await asyncio.sleep(0.05)
        return code

    async def _take(self, message: str | bytes) -> bool:
        """Handle one message; whether the connection goes on."""
        try:
            if isinstance(message, bytes):
                self._take_binary(message)
            else:
                await self._take_text(message)
        except LipsyncError as error:
            self._session.send(self._session.error_message(error))
        except _BadMessageError as bad:
            self._bad += 1
            fatal = bad.fatal or self._bad >= self._limits.max_bad_messages
            self._close_code = bad.close_code
            problem = ConversationError("bad_message", reason=str(bad))
            self._session.send(self._session.error_message(problem, fatal=fatal))
            return not fatal
        return True

    def _take_binary(self, message: bytes) -> None:
        if len(message) > incoming.MAX_BINARY_BYTES:
            raise _BadMessageError("a binary message is larger than 32 kB", TOO_BIG, fatal=True)
        try:
            kind, _, _, data = unpack(message)
        except ValueError as error:
            raise _BadMessageError(str(error)) from error
        if kind != MICROPHONE:
            raise _BadMessageError(f"kind {kind} of a binary message is unknown")
        self._hear(data)

    async def _take_text(self, message: str) -> None:
        if len(message.encode()) > incoming.MAX_JSON_BYTES:
            raise _BadMessageError("a message is larger than 64 kB", TOO_BIG, fatal=True)
        try:
            parsed = incoming.CLIENT_MESSAGE.validate_json(message)
        except ValidationError as error:
            raise _BadMessageError(_first_problem(error)) from error
        await self._dispatch(parsed)

    async def _dispatch(self, message: incoming.ClientMessage) -> None:
        session, seconds = self._session, self._listening.seconds
        match message:
            case incoming.Start():
                await self._start(message)
            case incoming.Chat():
                session.handle(WrittenQuestion(self._clean(message.message, MAX_MESSAGE_CHARACTERS)), message.id)
            case incoming.Audio():
                try:
                    self._hear(base64.b64decode(message.data, validate=True))
                except binascii.Error as error:
                    raise _BadMessageError("data is not base64") from error
            case incoming.Commit():
                session.handle(Commit(seconds))
            case incoming.Clear():
                session.handle(Clear(seconds))
            case incoming.Say():
                session.handle(SpeechRequested(self._clean(message.text, incoming.MAX_SAY_CHARACTERS)), message.id)
            case incoming.Interrupt():
                played = None if message.played_ms is None else message.played_ms / 1000
                session.handle(Interrupt(played))
            case incoming.Played():
                session.note_played(message.answer, message.ms / 1000)
                session.handle(Played(message.answer, message.ms / 1000))
            case incoming.Ping():
                session.send(Pong())

    async def _start(self, start: incoming.Start) -> None:
        ready, greeting = await self._opening(start)
        session = self._session
        if session.is_plain or start.input.rate != session.start.input.rate:
            self._listening.open(start.input.rate)
        session.start, session.is_plain = start.model_copy(update={"language": ready.language}), False
        self._machine.options = start.turn
        session.send(ready)
        if greeting and start.greeting:
            session.handle(SpeechRequested(greeting))

    def _hear(self, pcm16: bytes) -> None:
        for window in self._listening.add(pcm16):
            self._session.handle(window)


class _BadMessageError(ValueError):
    """A message of the client that cannot be understood."""

    def __init__(self, reason: str, close_code: int = POLICY_VIOLATION, *, fatal: bool = False) -> None:
        super().__init__(reason)
        self.close_code, self.fatal = close_code, fatal


def _first_problem(error: ValidationError) -> str:
    """The first of pydantic's complaints, without the client's values."""
    problem = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}: {problem['msg']}" if place else str(problem["msg"])
