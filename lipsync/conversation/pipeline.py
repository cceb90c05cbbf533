"""The pipeline of the specification: one question, answered frame by frame."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from lipsync.conversation.frames import FrameMaker
from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.service import ConversationService
from lipsync.conversation.types import AvatarFrame
from lipsync.language_models.types import Message


class ConversationPipeline:
    """A :class:`lipsync.conversation.types.Pipeline` for any event loop."""

    def __init__(
        self,
        conversations: ConversationService,
        *,
        persona: str | None = None,
        options: AnswerOptions = AnswerOptions(),  # noqa: B008 - immutable
    ) -> None:
        """``persona`` answers; None: the default one."""
        self._conversations, self._persona, self._options = conversations, persona, options

    async def process(self, user_input: str, history: Sequence[Message]) -> AsyncGenerator[AvatarFrame, None]:
        """The answer, frame by frame, while it is made. Closing the iterator stops everything.

        Raises LipsyncError before the first frame, as :meth:`ConversationService.answer`.
        """
        answer = self._conversations.answer(user_input, history, persona=self._persona, options=self._options)
        maker = FrameMaker()
        async with aclosing(self._conversations.loop.stream(answer)) as parts:
            async for part in parts:
                for frame in maker.add(part):
                    yield frame

    async def health_check(self) -> dict[str, bool]:
        """Whether each part works now: ``llm``, ``tts``, ``lipsync``, ``motion``, ``stt``. Raises nothing."""
        conversations = self._conversations
        return await asyncio.wrap_future(conversations.loop.submit(conversations.health_check()))
