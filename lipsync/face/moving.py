"""A short video whose face has been found in every frame: the moving counterpart of a portrait."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync.cache import ArrayCache
from lipsync.errors import LipsyncError
from lipsync.face.finder import FaceFinder
from lipsync.media.decode import probe_video, read_video
from lipsync.media.frame import Frame, frame_of
from lipsync.media.frame_file import FrameFile, frame_bytes, write_frame
from lipsync.progress import Meanwhile

log = logging.getLogger(__name__)

LEAST_FOUND = 0.5
"""Share of the frames that must show a usable face."""

SMOOTHING = (1, 2, 3, 2, 1)
"""Weights of a frame's landmarks and its neighbours'; Wav2Lip's own smooths its boxes over five frames too. It is
centred, so nothing lags. Of the noise of single frames 0.48 stays."""

JUMP = 0.3
"""A face that moves further than this from one frame to the next, in eye distances, is another shot's."""

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
    """(n, 468, 2) points of the face mesh in pixels, smoothed in time; without a face the nearest frame's."""
    found: NDArray[np.bool_]
    """(n,) whether the frame shows a usable face; others keep their picture."""
    key: str
    """Hash of the video file and of all that prepared it."""
    frames: FrameFile
    """The pictures, on disk."""

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


def study_video(
    source: Path | bytes,
    finder: FaceFinder,
    cache: ArrayCache,
    key: str,
    *,
    max_seconds: float,
    max_megapixels: float,
    max_side: int,
    meanwhile: Meanwhile | None = None,
) -> MovingPortrait:
    """Find the face in every frame of a video, and keep the frames and what was found under ``key``.

    What was kept before is read back. A frame costs about 12 ms at 360x288; memory does not grow with the length.
    ``meanwhile`` is called before each; nothing is kept when it raises.

    Raises LipsyncError: what :func:`lipsync.media.decode.read_video` raises; video_too_long when the frames take
    more than half of the cache; where fewer than half of the frames show a usable face, what was wrong with most of
    the others: no_face, face_too_small, face_turned, mouth_covered; cannot_write when the disk is full.
    """
    kept = read_back(cache, key)
    if kept is not None:
        return kept
    limits: dict[str, Any] = {"max_seconds": max_seconds, "max_megapixels": max_megapixels, "max_side": max_side}
    facts = probe_video(source, **limits)
    size = facts.width, facts.height
    most = cache.largest_file
    too_long = LipsyncError("video_too_long", limit=f"{most / 1e6:.0f}")
    if facts.frames * frame_bytes(size) > most:
        raise too_long
    times: list[float] = []
    seen: list[NDArray[np.float32] | None] = []
    refused: Counter[str] = Counter()
    errors: dict[str, LipsyncError] = {}
    before: NDArray[np.float32] | None = None
    try:
        with cache.new_file(key) as file:
            for time, picture in read_video(source, **limits):
                if meanwhile is not None:
                    meanwhile()
                if (len(times) + 1) * frame_bytes(size) > most:
                    raise too_long
                try:
                    before = finder.follow(picture, before)
                except LipsyncError as error:
                    before = None
                    refused[error.code] += 1
                    errors.setdefault(error.code, error)
                times.append(time)
                seen.append(before)
                write_frame(file, frame_of(picture))
            if sum(refused.values()) > (1 - LEAST_FOUND) * len(times):
                raise errors[refused.most_common(1)[0][0]].of_a_video()
            frames = FrameFile(file, size)
    except OSError as error:
        raise LipsyncError("cannot_write", place="cache", reason=error.strerror) from error
    landmarks, found = _smoothed(seen)
    arrays = {
        "size": np.array(size),
        "times": np.array(times),
        "fps": np.array(facts.fps),
        "landmarks": landmarks,
        "found": found,
    }
    cache.save(key, arrays)
    return _portrait(arrays, key, frames)


def read_back(cache: ArrayCache, key: str) -> MovingPortrait | None:
    """What :func:`study_video` kept under ``key``; None when not all of it is there."""
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
            cache.forget(key)
            return None


def _portrait(arrays: dict[str, NDArray[Any]], key: str, frames: FrameFile) -> MovingPortrait:
    """Raises KeyError, ValueError or TypeError when the arrays and the frames are not those of one video."""
    width, height = (int(side) for side in arrays["size"])
    times, landmarks, found = arrays["times"], arrays["landmarks"], arrays["found"]
    shapes = (len(frames),), times.shape, landmarks.shape, found.shape
    count = len(times)
    if not count or shapes != ((count,), (count,), (count, 468, 2), (count,)):
        raise ValueError(f"not a video: {shapes}")
    return MovingPortrait(
        (width, height),
        times.astype(np.float64, copy=False),
        float(arrays["fps"]),
        landmarks.astype(np.float32, copy=False),
        found.astype(bool, copy=False),
        key,
        frames,
    )


def _smoothed(seen: list[NDArray[np.float32] | None]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(n, 468, 2) landmarks, each weighted with its neighbours in the same run of frames, and (n,) found.

    A run ends where the face is missing, or is elsewhere at once. Near its ends fewer neighbours count, as many
    before as after: no frame is drawn to one side.
    """
    found = np.array([one is not None for one in seen])
    raw = np.zeros((len(seen), 468, 2), np.float32)
    for index, one in enumerate(seen):
        if one is not None:
            raw[index] = one[:, :2]
    eyes = np.linalg.norm(raw[:, 33] - raw[:, 263], axis=1)
    steps = np.linalg.norm(np.diff(raw.mean(1), axis=0), axis=1)
    goes_on = np.concatenate([[False], found[1:] & found[:-1] & (steps < JUMP * eyes[1:]), [False]])
    smooth, half = raw.copy(), len(SMOOTHING) // 2
    for index in np.flatnonzero(found).tolist():
        reach = 0
        while reach < half and goes_on[index - reach] and goes_on[index + reach + 1]:
            reach += 1
        weights = np.array(SMOOTHING[half - reach : half + reach + 1], np.float32)
        smooth[index] = np.tensordot(weights / weights.sum(), raw[index - reach : index + reach + 1], 1)
    places, gaps = np.flatnonzero(found), np.flatnonzero(~found)
    if len(gaps):
        nearest = np.abs(gaps[:, None] - places[None]).argmin(1)
        smooth[gaps] = smooth[places[nearest]]
    return smooth, found
