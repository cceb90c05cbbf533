"""The HTTP client of the language model servers: bounded in bytes, and without proxies or redirects."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lipsync.language_models.errors import LanguageModelError
from lipsync.language_models.limits import MAX_RESPONSE_BYTES

if TYPE_CHECKING:
    import httpx


def bounded_transport() -> httpx.AsyncBaseTransport:
    """Return a transport whose responses end with an error above MAX_RESPONSE_BYTES.

    A request whose connection ends before any answer is sent once more.
    The URL is a setting of the operator's, so private addresses are allowed.
    """
    import httpx  # noqa: PLC0415 - of the extra conversation

    class BoundedStream(httpx.AsyncByteStream):
        def __init__(self, stream: httpx.AsyncByteStream) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            total = 0
            async for chunk in self._stream:
                total += len(chunk)
                if total > MAX_RESPONSE_BYTES:
                    raise httpx.ReadError(f"more than {MAX_RESPONSE_BYTES} bytes")
                yield chunk

        async def aclose(self) -> None:
            await self._stream.aclose()

    class BoundedTransport(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            try:
                response = await super().handle_async_request(request)
            except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
                # A server may close an idle connection in the moment in which it is used again.
                response = await super().handle_async_request(request)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = BoundedStream(response.stream)
            return response

    return BoundedTransport()


@contextlib.contextmanager
def translate_http_errors(url: str) -> Iterator[None]:
    """Turn the errors of httpx into LanguageModelError: llm_slow, llm_unreachable, llm_broke_off."""
    import httpx  # noqa: PLC0415 - of the extra conversation

    host = host_of(url)
    try:
        yield
    except httpx.TimeoutException as error:
        raise LanguageModelError("llm_slow", model=host) from error
    except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise LanguageModelError("llm_unreachable", model=host) from error
    except httpx.HTTPError as error:
        raise LanguageModelError("llm_broke_off", model=host) from error


def host_of(url: str) -> str:
    """Return host and port of ``url`` to show in a message, which must not reveal a path, user name or password."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{parts.hostname or ''}{port}"
