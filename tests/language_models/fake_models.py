"""Language models that behave as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from lipsync.language_models.collect import collect_reply
from lipsync.language_models.types import GenerationOptions, LLMResponse, Message


class ScriptedModel:
    """Yields pieces; waits where one is a number of seconds, and raises where one is an error."""

    def __init__(self, name: str, *script: str | float | Exception, is_healthy: bool = True) -> None:
        self.name = name
        self.calls: list[Sequence[Message]] = []
        self.closed = 0
        self._script = script
        self._is_healthy = is_healthy

    async def generate(self, messages: Sequence[Message], options: GenerationOptions) -> LLMResponse:
        return await collect_reply(self.stream(messages, options))

    async def stream(
        self,
        messages: Sequence[Message],
        options: GenerationOptions,  # noqa: ARG002 - of the interface
    ) -> AsyncGenerator[str, None]:
        self.calls.append(messages)
        try:
            for step in self._script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, str):
                    yield step
                else:
                    await asyncio.sleep(step)
        finally:
            self.closed += 1

    async def health_check(self) -> bool:
        return self._is_healthy
