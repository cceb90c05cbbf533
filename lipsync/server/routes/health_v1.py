"""``GET /api/v1/health``: whether each part of a conversation works."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Literal

from flask import Blueprint, Response
from pydantic import Field

from lipsync.conversation.health import PartsHealth, check_health
from lipsync.conversation.service import ConversationService
from lipsync.server.describe import ResponseSpec, described, json_response
from lipsync.server.responses import Answer

_FRESH_S = 2.0
"""Seconds for which what was found out is told again: a check asks a language model's server."""


class PartsAnswer(Answer):
    """Whether each part works."""

    llm: bool = Field(description="The preferred language model; else stored replies answer.")
    tts: bool = Field(description="The voice of the default persona; else another one, or silence in which to read.")
    lipsync: bool = Field(description="The service that draws and encodes.")
    motion: bool = Field(description="The motions of the body.")
    stt: bool = Field(description="Recognition of speech.")


class VramAnswer(Answer):
    """Memory of the GPU; 0 where none is used."""

    used_mb: float
    total_mb: float


class ConversationHealthAnswer(Answer):
    """Health of conversations."""

    status: Literal["healthy", "degraded", "unhealthy"] = Field(
        description="degraded: fallbacks are in use; unhealthy: nothing can be spoken."
    )
    components: PartsAnswer
    vram_usage: VramAnswer


class _Health:
    """What was found out last; one request looks, those that come meanwhile wait for it."""

    def __init__(self, conversations: ConversationService, clock: Callable[[], float] = time.monotonic) -> None:
        self._conversations, self._clock = conversations, clock
        self._lock = Lock()
        self._known: tuple[float, PartsHealth] | None = None

    def read(self) -> PartsHealth:
        with self._lock:
            if self._known is None or self._clock() - self._known[0] > _FRESH_S:
                checked = self._conversations.loop.run(check_health(self._conversations))
                self._known = self._clock(), checked
            return self._known[1]


def blueprint(conversations: ConversationService) -> Blueprint:
    """The route, which needs no key."""
    api = Blueprint("health_v1", __name__, url_prefix="/api/v1")
    health = _Health(conversations)

    @api.get("/health")
    @described(
        "Health of conversations",
        ResponseSpec(200, "Each part.", ConversationHealthAnswer),
        tag="conversation",
        description="A part that failed in an answer is false for a minute, or until it has worked again.",
    )
    def read_health() -> Response:
        parts = health.read()
        used, total = conversations.gpu.usage_mb()
        answer = ConversationHealthAnswer(
            status="healthy" if all(parts.works.values()) else "degraded" if parts.can_speak else "unhealthy",
            components=PartsAnswer(**parts.works),
            vram_usage=VramAnswer(used_mb=round(used), total_mb=round(total)),
        )
        return json_response(answer)

    return api
