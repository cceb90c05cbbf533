"""The face track, and the interface of animators that turn it into frames."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lipsync.speech.types import Speech
from lipsync.video.frame import Frame

ARKIT_NAMES: tuple[str, ...] = (
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft",
    "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft",
    "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft",
    "jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft",
    "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower",
    "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
)  # fmt: skip
"""The 52 face units of Apple's ARKit, in the order of the basis in assets/face/arkit_basis.npz."""


@dataclass(frozen=True)
class FaceTrack:
    """How a face moves, T frames of it. A long video is a sequence of these, one for each Speech.

    The photo animator, a 3D avatar in a browser and the JSON of ``--track`` all play the same track.
    """

    fps: int
    start: int
    """Index in the video of the first of these frames."""
    weights: NDArray[np.float32]
    """(T, 52) in [0, 1], in the order of ARKIT_NAMES; blinks are eyeBlinkLeft and eyeBlinkRight."""
    seal: NDArray[np.float32]
    """(T,) in [0, 1]: 1 = the lips touch along their whole length (p, b, m, pauses)."""
    bite: NDArray[np.float32]
    """(T,) in [0, 1]: 1 = the lower lip is at the upper teeth (f, v)."""
    tongue: NDArray[np.float32]
    """(T,) in [0, 1]: height of the tongue's tip."""
    pose: NDArray[np.float32]
    """(T, 5) motion of the head from where the portrait holds it: yaw to the picture's right, pitch up and
    counterclockwise roll in degrees, then right and down in distances of the outer eye corners."""
    torso: NDArray[np.float32]
    """(T, 3) motion of the shoulders: right and down in distances of the outer eye corners, counterclockwise roll in
    degrees."""
    gaze: NDArray[np.float32]
    """(T, 2) turn of the eyes in the head, degrees to the picture's right and up from where the portrait looks."""
    smile_removal: NDArray[np.float32]
    """(T,) in [0, 1]: share of the smile that a portrait shows by itself that the mood takes back."""

    def __len__(self) -> int:
        return len(self.weights)

    def part(self, begin: int, end: int) -> FaceTrack:
        """The frames ``begin`` to ``end``, counted within this track, as views."""
        return replace(self._chosen(slice(begin, end)), start=self.start + begin)

    def frames(self, indices: list[int]) -> FaceTrack:
        """The frames of these indices, counted within this track; ``start`` stays."""
        return self._chosen(indices)

    def _chosen(self, which: slice | list[int]) -> FaceTrack:
        arrays: dict[str, Any] = {
            name: value[which] for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        return replace(self, **arrays)


def resting_track(fps: int, count: int, start: int = 0, **fields: NDArray[np.float32]) -> FaceTrack:
    """``count`` frames of a face that does nothing; ``fields`` are arrays of :class:`FaceTrack` in place of zeros."""
    shapes = {"weights": (count, len(ARKIT_NAMES)), "pose": (count, 5), "torso": (count, 3), "gaze": (count, 2)}
    names = ("weights", "seal", "bite", "tongue", "pose", "torso", "gaze", "smile_removal")
    return FaceTrack(
        fps, start, **{name: fields.get(name, np.zeros(shapes.get(name, (count,)), np.float32)) for name in names}
    )


class Performance(Protocol):
    """One video being animated: it is fed the speech piece by piece and gives the frames in order."""

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> Iterator[Frame]:
        """The frames that can be made now that this piece is known.

        An animator that must hear a little ahead keeps some back until the next piece; with ``last`` it gives all.
        Over the whole video there is one frame for each of the tracks' frames.
        """
        ...


class Animator(Protocol):
    """Turns speech and its track into pictures of one prepared portrait. Many threads may use it at once."""

    name: str
    """``puppet``."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames, pixels, even."""
        ...

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        """(T,) opening of the inner lips that is meant for this portrait, in distances of its outer eye corners."""
        ...

    def perform(self, fps: int) -> Performance:
        """Begin a video."""
        ...
