"""A streamed reply as a whole."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator

from lipsync.language_models.types import LLMResponse
from lipsync.text.spoken_reply import spoken_reply


async def collect_reply(pieces: AsyncGenerator[str, None]) -> LLMResponse:
    """Read ``pieces`` to the end, and close them. Raises what they raise."""
    start = time.perf_counter()
    async with contextlib.aclosing(pieces):
        text = [piece async for piece in pieces]
    spoken = spoken_reply("".join(text))
    return LLMResponse(
        text=spoken.text,
        action=spoken.action,
        tokens_count=len(text),
        generation_time=time.perf_counter() - start,
    )
