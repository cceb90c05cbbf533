"""What the service offers to answers that are spoken while their text is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lipsync.animation.types import Animator
from lipsync.face.framing import MIN_SIZE
from lipsync.pipeline.parse_request import ParsedRequest
from lipsync.pipeline.request import VideoRequestFields
from lipsync.speech.chain import VoiceChain
from lipsync.speech.live_speech import LiveSpeech
from lipsync.speech.types import Style


@dataclass(frozen=True)
class LiveAvatar:
    """An avatar that is drawn while it speaks."""

    animator: Animator
    key: str
    """Differs for avatars, engines and sizes that draw differently: a part of cache keys."""


class LiveParts:
    """Speech that grows with its text, and avatars that are drawn meanwhile. Thread-safe."""

    def __init__(
        self,
        voices: VoiceChain,
        parse: Callable[[VideoRequestFields], ParsedRequest],
        animator: Callable[[ParsedRequest], Animator],
    ) -> None:
        """``parse`` and ``animator`` are the service's; ``parse`` raises not_ready while it loads."""
        self._voices, self._parse, self._animator = voices, parse, animator

    def open_speech(self, language: str, voice: str | None = None, *, speed: float = 1.0) -> LiveSpeech:
        """Begin the speech of an answer whose text comes piece by piece; the parameters are those of
        :meth:`lipsync.speech.chain.VoiceChain.speak`. Raises LipsyncError: unknown_language, unknown_voice.
        """
        return self._voices.open(language, voice, Style(speed=speed))

    def avatar(self, name: str | None = None, *, scale: float = 1.0) -> LiveAvatar:
        """A bundled avatar, or that of the settings; ``scale``, up to 1, is a factor of its width and height.

        Raises LipsyncError: not_ready, and what :meth:`lipsync.pipeline.service.LipsyncService.generate` raises for
        an avatar.
        """
        parsed = self._parse(VideoRequestFields(text="1", avatar=name))
        animator = self._animator(parsed)
        if scale < 1.0 and not parsed.is_video:
            width, height = (max(MIN_SIZE, 2 * round(side * scale / 2)) for side in animator.size)
            parsed = self._parse(VideoRequestFields(text="1", avatar=name, size=f"{width}x{height}"))
            animator = self._animator(parsed)
        request = parsed.request
        return LiveAvatar(animator, f"{request.engine} {request.avatar} {request.picture} {animator.size}")
