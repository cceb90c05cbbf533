"""Language models of any server that speaks OpenAI's interface (``/v1/chat/completions``), streaming."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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
    import httpx


class OpenAIModel:
    """A model of a server with OpenAI's interface. Used by one event loop."""

    name = "openai"

    def __init__(self, url: str, model: str = "", *, key: str | None = None, timeout_s: float = 30.0) -> None:
        """``url`` is the server's, or that of its interface (``…/v1``). ``model`` empty: the first that it lists.
        ``timeout_s`` bounds the wait for each piece of a reply. Raises LipsyncError missing_part."""
        try:
            import httpx  # noqa: PLC0415 - of the extra conversation
        except ImportError as error:
            raise needs_extra("httpx", "conversation") from error
        self._url = url
        self._host = host_of(url)
        self._model = model
        self._client = httpx.AsyncClient(
            base_url=base_url(url),
            timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
            follow_redirects=False,
            transport=bounded_transport(),
            headers={"Authorization": f"Bearer {key}"} if key else {},
        )

    async def generate(self, messages: Sequence[Message], options: GenerationOptions) -> LLMResponse:
        """The whole reply. Raises LanguageModelError."""
        return await collect_reply(self.stream(messages, options))

    async def stream(self, messages: Sequence[Message], options: GenerationOptions) -> AsyncGenerator[str, None]:
        """The reply in pieces. Closing the generator ends the connection."""
        characters = 0
        body = {
            "model": await self._resolve_model(),
            "messages": [message.model_dump() for message in messages],
            "temperature": options.temperature,
            "max_tokens": options.max_tokens,
            "stream": True,
        }
        with translate_http_errors(self._url):
            async with self._client.stream("POST", "chat/completions", json=body) as response:
                self._check_status(response)
                async for event in _events(response, self._host):
                    if event is None:  # the end of the reply
                        return
                    piece = _content(event)
                    characters += len(piece)
                    if piece:
                        yield piece
                    if characters > MAX_REPLY_CHARACTERS:
                        return
        raise LanguageModelError("llm_broke_off", model=self._host)

    async def preload(self, system_prompt: str) -> None:
        """Let the model read the system prompt, which most servers keep. Raises LanguageModelError."""
        messages = [Message(role="system", content=system_prompt), Message(role="user", content="Hello")]
        try:
            async with asyncio.timeout(PRELOAD_TIMEOUT_S):
                async for _ in self.stream(messages, GenerationOptions(max_tokens=1)):
                    pass
        except TimeoutError as error:
            raise LanguageModelError("llm_slow", model=self._host) from error

    async def health_check(self) -> bool:
        """Whether the server answers and has a model."""
        try:
            async with asyncio.timeout(HEALTH_TIMEOUT_S):
                return bool(await self._models())
        except (LanguageModelError, TimeoutError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _resolve_model(self) -> str:
        if not self._model:
            names = await self._models()
            if not names:
                raise LanguageModelError("llm_no_model", model=self._host)
            self._model = names[0]
        return self._model

    async def _models(self) -> list[str]:
        with translate_http_errors(self._url):
            response = await self._client.get("models")
        self._check_status(response)
        try:
            return [str(one["id"]) for one in response.json()["data"]]
        except (ValueError, KeyError, TypeError) as error:
            raise LanguageModelError("llm_broke_off", model=self._host) from error

    def _check_status(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            raise LanguageModelError("llm_refused", model=self._host, status=response.status_code)


def base_url(url: str) -> str:
    """Return the URL of the interface: ``/v1`` is added to one without a path.

    >>> base_url("http://localhost:8080")
    'http://localhost:8080/v1/'
    """
    bare = url.rstrip("/")
    return f"{bare}/" if urlsplit(bare).path else f"{bare}/v1/"


async def _events(response: httpx.Response, host: str) -> AsyncIterator[dict[str, Any] | None]:
    """The data of the server-sent events, decoded; None for ``[DONE]``, and for a choice that says it is the last."""
    async with contextlib.aclosing(response.aiter_lines()) as lines:  # type: ignore[type-var]
        async for line in lines:
            if not line.startswith("data:"):
                continue
            data = line.removeprefix("data:").strip()
            if data == "[DONE]":
                yield None
                return
            try:
                event = json.loads(data)
            except ValueError as error:
                raise LanguageModelError("llm_broke_off", model=host) from error
            if not isinstance(event, dict) or "error" in event:
                raise LanguageModelError("llm_broke_off", model=host)
            yield event
            if _is_last(event):
                yield None
                return


def _choice(event: dict[str, Any]) -> dict[str, Any]:
    choices = event.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else {}
    return first if isinstance(first, dict) else {}


def _is_last(event: dict[str, Any]) -> bool:
    return bool(_choice(event).get("finish_reason"))


def _content(event: dict[str, Any]) -> str:
    delta = _choice(event).get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    return content if isinstance(content, str) else ""
