"""A short video of one person whose face has been found in every frame: the moving counterpart of a portrait.

Only one part of the source is used, in which the same person's face is visible without a break:
:mod:`lipsync.face.tracking` says how it is chosen. Titles, fades, other people, and everything beyond a frame without
a usable face are left out; :attr:`MovingPortrait.part` says which seconds and why. So no mouth is drawn where no face
is.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync.face.avatar_part import AvatarPart, LeftOut
from lipsync.face.finder import FaceFinder
from lipsync.face.tracking import JUMP, PersonTracker
from lipsync.runtime.progress import beat
from lipsync.storage.cache import ArrayCache
from lipsync.storage.errors import StorageError
from lipsync.video.decode import probe_video, read_video
from lipsync.video.errors import VideoError
from lipsync.video.frame import Frame, frame_of, picture_of
from lipsync.video.frame_file import FrameFile, frame_bytes, keep_frames, write_frame

log = logging.getLogger(__name__)

SMOOTHING = (1, 2, 3, 2, 1)
"""Weights of a frame's landmarks and its neighbours'; Wav2Lip's own smooths its boxes over five frames too. It is
centred, so nothing lags. Of the noise of single frames 0.48 stays."""

_ROUNDING = 1e-4  # seconds


@dataclass(frozen=True)
class MovingPortrait:
    """The frames of a video, on disk, and the face in each. A value: many threads may use it at once."""

    size: tuple[int, int]
    """Width and height of the frames, pixels, even."""
    times: NDArray[np.float64]
    """(n,) seconds at which the frames begin, rising, from 0."""
    fps: float
    """Frames a second, about."""
    landmarks: NDArray[np.float32]
    """(n, 468, 2) points of the face mesh in pixels, smoothed in time."""
    key: str
    """Hash of the video file and of all that prepared it."""
    frames: FrameFile
    """The pictures, on disk."""
    part: AvatarPart
    """Which seconds of the source these frames are."""

    @property
    def count(self) -> int:
        """Number of frames, at least 1."""
        return len(self.times)

    def frame(self, index: int) -> Frame:
        """Frame ``index`` from 0, the caller's own. Raises LipsyncError cannot_read when the file has been cut."""
        if not 0 <= index < self.count:
            raise IndexError(f"frame {index} of {self.count}")
        return self.frames.read(index)

    def index_at(self, seconds: float) -> int:
        """The frame that is shown at a time of any length: forward to the last one, back to the first, and so on.

        Each frame lasts until the next one begins; where it turns, no frame comes twice.
        """
        if self.count == 1:
            return 0
        end = self.times[-1]
        there_and_back = np.concatenate([self.times, 2 * end - self.times[-2:0:-1]])
        place = int(np.searchsorted(there_and_back, (seconds + _ROUNDING) % (2 * end), side="right")) - 1
        return place if place < self.count else 2 * (self.count - 1) - place


