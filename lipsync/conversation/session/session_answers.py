"""The answers of one live conversation, made by the service of all conversations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future

from lipsync.conversation.apologies import ApologyCode, apology
from lipsync.conversation.memory import ConversationMemory
from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.parts import AnswerPart
from lipsync.conversation.protocol.client_messages import Start
from lipsync.conversation.service import ConversationService
from lipsync.conversation.turns.actions import FallbackReason


class SessionAnswers:
    """Answers in the voice of one persona, with the memory of one conversation."""

    def __init__(
        self,
        service: ConversationService,
        memory: Callable[[], ConversationMemory],
        persona: Callable[[], str | None],
        fps: int,
    ) -> None:
        """``memory`` and ``persona`` return the present ones; ``fps``: frames of video a second."""
        self._service, self._memory, self._persona, self._fps = service, memory, persona, fps
        self._loop = asyncio.get_running_loop()

    def reply(
        self,
        number: int,
        question: str,
        language: str | None,  # noqa: ARG002 - a persona speaks its own
        start: Start,
        turn_ended: Future[None],
    ) -> AsyncGenerator[AnswerPart, None]:
        """See :class:`lipsync.conversation.session.session_parts.Answers`."""
        history = self._memory().messages()
        options = self._options(number, start)
        parts = self._service.answer(
            question, history, persona=self._persona(), options=options, turn_ended=turn_ended
        )
        return self._service.loop.stream(parts)

    def say(
        self, number: int, text: str | AsyncGenerator[str, None], start: Start, failed: Sequence[str] = ()
    ) -> AsyncGenerator[AnswerPart, None]:
        """See :class:`lipsync.conversation.session.session_parts.Answers`."""
        persona, options = self._persona(), self._options(number, start)
        if isinstance(text, str):
            parts = self._service.say(text, persona=persona, options=options, failed=failed)
        else:
            reply = _TextOfAnotherLoop(text, self._loop, failed)
            parts = self._service.speak(lambda: reply, persona=persona, options=options)
        return self._service.loop.stream(parts)

    def apology(self, reason: FallbackReason) -> str:
        """The persona's sentence for a part that is too late or broken, in its language."""
        code: ApologyCode = "llm_slow" if reason == "answer_late" else "not_heard"
        return apology(code, self._service.speaker(self._persona()).language)

    def _options(self, number: int, start: Start) -> AnswerOptions:
        want = start.want
        return AnswerOptions(
            number=number,
            sound=True,  # paces what is sent, and is what an echo is compared with
            blendshapes=want.blendshapes,
            motion=want.motion,
            video=want.video != "none",
            weights_fps=start.fps,
            fps=self._fps,
            seed=number,
        )


class _TextOfAnotherLoop:
    """A reply whose text is made in the event loop of the session."""

    def __init__(
        self, text: AsyncGenerator[str, None], loop: asyncio.AbstractEventLoop, failed: Sequence[str]
    ) -> None:
        self._text, self._loop, self._failed = text, loop, failed

    async def pieces(self) -> AsyncGenerator[str, None]:
        try:
            while (piece := await self._call(anext(self._text, None))) is not None:
                yield piece
        finally:
            await self._call(self._text.aclose())

    def phrase(self) -> str | None:
        return None

    def failed(self) -> Sequence[str]:
        return self._failed

    async def _call(self, work: object) -> str | None:
        async def run() -> str | None:
            return await work  # type: ignore[misc, no-any-return]  # any awaitable

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(run(), self._loop))
