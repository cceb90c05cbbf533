"""Short videos of a portrait that does not speak, which a page repeats: drawn once for each portrait."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.easing import ease
from lipsync.animation.expression import Expression
from lipsync.animation.track import TrackBuilder
from lipsync.animation.types import FaceTrack
from lipsync.conversation.phrase_cache import phrase_key
from lipsync.pipeline.live_parts import LiveAvatar, LiveParts
from lipsync.runtime.single_flight import SingleFlight
from lipsync.runtime.talk_priority import TALK_PRIORITY
from lipsync.settings import Settings
from lipsync.speech.types import Speech
from lipsync.storage.cache import ArrayCache
from lipsync.video.encode import Encoder
from lipsync.video.frame import Frame

LoopKind = Literal["idle", "listening", "thinking"]
"""What the portrait does: nothing, hear somebody, look for an answer."""
LOOP_KINDS: tuple[LoopKind, ...] = get_args(LoopKind)

LOOP_S = 7.0
"""Seconds of a loop."""
_RATE = 24_000
"""Samples a second of its silence, as of answers."""
_REST_S = 0.7
"""Seconds in which the face leaves rest at the beginning, and returns to it at the end. Answers begin at rest."""
_DISSOLVE_FRAMES = 6
"""Last frames that dissolve into the first one: portraits that are videos do not come to rest by themselves."""
_MAX_CACHE_MB = 200.0
_NOD_S = 0.9
_NODS_AT_S = (1.6, 4.3)
_NOD_DEGREES = 1.6
"""Small nods with which a listener shows attention."""


@dataclass(frozen=True)
class _Manner:
    """How the face moves in a loop."""

    expression: Expression
    seed: int
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Yaw, pitch and roll of the head in degrees, besides what moves."""
    nods: bool = False


_MANNERS: dict[LoopKind, _Manner] = {
    "idle": _Manner(Expression(motion=0.5), 7),
    "listening": _Manner(Expression(motion=0.4), 123, (0.0, -0.3, 1.2), nods=True),
    "thinking": _Manner(Expression(motion=0.7, mood="thinking", strength=0.8), 2),
}


class PortraitLoops:
    """Draws the loops, and keeps them on disk. Thread-safe; one loop is drawn at a time."""

    def __init__(self, settings: Settings, avatars: Callable[[], LiveParts]) -> None:
        """``avatars`` may raise LipsyncError."""
        self._settings, self._avatars = settings, avatars
        self._cache = ArrayCache(settings.cache.expanduser() / "loops", _MAX_CACHE_MB, "loop of a portrait")
        self._flights: SingleFlight[bytes] = SingleFlight(2)
        self._drawing = Lock()

    def get(self, avatar: str | None, kind: LoopKind) -> tuple[str, bytes]:
        """A key that changes with the video, and the MP4 of a bundled avatar; None: that of the settings.

        The first call for an avatar takes seconds. Raises LipsyncError as
        :meth:`lipsync.pipeline.live_parts.LiveParts.avatar`.
        """
        settings, live = self._settings, self._avatars().avatar(avatar)
        key = phrase_key("loop", kind, LOOP_S, live.key, settings.fps, settings.crf, settings.preset)
        if (arrays := self._cache.load(key)) is not None and "mp4" in arrays:
            return key, arrays["mp4"].tobytes()

        def draw() -> bytes:
            with self._drawing:
                video = draw_loop(live, kind, settings)
            self._cache.save(key, {"mp4": np.frombuffer(video, np.uint8)})
            return video

        return key, self._flights.get(key, draw)[0]


def draw_loop(avatar: LiveAvatar, kind: LoopKind, settings: Settings) -> bytes:
    """The MP4 of a loop. It gives way to answers that would run dry."""
    speech = Speech(np.zeros(round(LOOP_S * _RATE), np.float32), _RATE)
    track = loop_track(kind, settings.fps)
    width, height = avatar.animator.size
    pacer = TALK_PRIORITY.pacer()
    with tempfile.TemporaryDirectory(prefix="lipsync-loop-") as folder:
        path = Path(folder) / "loop.mp4"
        encoder = Encoder(
            str(path),
            width=width,
            height=height,
            fps=settings.fps,
            rate=_RATE,
            crf=settings.crf,
            preset=settings.preset,
            threads=1,
        )
        try:
            encoder.add_sound(speech.samples)
            frames = avatar.animator.perform(settings.fps).add(speech, track, last=True)
            for frame in dissolve_end(frames, len(track)):
                pacer.before_frame()
                encoder.add_frame(frame)
            encoder.finish()
        except BaseException:
            encoder.abort()
            raise
        return path.read_bytes()


def loop_track(kind: LoopKind, fps: int) -> FaceTrack:
    """The face in a loop: at rest in the first and the last frame."""
    manner = _MANNERS[kind]
    silence = Speech(np.zeros(round(LOOP_S * _RATE), np.float32), _RATE)
    track = TrackBuilder(fps, manner.seed, manner.expression).add(silence, last=True)
    count = len(track)
    times = np.arange(count) / fps
    pose = track.pose.astype(np.float64)
    pose[:, :3] += manner.pose
    if manner.nods:
        pose[:, 1] += _nods(times)
    ramp = np.minimum(times, (count - 1) / fps - times) / _REST_S
    share = ease(np.clip(ramp, 0.0, 1.0))[:, None]
    return replace(
        track,
        weights=(track.weights * share).astype(np.float32),
        pose=(pose * share).astype(np.float32),
        torso=(track.torso * share).astype(np.float32),
        gaze=(track.gaze * share).astype(np.float32),
        smile_removal=(track.smile_removal * share[:, 0]).astype(np.float32),
    )


def dissolve_end(frames: Iterator[Frame], count: int) -> Iterator[Frame]:
    """The ``count`` frames, of which the last ones dissolve into the first: the video ends as it begins."""
    first: Frame | None = None
    for index, frame in enumerate(frames):
        first = first or frame
        share = max(0.0, 1 - (count - 1 - index) / _DISSOLVE_FRAMES)
        yield frame if share == 0 else Frame(_mix(frame.y, first.y, share), _mix(frame.uv, first.uv, share))


def _mix(picture: NDArray[np.uint8], other: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    mixed: NDArray[np.uint8] = np.rint(picture * (1 - share) + other * share).astype(np.uint8)
    return mixed


def _nods(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T,) pitch in degrees: down and up again, from level to level."""
    pitch = np.zeros_like(times)
    for begin in _NODS_AT_S:
        phase = np.clip((times - begin) / _NOD_S, 0.0, 1.0)
        pitch -= _NOD_DEGREES * (1 - np.cos(2 * np.pi * phase)) / 2
    return pitch
