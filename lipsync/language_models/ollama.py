"""Language models of an Ollama server, by its official client.

The native API is used, because the OpenAI-compatible one has neither ``keep_alive`` nor ``num_ctx``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import TYPE_CHECKING

from lipsync.language_models.collect import collect_reply
from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.http import bounded_transport, host_of, translate_http_errors
from lipsync.language_models.limits import (
    CONNECT_TIMEOUT_S,
    HEALTH_TIMEOUT_S,
    MAX_REPLY_CHARACTERS,
    PRELOAD_TIMEOUT_S,
)
from lipsync.language_models.types import GenerationOptions, LLMResponse, Message
from lipsync.runtime.installation import needs_extra

if TYPE_CHECKING:
    from ollama import AsyncClient


class OllamaModel:
    """A model of an Ollama server. Used by one event loop."""

    name = "ollama"

    def __init__(
        self,
        url: str,
        model: str = "",
        *,
        key: str | None = None,
        context: int = 4096,
        keep_alive_s: float = 1800.0,
        timeout_s: float = 30.0,
    ) -> None:
        """``model`` empty: the first that the server lists. ``context`` is fixed for all requests, because another
        value makes Ollama load the model anew. ``timeout_s`` bounds the wait for each piece of a reply.

        Raises LipsyncError missing_part.
        """
        try:
            import httpx  # noqa: PLC0415 - both are of the extra conversation
            from ollama import AsyncClient  # noqa: PLC0415
        except ImportError as error:
            raise needs_extra("ollama", "conversation") from error
        self._host = host_of(url)
        self._url = url
        self._model = model
        self._fixed_options = {"num_ctx": context}
        self._keep_alive_s = keep_alive_s
        self._client: AsyncClient = AsyncClient(
            host=url,
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
            follow_redirects=False,
            transport=bounded_transport(),
            headers={"Authorization": f"Bearer {key}"} if key else None,
        )

    async def generate(self, messages: Sequence[Message], options: GenerationOptions) -> LLMResponse:
        """The whole reply. Raises LanguageModelError."""
        return await collect_reply(self.stream(messages, options))

    async def stream(self, messages: Sequence[Message], options: GenerationOptions) -> AsyncGenerator[str, None]:
        """The reply in pieces. Closing the generator ends the connection, and with it Ollama's work."""
        model = await self._resolve_model()
        characters = 0
        is_done = False
        with self._translate_errors():
            replies = await self._client.chat(
                model=model,
                messages=[message.model_dump() for message in messages],
                stream=True,
                think=False,
                options={
                    **self._fixed_options,
                    "temperature": options.temperature,
                    "num_predict": options.max_tokens,
                },
                keep_alive=self._keep_alive_s,
            )
            async with contextlib.aclosing(replies) as parts:  # type: ignore[type-var]  # an async generator
                async for part in parts:
                    is_done = is_done or bool(part.done)
                    piece = part.message.content or ""
                    characters += len(piece)
                    if piece:
                        yield piece
                    if characters > MAX_REPLY_CHARACTERS:
                        return
        if not is_done:
            raise LanguageModelError("llm_broke_off", model=self._host)

    async def preload(self, system_prompt: str) -> None:
        """Load the model, and let it read the system prompt, which Ollama keeps. Raises LanguageModelError."""
        model = await self._resolve_model()
        with self._translate_errors():
            try:
                async with asyncio.timeout(PRELOAD_TIMEOUT_S):
                    # An empty request loads the model; one of no token then reads the prompt.
                    await self._client.generate(
                        model=model, options=self._fixed_options, keep_alive=self._keep_alive_s
                    )
                    if system_prompt:
                        await self._client.chat(
                            model=model,
                            messages=[{"role": "system", "content": system_prompt}],
                            think=False,
                            options={**self._fixed_options, "num_predict": 1},
                            keep_alive=self._keep_alive_s,
                        )
            except TimeoutError as error:
                raise LanguageModelError("llm_slow", model=self._host) from error

    async def health_check(self) -> bool:
        """Whether the server answers and has the model."""
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                names = await self._models()
        except (LanguageModelError, TimeoutError):
            return False
        return bool(names) and (not self._model or any(_is_same(self._model, name) for name in names))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def _resolve_model(self) -> str:
        if not self._model:
            names = await self._models()
            if not names:
                raise LanguageModelError("llm_no_model", model=self._host)
            self._model = names[0]
        return self._model

    async def _models(self) -> list[str]:
        with self._translate_errors():
            listed = await self._client.list()
        return [one.model for one in listed.models if one.model]

    @contextlib.contextmanager
    def _translate_errors(self) -> Iterator[None]:
        from ollama import ResponseError  # noqa: PLC0415 - of the extra conversation
        from pydantic import ValidationError  # noqa: PLC0415

        try:
            with translate_http_errors(self._url):
                yield
        except ConnectionError as error:  # the client's own, with advice to install Ollama
            raise LanguageModelError("llm_unreachable", model=self._host) from error
        except ResponseError as error:
            raise LanguageModelError("llm_refused", model=self._host, status=error.status_code) from error
        except (ValidationError, ValueError) as error:  # lines that are not JSON, or not of Ollama's form
            raise LanguageModelError("llm_broke_off", model=self._host) from error


def _is_same(chosen: str, name: str) -> bool:
    """Whether both name the same model; Ollama adds ``:latest``."""
    return name in (chosen, f"{chosen}:latest")
