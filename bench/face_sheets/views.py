"""What each sheet shows of one portrait: frames of its puppet, cropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.face_sheets.tiles import Image, crop_tile, label_tile
from lipsync.animation.moods import MOOD_STYLES, MoodStyle
from lipsync.animation.puppet import Puppet
from lipsync.animation.types import ARKIT_NAMES, FaceTrack, resting_track
from lipsync.face.topology import LIPS
from lipsync.face.types import Portrait
from lipsync.text.mood import Mood
from lipsync.video.frame import Frame

_SPAN_S = 2.0
"""Seconds that a strip shows."""
_SHUT = 0.97
"""Seal from which the lips touch."""
_CLOSURE_S = 0.2
"""Seconds that a p, b or m lasts at most; lips that touch for longer are silent."""
_JAW = ARKIT_NAMES.index("jawOpen")
_BLINKS = [ARKIT_NAMES.index("eyeBlinkLeft"), ARKIT_NAMES.index("eyeBlinkRight")]


def spread_frames(track: FaceTrack, begin: int, count: int) -> FaceTrack:
    """``count`` frames of ``track``, evenly over two seconds from frame ``begin`` on."""
    places = begin + np.round(np.linspace(0, _SPAN_S * track.fps, count)).astype(int)
    return pick_frames(track, np.clip(places, 0, len(track) - 1))


def pick_frames(track: FaceTrack, places: Sequence[int] | NDArray[np.integer]) -> FaceTrack:
    """The frames at ``places`` of ``track``, as a track."""
    arrays: dict[str, Any] = {
        name: value[places] for name, value in vars(track).items() if isinstance(value, np.ndarray)
    }
    return FaceTrack(fps=track.fps, start=0, **arrays)


def liveliest_moment(track: FaceTrack) -> int:
    """First frame of the two seconds in which the head turns most; 0 for a shorter track."""
    span = round(_SPAN_S * track.fps)
    pose = track.pose[:, :3]
    ranges = [float(np.ptp(pose[begin : begin + span], axis=0).sum()) for begin in range(max(1, len(pose) - span))]
    return int(np.argmax(ranges))


def turned_mouths(track: FaceTrack, count: int) -> NDArray[np.intp]:
    """Frames in which the mouth is open and the head far from rest, apart from each other, in their order."""
    far = np.linalg.norm(track.pose[:, :3] / [1.0, 1.0, 0.5], axis=1)
    score = track.weights[:, _JAW] * (far + 0.1) * (1 - track.weights[:, _BLINKS].max(1))
    return np.array(_apart(score, count, track.fps // 4), np.intp)


def spoken_mouths(track: FaceTrack, count: int) -> FaceTrack:
    """``count`` frames with the head at rest: silence, then lips shut at a p, b or m, then the widest openings.

    A closure is a frame in which the lips touch between two in which they do not.
    """
    touching = track.seal > _SHUT
    begins = np.flatnonzero(np.diff(touching.astype(int)) == 1) + 1
    ends = [int(begin + np.argmin([*touching[begin:], False])) for begin in begins]
    closures = [
        (begin + end) // 2 for begin, end in zip(begins, ends, strict=True) if end - begin <= _CLOSURE_S * track.fps
    ]
    shut = [closures[place] for place in np.linspace(0, len(closures) - 1, (count - 1) // 2).astype(int)]
    open_ = _apart(track.weights[:, _JAW], count - 1 - len(shut), track.fps // 2)
    rest = int(np.argmax(track.seal - track.weights[:, _JAW]))
    picked = pick_frames(track, [rest, *shut, *open_])
    weights = picked.weights.copy()
    weights[:, _BLINKS] = 0
    return replace(
        picked, weights=weights, **{name: np.zeros_like(getattr(picked, name)) for name in ("pose", "torso", "gaze")}
    )


def _apart(score: NDArray[np.floating], count: int, distance: int) -> list[int]:
    """The ``count`` places of the largest ``score`` (T,) that lie more than ``distance`` apart, in their order."""
    chosen: list[int] = []
    for place in np.argsort(-score):
        if len(chosen) < count and all(abs(int(place) - other) > distance for other in chosen):
            chosen.append(int(place))
    return sorted(chosen)


def mood_track(moods: Sequence[Mood]) -> FaceTrack:
    """One silent frame of each mood at full strength."""
    styles: list[MoodStyle] = [MOOD_STYLES[mood] for mood in moods]
    count = len(styles)
    weights, pose = np.zeros((count, len(ARKIT_NAMES)), np.float32), np.zeros((count, 5), np.float32)
    gaze = np.zeros((count, 2), np.float32)
    for index, style in enumerate(styles):
        for name, weight in style.weights.items():
            weights[index, ARKIT_NAMES.index(name)] = weight
        weights[index, _BLINKS] = np.maximum(weights[index, _BLINKS], style.lids)
        pose[index, :3] = style.yaw, style.pitch, style.roll
        # The eyes' turn in the head: where they look, less how far the head is turned.
        gaze[index] = np.subtract(style.gaze, (style.yaw, style.pitch))
    seal = np.array([float(weight < 0.01) for weight in weights[:, _JAW]], np.float32)
    removal = np.array([style.smile_removal for style in styles], np.float32)
    return resting_track(25, count, weights=weights, pose=pose, gaze=gaze, seal=seal, smile_removal=removal)


def draw(puppet: Puppet, track: FaceTrack) -> list[Frame]:
    """All frames of a short track."""
    return list(puppet.frames(track))


def whole_tiles(frames: Sequence[Frame], labels: Sequence[str], width: int) -> list[Image]:
    """The whole picture, in tiles of one shape: 1 by 1, the picture's shorter side grey beside it."""
    tiles = []
    for frame, label in zip(frames, labels, strict=True):
        side = max(frame.width, frame.height)
        tiles.append(label_tile(crop_tile(frame, (frame.width / 2, frame.height / 2), (side, side), width), label))
    return tiles


def border_tiles(frames: Sequence[Frame], portrait: Portrait, width: int) -> list[Image]:
    """Where head and background meet: beside the temple with the most room, 1.5 eye distances wide."""
    (x0, y0), (x1, _) = portrait.landmarks[:, :2].min(0), portrait.landmarks[:, :2].max(0)
    unit = portrait.eye_distance
    goes_right = portrait.picture.shape[1] - x1 > x0
    center = (float(x1 + 0.15 * unit) if goes_right else float(x0 - 0.15 * unit)), float(y0 + 0.15 * unit)
    return [crop_tile(frame, center, (1.7 * unit, 1.7 * unit), width) for frame in frames]


def face_tiles(frames: Sequence[Frame], portrait: Portrait, labels: Sequence[str], width: int) -> list[Image]:
    """The face, 2.5 eye distances wide."""
    center = portrait.landmarks[:, :2].mean(0)
    size = 2.5 * portrait.eye_distance
    tiles = [crop_tile(frame, (float(center[0]), float(center[1])), (size, size), width) for frame in frames]
    return [label_tile(tile, label) for tile, label in zip(tiles, labels, strict=True)]


def mouth_tiles(frames: Sequence[Frame], portrait: Portrait, width: int, span: float = 1.5) -> list[Image]:
    """Mouth, chin and nose, ``span`` eye distances wide."""
    lips = portrait.landmarks[list(LIPS), :2].mean(0)
    unit = portrait.eye_distance
    center = float(lips[0]), float(lips[1] - 0.05 * unit)
    return [crop_tile(frame, center, (span * unit, 0.9 * span * unit), width) for frame in frames]
