"""What the WSGI application sees of an ASGI request, and what becomes of its answer."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from lipsync.server.asgi.environ_keys import HAS_LEFT, PAUSE
from lipsync.server.asgi.request_head import RequestHead
from lipsync.server.asgi.timeouts import TimeoutPolicy
from lipsync.server.asgi.wsgi_bridge import WsgiBridge
from tests.helpers.run_async import run_async

SCOPE = {
    "type": "http",
    "method": "POST",
    "scheme": "http",
    "http_version": "1.1",
    "raw_path": b"/a%20b/%FF",
    "query_string": b"x=%41",
    "headers": [(b"host", b"x")],
    "client": ("127.0.0.1", 1000),
    "server": ("127.0.0.1", 80),
}


def head(*headers: tuple[bytes, bytes], proxies: int = 0, **scope: object) -> RequestHead:
    return RequestHead({**SCOPE, "headers": [(b"host", b"x"), *headers], **scope}, proxies)


def environ(*headers: tuple[bytes, bytes], **scope: object) -> dict[str, Any]:
    return head(*headers, **scope).environ(io.BytesIO())


def test_the_path_is_decoded_to_bytes_whatever_their_encoding() -> None:
    seen = environ()
    assert (seen["PATH_INFO"], seen["QUERY_STRING"]) == ("/a b/\xff", "x=%41")
    assert environ(raw_path=b"http://x/y%2Fz")["PATH_INFO"] == "/y/z", "absolute form (RFC 9112, 3.2.2)"


def test_headers_keep_their_meaning() -> None:
    seen = environ(
        (b"content-type", b"text/plain"),
        (b"x-a", b"1"),
        (b"x-a", b"2"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x_forwarded_for", b"6.6.6.6"),
    )
    assert (seen["CONTENT_TYPE"], seen["HTTP_X_A"], seen["HTTP_COOKIE"]) == ("text/plain", "1,2", "a=1; b=2")
    assert "HTTP_X_FORWARDED_FOR" not in seen, "an underscore would pass for a hyphen"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, b"203.0.113.7", "127.0.0.1"),
        (1, b"6.6.6.6, 203.0.113.7", "203.0.113.7"),
        (2, b"203.0.113.7", "127.0.0.1"),
        (1, b"2001:db8::1", "2001:db8::/64"),
    ],
)
def test_whom_an_upload_counts_for(proxies: int, forwarded: bytes, address: str) -> None:
    assert head((b"x-forwarded-for", forwarded), proxies=proxies).address == address


# ---- whole requests

Start = Callable[..., object]


def ask(app: Any, *, pieces: tuple[bytes, ...] = (b"",), leaves: bool = False, **scope: object) -> list[Any]:
    """The messages that are sent for a request with a body of ``pieces``; if it ``leaves``, the client is gone after
    the first piece of the answer."""

    async def run() -> list[Any]:
        body, sent, gone = list(pieces), [], asyncio.Event()

        async def receive() -> dict[str, Any]:
            if body:
                piece = body.pop(0)
                return {"type": "http.request", "body": piece, "more_body": bool(body)}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)
            if leaves and message.get("body"):
                gone.set()

        bridge = WsgiBridge(
            app, threads=1, policy=TimeoutPolicy(linger_s=0), is_stopping=lambda: False, max_body_bytes=100
        )
        await bridge({**SCOPE, **scope}, receive, send)
        return sent

    return run_async(run())


def test_a_body_in_pieces_is_read_as_a_file() -> None:
    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [("Content-Length", "4")])
        return [environ["wsgi.input"].readline(), environ["wsgi.input"].read()]

    begin, body = ask(app, pieces=(b"a\n", b"", b"bc"))
    assert (begin["status"], begin["headers"]) == (200, [(b"content-length", b"4")])
    assert (body["body"], body["more_body"]) == (b"a\nbc", False)


def test_of_a_body_that_is_too_large_only_enough_to_see_that_is_kept() -> None:
    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        start("200 OK", [])
        return [str(len(environ["wsgi.input"].read())).encode()]

    assert ask(app, pieces=(b"a" * 90, b"a" * 90))[1]["body"] == b"101", "it said nothing of its length"
    told = ask(app, pieces=(b"a" * 180,), headers=[(b"content-length", b"180")])
    assert told[1]["body"] == b"0"


def test_a_stream_waits_without_its_only_thread() -> None:
    wake: list[Callable[[], None]] = []

    def subscribe(function: Callable[[], None]) -> Callable[[], None]:
        wake.append(function)
        return wake.clear

    def stream(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        start("200 OK", [])
        yield b"first"
        environ[PAUSE].until(subscribe, 60)
        yield b""
        yield b"last"

    def app(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/stream":
            return stream(environ, start)
        start("200 OK", [("Content-Length", "5")])
        return [b"other"]

    async def run() -> tuple[list[Any], list[Any]]:
        bridge = WsgiBridge(app, threads=1, policy=TimeoutPolicy(), is_stopping=lambda: False)

        async def answer(path: bytes) -> list[Any]:
            first: list[Any] = [{"type": "http.request"}]
            bodies = []

            async def receive() -> Any:
                return first.pop() if first else await asyncio.Event().wait()

            async def send(message: Any) -> None:
                bodies.append(message.get("body"))

            await bridge({**SCOPE, "raw_path": path}, receive, send)
            return bodies[1:]

        streamed = asyncio.create_task(answer(b"/stream"))
        while not wake:
            await asyncio.sleep(0.01)
        other = await answer(b"/other")
        wake[0]()
        return other, await streamed

    assert run_async(run()) == ([b"other"], [b"first", b"last", b""])


def test_an_answer_is_closed_when_the_client_leaves() -> None:
    seen = []

    def app(environ: dict[str, Any], start: Start) -> Iterator[bytes]:
        start("200 OK", [])
        try:
            while not environ[HAS_LEFT]():
                yield b"more"
        finally:
            seen.append("closed")

    ask(app, leaves=True)
    assert seen == ["closed"]


def test_an_application_that_fails_is_answered_for() -> None:
    def app(_environ: dict[str, Any], _start: Start) -> Iterable[bytes]:
        raise ValueError

    begin, *_ = ask(app)
    assert begin["status"] == 500
