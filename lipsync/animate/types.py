"""What moves: the face track, and who turns it into pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lipsync.media.frame import Frame
from lipsync.progress import Meanwhile
from lipsync.speech.types import Speech

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
    """(T, 4) head motion: right and down in distances of the outer eye corners, clockwise roll in radians, and
    growth (0 = none)."""

    def __len__(self) -> int:
        return len(self.weights)


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

    def perform(self, fps: int, meanwhile: Meanwhile | None = None) -> Performance:
        """Begin a video. ``meanwhile`` is called while its frames are waited for."""
        ...
