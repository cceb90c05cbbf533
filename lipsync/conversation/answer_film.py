"""The film of one answer: that of the reply, or that of a filler from the cache and then that of the reply."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from lipsync.conversation.cancellation import AnswerThreads
from lipsync.conversation.live_video import AnswerVideo
from lipsync.conversation.parts import VideoHeader, VideoPart
from lipsync.speech.types import Speech
from lipsync.video.fragment_times import FragmentShifter, count_fragments

log = logging.getLogger(__name__)

Value = TypeVar("Value")


class AnswerFilm:
    """Draws the film in worker threads. A film that fails is left out from then on. Used by one event loop.

    Its times are seconds from the start of the answer, and its fragments are numbered from its start, also those of
    a second video.
    """

    def __init__(self, number: int, threads: AnswerThreads, degraded: Callable[[str], None]) -> None:
        """``degraded`` is called with the name of what is left out: ``video``, ``fps``."""
        self._number, self._threads, self._degraded = number, threads, degraded
        self._video: AnswerVideo | None = None
        self._header, self._prefix = b"", b""
        self._shifter: FragmentShifter | None = None
        self._begin = self._end = 0.0
        self._fragments = 0
        self._speech: list[Speech] = []
        """Speech of the first video."""

    async def start(self, video: AnswerVideo | None, rate: int) -> VideoHeader | None:
        """Begin with ``video``, with sound of ``rate`` Hz; None: the answer has no film."""
        self._video = video
        started = await self._call(lambda opened: opened.start(rate))
        if started is None:
            return None
        mime, self._header = started
        return VideoHeader(self._number, mime, self._header)

    async def follow(self, video: AnswerVideo | None, start: float, rate: int) -> VideoPart | None:
        """Go on with ``video`` from ``start`` seconds on; the rest of the one before. Where the new one has another
        size or rate, its header comes before its first fragment."""
        if self._video is None:
            return None
        rest = await self._draw(lambda before: before.finish())
        self._video = video if self._video is not None else None
        started = await self._call(lambda opened: opened.start(rate, self._speech))
        if started is not None:
            _, header = started
            self._prefix = b"" if header == self._header else header
            self._header, self._begin = header, start
            self._shifter = FragmentShifter(header, start, self._fragments)
        return rest

    async def add(self, speech: Speech, *, last: bool) -> None:
        """The next piece of speech."""
        if self._shifter is None:
            self._speech.append(speech)
        await self._call(lambda video: video.add(speech, last=last))

    async def draw(self, until: float) -> VideoPart | None:
        """The frames before ``until`` seconds, as far as they can be made now; None: no fragment is complete."""
        return await self._draw(lambda video: video.draw(until - self._begin))

    async def finish(self, end: float) -> VideoPart | None:
        """The frames before ``end`` seconds, and the last fragments."""
        video = self._video
        part = await self._draw(lambda video: video.draw(end - self._begin) + video.finish())
        if video is not None and video.degraded is not None:
            self._degraded(video.degraded)
        return part

    async def _draw(self, work: Callable[[AnswerVideo], bytes]) -> VideoPart | None:
        video = self._video
        data = await self._call(work)
        if not data or video is None:
            return None
        if self._shifter is not None:
            data = self._prefix + self._shifter.shift(data)
            self._prefix = b""
        else:
            self._fragments += count_fragments(data)
        start, self._end = self._end, max(self._end, self._begin + video.end)
        return VideoPart(self._number, start, self._end, data)

    async def _call(self, work: Callable[[AnswerVideo], Value]) -> Value | None:
        """What ``work`` returns for the video; None without a video, and where it fails."""
        if self._video is None:
            return None
        try:
            return await self._threads.run(partial(work, self._video))
        except Exception as error:  # libav, the animator: the sound goes on
            log.warning("the video of an answer broke off: %s: %s", type(error).__name__, error)
            self._degraded("video")
            self._video = None
            return None