def track_face(
    source: Path | bytes,
    finder: FaceFinder,
    cache: ArrayCache,
    key: str,
    *,
    max_seconds: float,
    max_megapixels: float,
    max_side: int,
) -> MovingPortrait:
    """Find the usable part of a video and the face in each of its frames, and keep both under ``key``.

    :func:`load_cached` reads them back. A frame costs about 15 ms at 360x288; of each, a few kilobytes stay in memory
    until the part is chosen. The work can be cancelled between
    two frames (:mod:`lipsync.runtime.progress`); nothing is kept then.

    Raises LipsyncError: what :func:`lipsync.video.decode.read_video` raises; video_too_long when the frames take
    more than half of the cache; what :meth:`lipsync.face.tracking.PersonTracker.choose` raises; cannot_write when the
    disk is full.
    """
    limits: dict[str, Any] = {"max_seconds": max_seconds, "max_megapixels": max_megapixels, "max_side": max_side}
    facts = probe_video(source, **limits)
    size = facts.width, facts.height
    max_bytes = cache.max_file_bytes
    too_long = VideoError("video_too_long", limit=f"{max_bytes / 1e6:.0f}")
    if facts.frames * frame_bytes(size) > max_bytes:
        raise too_long
    times: list[float] = []
    tracker = PersonTracker(finder, 1 / facts.fps)
    try:
        with cache.new_file(key) as file:
            for time, picture in read_video(source, **limits):
                beat()
                if (len(times) + 1) * frame_bytes(size) > max_bytes:
                    raise too_long
                tracker.add(time, picture)
                times.append(time)
                write_frame(file, frame_of(picture))
            looked_at = FrameFile(file, size)
            chosen = tracker.choose(lambda index: picture_of(looked_at.read(index)))
            keep_frames(file, size, chosen.first, chosen.last + 1 - chosen.first)
            frames = FrameFile(file, size)
    except OSError as error:
        raise StorageError("cannot_write", place="cache", reason=error.strerror) from error
    ends = [*times[1:], times[-1] + 1 / facts.fps]
    left_out = chosen.left_out
    arrays = {
        "size": np.array(size),
        "times": np.array(times[chosen.first : chosen.last + 1]) - times[chosen.first],
        "fps": np.array(facts.fps),
        "landmarks": _smooth(chosen.landmarks[..., :2]),
        "part": np.round([times[chosen.first], ends[chosen.last], ends[-1]], 3),
        "left_out": np.array([(span.start, span.end) for span in left_out], np.float64).reshape(-1, 2),
        "reasons": np.array([span.reason for span in left_out], np.str_),
    }
    cache.save(key, arrays)
    return _portrait(arrays, key, frames)


def load_cached(cache: ArrayCache, key: str) -> MovingPortrait | None:
    """The result that :func:`track_face` stored under ``key``; None when any part of it is missing."""
    arrays = cache.load(key)
    file = cache.open_file(key) if arrays is not None else None
    if arrays is None or file is None:
        return None
    with file:
        try:
            width, height = (int(side) for side in arrays["size"])
            return _portrait(arrays, key, FrameFile(file, (width, height)))
        except (KeyError, ValueError, TypeError) as error:
            log.warning("the cached video %s does not fit (%s) and is made anew", key, error)
            cache.delete(key)
            return None


def _portrait(arrays: dict[str, NDArray[Any]], key: str, frames: FrameFile) -> MovingPortrait:
    """Raises KeyError, ValueError or TypeError when the arrays and the frames are not those of one video."""
    width, height = (int(side) for side in arrays["size"])
    times, landmarks = arrays["times"], arrays["landmarks"]
    count = len(times)
    if not count or (len(frames), times.shape, landmarks.shape) != (count, (count,), (count, 468, 2)):
        raise ValueError(f"not a video: {len(frames)}, {times.shape}, {landmarks.shape}")
    start, end, duration = (float(value) for value in arrays["part"])
    left_out = tuple(
        LeftOut(float(span[0]), float(span[1]), str(reason))
        for span, reason in zip(arrays["left_out"], arrays["reasons"], strict=True)
    )
    return MovingPortrait(
        (width, height),
        times.astype(np.float64, copy=False),
        float(arrays["fps"]),
        landmarks.astype(np.float32, copy=False),
        key,
        frames,
        AvatarPart(start, end, duration, left_out),
    )


def _smooth(raw: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 468, 2) landmarks, each weighted with its neighbours' in the same shot.

    A shot ends where the face is elsewhere at once. Near its ends fewer neighbours count, as many before as after: no
    frame is drawn to one side.
    """
    eyes = np.linalg.norm(raw[:, 33] - raw[:, 263], axis=1)
    steps = np.linalg.norm(np.diff(raw.mean(1), axis=0), axis=1)
    goes_on = np.concatenate([[False], steps < JUMP * eyes[1:], [False]])
    smooth, half = raw.copy(), len(SMOOTHING) // 2
    for index in range(len(raw)):
        reach = 0
        while reach < half and goes_on[index - reach] and goes_on[index + reach + 1]:
            reach += 1
        weights = np.array(SMOOTHING[half - reach : half + reach + 1], np.float32)
        smooth[index] = np.tensordot(weights / weights.sum(), raw[index - reach : index + reach + 1], 1)
    return smooth
