"""What a voice on another machine may answer: behaviours of tests/helpers/http_server.py that send speech."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler

import numpy as np

from lipsync.audio.encode import SoundWriter
from lipsync.audio.sound_file import SoundFile
from lipsync.speech.engines.espeak import EspeakVoice
from tests.helpers.http_server import Behaviour, ReceivedRequest, respond


def spoken(text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """(n,) real speech, as if it had 24000 samples a second: a little fast and high, like a child."""
    return np.concatenate([one.samples for one in EspeakVoice().speak(text, "en")])


def mp3(samples: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    writer = SoundWriter("mp3", 24000)
    return writer.add(samples) + writer.finish()


def wav(
    samples: np.ndarray[tuple[int], np.dtype[np.float32]], riff: int | None = None, data: int | None = None
) -> bytes:
    """With the true lengths, or with those that are given, as a server writes them that streams."""
    with SoundFile("wav", 24000) as file:
        file.add(samples)
        file.finish()
        whole = bytearray(b"".join(file.read()))
    for place, length in ((4, riff), (40, data)):
        if length is not None:
            whole[place : place + 4] = length.to_bytes(4, "little")
    return bytes(whole)


def answers_in_chunks(body: bytes, *, whole: bool = True) -> Behaviour:
    """Chunked, with or without the last chunk of 0 bytes."""

    def behave(handler: BaseHTTPRequestHandler, _: ReceivedRequest) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/wav")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(body), 5000):
            piece = body[start : start + 5000]
            handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n" if whole else b"")

    return behave


def answers_until_it_hangs_up(body: bytes) -> Behaviour:
    """As in HTTP/1.0: the answer ends where the connection does."""

    def behave(handler: BaseHTTPRequestHandler, _: ReceivedRequest) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "audio/wav")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def speaks(handler: BaseHTTPRequestHandler, request: ReceivedRequest) -> None:
    """As a good server does."""
    respond(body=mp3(spoken(_text(request))))(handler, request)


def speaks_half(handler: BaseHTTPRequestHandler, request: ReceivedRequest) -> None:
    """The length of the whole is promised, half of it sent."""
    whole = mp3(spoken(_text(request)))
    respond(body=whole[: len(whole) // 2], Content_Length=str(len(whole)))(handler, request)


def _text(request: ReceivedRequest) -> str:
    """The text in either form of request: our own, or OpenAI's."""
    wanted = request.json()
    return str(wanted.get("text", wanted.get("input")))
