"""Videos of answers: drawn while they are spoken, or those of phrases, drawn once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from lipsync.conversation.cancellation import AnswerThreads
from lipsync.conversation.live_video import AnswerVideo, Encoding, LiveVideo
from lipsync.conversation.options import AnswerOptions
from lipsync.conversation.phrase_cache import PhraseCache, RecordingVideo, ReplayedVideo, phrase_key
from lipsync.conversation.talk_limits import PictureLevel
from lipsync.pipeline.live_parts import LiveAvatar, LiveParts
from lipsync.settings import Settings

log = logging.getLogger(__name__)

_PHRASE_SEED = 0
"""Seed of the motion in the videos of phrases, which all answers share."""


class AnswerVideos:
    """Opens the videos of all answers. Thread-safe."""

    def __init__(self, settings: Settings, avatars: Callable[[], LiveParts], pool: Executor) -> None:
        """``avatars`` may raise LipsyncError; smaller avatars are prepared in threads of ``pool``."""
        self.settings, self.avatars = settings, avatars
        self.phrases = PhraseCache(settings.cache.expanduser() / "phrases", settings.phrase_cache_max_mb)
        self._pool = pool
        self._sizes: set[tuple[str | None, float]] = set()

    def source(
        self, options: AnswerOptions, level: PictureLevel, wanted_fps: int, ended: Callable[[float, float], None]
    ) -> VideoSource:
        """What opens the video of one answer at this ``level``; ``wanted_fps`` are the frames a second without it.

        ``ended`` is that of :class:`LiveVideo`.
        """
        return VideoSource(self, options, level, wanted_fps, ended)

    def avatar(self, name: str | None, scale: float) -> LiveAvatar:
        """The avatar in that size; in its own size while the smaller one is prepared, which takes a second or two."""
        avatars = self.avatars()
        if scale == 1.0 or (name, scale) in self._sizes:
            return avatars.avatar(name, scale=scale)

        def prepare_size() -> None:
            try:
                avatars.avatar(name, scale=scale)
                self._sizes.add((name, scale))
            except Exception as error:  # an avatar that cannot be smaller
                log.warning("a smaller picture cannot be prepared: %s", error)

        self._pool.submit(prepare_size)
        return avatars.avatar(name)


@dataclass(frozen=True)
class VideoSource:
    """Opens the video of one answer. Its methods block."""

    videos: AnswerVideos
    options: AnswerOptions
    level: PictureLevel
    wanted_fps: int
    ended: Callable[[float, float], None]

    def open(self, threads: AnswerThreads, phrase: str | None, has_filler: bool) -> AnswerVideo:
        """The video of the answer; of a ``phrase`` the one that was drawn before, where there is one.

        ``has_filler``: the answer begins with a phrase, whose video it follows.
        """
        if phrase is not None and (replay := self.replay(phrase)) is not None:
            return replay
        settings, options = self.videos.settings, self.options
        avatar = self.videos.avatar(options.avatar, self.level.scale)
        drawn = LiveVideo(
            avatar.animator,
            Encoding(settings.crf, settings.preset),
            fps=options.fps,
            seed=_PHRASE_SEED if phrase is not None or has_filler else options.seed,
            check=threads.check,
            ended=self.ended,
        )
        if phrase is None:
            return drawn
        key = self._key(phrase, avatar, options.fps)
        return RecordingVideo(drawn, lambda video: self.videos.phrases.save(key, video))

    def replay(self, phrase: str) -> AnswerVideo | None:
        """The video of ``phrase`` that was drawn before: with all of its frames, else in the answer's size."""
        name = self.options.avatar
        whole, scaled = self.videos.avatars().avatar(name), self.videos.avatar(name, self.level.scale)
        for avatar, fps in ((whole, self.wanted_fps), (scaled, self.options.fps)):
            if (kept := self.videos.phrases.load(self._key(phrase, avatar, fps))) is not None:
                return ReplayedVideo(kept)
        return None

    def _key(self, phrase: str, avatar: LiveAvatar, fps: int) -> str:
        settings, options = self.videos.settings, self.options
        look = (avatar.key, fps, _PHRASE_SEED, settings.crf, settings.preset)
        return phrase_key(phrase, options.language, options.voice, options.speed, *look)
