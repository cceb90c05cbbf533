"""The video of an answer while it is spoken: frames of the portrait, as fragments of an MP4."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Protocol

from lipsync.animation.track import TrackBuilder
from lipsync.animation.types import Animator
from lipsync.speech.types import Speech
from lipsync.video.frame import Frame
from lipsync.video.live_encoder import LiveEncoder

log = logging.getLogger(__name__)

MIN_SPEED = 1.1
"""Seconds of film a second below which drawing is too slow to keep up with the sound."""
_MIN_JUDGED_S = 0.6
"""Seconds of film that must have been drawn before the speed is judged."""


_STILL_STRIDE = 5
"""Frames for which a picture is shown where drawing has ended: the sound needs pictures beside it."""


class AnswerVideo(Protocol):
    """The video of one answer. Its methods block; for one thread at a time."""

    @property
    def degraded(self) -> str | None:
        """``fps`` where frames are left out, ``video`` where drawing has ended; None: all is drawn."""
        ...

    @property
    def end(self) -> float:
        """Seconds of film that were made."""
        ...

    def start(self, rate: int, before: Sequence[Speech] = ()) -> tuple[str, bytes]:
        """Begin a film with sound of ``rate`` Hz: the media type and the initialization segment.

        ``before``: speech that another film has shown; the head goes on from where it was at its end, if that film
        has the same seed.
        """
        ...

    def add(self, speech: Speech, *, last: bool) -> None:
        """The next piece of speech, after the frames of the one before were drawn. ``last``: no piece follows."""
        ...

    def draw(self, until: float) -> bytes:
        """Make the frames before ``until``, in seconds of the sound, as far as they can be made now.

        Returns the fragments that are complete.
        """
        ...

    def finish(self) -> bytes:
        """The last fragments."""
        ...

    def close(self) -> None:
        """Free everything, whether or not the video is complete."""
        ...


@dataclass(frozen=True)
class Encoding:
    """Settings of the H.264 encoder."""

    crf: int
    preset: str
    threads: int = 1


class LiveVideo:
    """Draws and encodes the frames of a portrait: an :class:`AnswerVideo`.

    Where drawing is slower than the sound, every second frame is left out from the next piece of speech on, and if
    that does not suffice the last picture stays: :attr:`degraded` says so.
    """

    def __init__(
        self,
        animator: Animator,
        encoding: Encoding,
        *,
        fps: int,
        seed: int,
        check: Callable[[], None] = lambda: None,
        ended: Callable[[float, float], None] = lambda _film_s, _spent_s: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``check`` is called before each frame and may raise to end the work; ``ended`` is told the seconds of film
        that were drawn, and the seconds of work."""
        self.fps = fps
        self.degraded: str | None = None
        self._animator, self._encoding = animator, encoding
        self._check, self._ended, self._clock = check, ended, clock
        self._performance = animator.perform(fps)
        self._builder = TrackBuilder(fps, seed)
        self._encoder: LiveEncoder | None = None
        self._frames: Iterator[Frame] = iter(())
        self._indices: list[int] = []
        self._last: Frame | None = None
        self._stride = 1
        self._next = 0
        self._before = 0
        """Frames of the film before."""
        self._film_s = self._spent_s = self._judged_film_s = self._judged_spent_s = 0.0

    @property
    def end(self) -> float:
        """Seconds of film that were encoded."""
        return self._next / self.fps

    def start(self, rate: int, before: Sequence[Speech] = ()) -> tuple[str, bytes]:
        """As :meth:`AnswerVideo.start`."""
        for speech in before:
            track = self._builder.add(speech, last=False)
            self._before = track.start + len(track)
        width, height = self._animator.size
        self._encoder = LiveEncoder(
            width=width,
            height=height,
            fps=self.fps,
            rate=rate,
            crf=self._encoding.crf,
            preset=self._encoding.preset,
            threads=self._encoding.threads,
        )
        return self._encoder.mime, self._encoder.header

    def add(self, speech: Speech, *, last: bool) -> None:
        """As :meth:`AnswerVideo.add`."""
        assert self._encoder is not None
        track = self._builder.add(speech, last=last)
        track = replace(track, start=track.start - self._before)
        self._judge()
        self._encoder.add_sound(speech.samples)
        indices = [index for index in range(len(track)) if (track.start + index) % self._stride == 0]
        self._indices += [track.start + index for index in indices]
        if self.degraded == "video" and self._last is not None:
            self._frames = repeat(self._last)
        else:
            chosen = track if self._stride == 1 else track.frames(indices)
            self._frames = self._performance.add(speech, chosen, last=last)

    def draw(self, until: float) -> bytes:
        """As :meth:`AnswerVideo.draw`."""
        assert self._encoder is not None
        data = b""
        while self._indices and self._indices[0] < until * self.fps:
            self._check()
            began = self._clock()
            frame = next(self._frames, None)
            if frame is None:  # the animator must hear more first
                break
            index = self._indices.pop(0)
            data += self._encoder.add_frame(frame, index, self._stride)
            self._last, self._next = frame, index + self._stride
            if self.degraded != "video":
                self._film_s += self._stride / self.fps
                self._spent_s += self._clock() - began
        return data

    def finish(self) -> bytes:
        """As :meth:`AnswerVideo.finish`."""
        assert self._encoder is not None
        encoder, self._encoder = self._encoder, None
        data = encoder.finish()
        self._ended(self._film_s, self._spent_s)
        return data

    def close(self) -> None:
        """As :meth:`AnswerVideo.close`."""
        if self._encoder is not None:
            encoder, self._encoder = self._encoder, None
            encoder.abort()

    def _judge(self) -> None:
        """Draw fewer frames, or none, where drawing is slower than the sound."""
        film_s, spent_s = self._film_s - self._judged_film_s, self._spent_s - self._judged_spent_s
        if film_s < _MIN_JUDGED_S or self.degraded == "video":
            return
        self._judged_film_s, self._judged_spent_s = self._film_s, self._spent_s
        if film_s >= MIN_SPEED * spent_s:
            return
        if self._stride == 1 and self._animator.name == "puppet":  # others need each frame of the sound
            self._stride, self.degraded = 2, "fps"
        else:
            self._stride, self.degraded = _STILL_STRIDE, "video"
            log.warning("an answer is drawn too slowly: its picture stands still")
