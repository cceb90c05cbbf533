"""What a person does on the page at ``/talk``, in Chromium."""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, WebSocket, expect

from lipsync.conversation.protocol.binary import MICROPHONE
from lipsync.hearing.types import RATE
from tests.helpers.chromium import Launch
from tests.helpers.gunicorn_server import Server
from tests.helpers.live_client import SECOND, spoken
from tests.helpers.studio_page import LONG_WAIT

APP = "tests.helpers.apps.talk_page:app"
LONG_ANSWER = "One sentence of the answer. " * 6
"""A reply that takes about ten seconds to say."""
RECORD_SOCKETS = """
    window.sockets = [];
    window.WebSocket = class extends WebSocket {
      constructor(...options) {
        super(...options);
        sockets.push(this);
      }
    };
"""
"""Keeps the page's WebSockets in ``sockets``."""


class Wire:
    """What a page sends and receives through its WebSockets."""

    def __init__(self, page: Page) -> None:
        self.sent: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.microphone_messages = 0
        page.on("websocket", self._watch)

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framesent", self._note_sent)
        socket.on("framereceived", lambda data: self._note(data, self.received))

    def _note_sent(self, data: str | bytes) -> None:
        self.microphone_messages += isinstance(data, bytes) and data[0] == MICROPHONE
        self._note(data, self.sent)

    @staticmethod
    def _note(data: str | bytes, messages: list[dict[str, Any]]) -> None:
        if isinstance(data, str):
            messages.append(json.loads(data))

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The messages of this type that were sent."""
        return [message for message in self.sent if message["type"] == kind]


def write_recording(path: Path, text: str = "What is the capital of France?") -> Path:
    """A WAV file of a person who says ``text``, and is silent for two seconds."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(spoken(text) + 2 * SECOND)
    return path


def launch_hearing(launch: Launch, folder: Path) -> Browser:
    """A browser whose microphone hears a question, again and again."""
    heard = write_recording(folder / "question.wav")
    return launch("--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={heard}")


def open_talk(tab: Page, server: Server) -> Wire:
    """Load the page."""
    wire = Wire(tab)
    tab.goto(f"{server.url}talk")
    expect(tab.locator("#still")).to_have_js_property("complete", True)
    expect(tab.locator("#begin")).to_be_visible()
    return wire


def ask(page: Page, text: str) -> None:
    """Ask a question in writing."""
    page.locator("#question").fill(text)
    page.locator("#question").press("Enter")


def expect_phase(page: Page, phase: str) -> None:
    """Wait until the page shows this state, by its name in state.js."""
    expect(page.locator(f'#call[data-phase="{phase}"]')).to_be_attached(timeout=LONG_WAIT)


def last_said(page: Page, role: str) -> str:
    """The last utterance of ``user`` or ``assistant`` in the transcript."""
    return page.locator(f"#transcript .{role} .said").last.inner_text()


def stored(server: Server) -> list[tuple[str, str, bool]]:
    """Role, text and whether it was interrupted, of the newest conversation."""
    newest = json.loads(server.ask("GET", "/api/v1/conversations").body)["conversations"][0]["id"]
    messages = json.loads(server.ask("GET", f"/api/v1/conversations/{newest}").body)["messages"]
    return [(one["role"], one["text"], one["interrupted"]) for one in messages]
