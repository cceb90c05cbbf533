"""A client of live conversations, for tests: the real ``websockets`` client, and what came so far."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from lipsync.audio.resample import Resampler
from lipsync.audio.segment import SEGMENT_RATE
from lipsync.conversation.protocol.binary import MICROPHONE, SOUND, VIDEO, pack, unpack
from lipsync.hearing.types import RATE
from lipsync.speech.engines.espeak import EspeakVoice
from tests.helpers.gunicorn_server import PATIENCE, Server

MAX_WAIT_S = 20.0
"""Seconds without any message after which a test fails."""
PATH = "/api/v1/stream"
SECOND = bytes(2 * RATE)
"""One second of the microphone's silence."""


def spoken(text: str) -> bytes:
    """English ``text`` as the sound of a microphone, between silences."""
    speeches = list(EspeakVoice().speak(text, "en"))
    resampler = Resampler(speeches[0].rate, RATE)
    samples = np.concatenate([*(resampler.add(speech.samples) for speech in speeches), resampler.finish()])
    return SECOND + np.round(samples * 32767).astype("<i2").tobytes() + SECOND


class LiveClient:
    """One connection. ``came`` has everything that was received."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.is_fast = False
        """Whether answers are reported as played at once: nothing is waited for."""
        self._played: set[int] = set()
        self.came: list[Any] = []

    def send(self, **message: Any) -> None:
        """Send JSON."""
        self.connection.send(json.dumps(message))

    def hear(self, sound: bytes = SECOND) -> None:
        """Send the sound of a microphone, in pieces."""
        piece = len(SECOND) // 10
        for start in range(0, len(sound), piece):
            self.connection.send(pack(MICROPHONE, 0, 0.0, sound[start : start + piece]))

    def next(self) -> Any:
        """The next message: a dict, or bytes."""
        message = self.connection.recv(MAX_WAIT_S)
        self.came.append(json.loads(message) if isinstance(message, str) else message)
        if self.is_fast and isinstance(self.came[-1], dict) and self.came[-1]["type"] == "frame":
            answer = self.came[-1]["answer"]
            if answer not in self._played:
                self._played.add(answer)
                self.send(type="played", answer=answer, ms=3_600_000)
        return self.came[-1]

    def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Receive up to a message of this type with these fields."""
        while True:
            message = self.next()
            if isinstance(message, dict) and {**message, "type": kind, **fields} == message:
                return message

    def ask(self, question: str, **fields: Any) -> dict[str, Any]:
        """Ask in writing; the message ``done``."""
        self.send(type="chat", message=question, **fields)
        return self.until("done")

    def start(self, **fields: Any) -> dict[str, Any]:
        """Send ``start``; the message ``ready``."""
        self.send(type="start", **fields)
        return self.until("ready")

    def finish(self) -> None:
        """Receive until the server closes."""
        with suppress(ConnectionClosed):
            while True:
                self.next()

    @property
    def close_code(self) -> int | None:
        return self.connection.close_code

    # ---- what came

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The JSON messages of one type."""
        return [message for message in self.came if isinstance(message, dict) and message["type"] == kind]

    def sound(self) -> list[tuple[float, bytes]]:
        """Times and samples of the pieces of sound, in either form."""
        pieces = []
        for message in self.came:
            if isinstance(message, bytes):
                kind, _, start, data = unpack(message)
                if kind == SOUND:
                    pieces.append((start, data))
            elif "audio_chunk" in message:
                pieces.append((message["timestamp"], base64.b64decode(message["audio_chunk"])))
        return pieces

    def video(self) -> bytes:
        """The MP4."""
        binary = [unpack(message) for message in self.came if isinstance(message, bytes)]
        return b"".join(data for kind, _, _, data in binary if kind == VIDEO)


@contextmanager
def live(
    server: Server, *protocols: str, sock: socket.socket | None = None, max_queue: int = 16, **headers: str
) -> Iterator[LiveClient]:
    """A live conversation with ``server``; ``headers`` by names with underscores.

    ``sock`` is connected; ``max_queue``: messages that the client reads ahead.
    """
    with connect(
        f"ws://127.0.0.1:{server.port}{PATH}",
        subprotocols=protocols or None,  # type: ignore[arg-type]
        additional_headers={name.replace("_", "-"): value for name, value in headers.items()},
        open_timeout=PATIENCE,
        proxy=None,
        sock=sock,
        max_queue=max_queue,
    ) as connection:
        yield LiveClient(connection)


def check_sound(pieces: list[tuple[float, bytes]], duration: float) -> bytes:
    """The joined samples, after a check that the pieces have no gap and last ``duration`` seconds."""
    joined = b""
    for start, data in pieces:
        assert start == pytest.approx(len(joined) / 2 / SEGMENT_RATE, abs=1e-4)
        joined += data
    assert len(joined) / 2 / SEGMENT_RATE == pytest.approx(duration, abs=1e-3)
    return joined
