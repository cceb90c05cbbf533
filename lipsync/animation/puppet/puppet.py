"""The puppet: warps a portrait at its full size so that it speaks. Needs no weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lipsync.animation.behavior.gaze import COUNTER_ROTATION
from lipsync.animation.puppet.canvas import Canvas
from lipsync.animation.puppet.curves import smoothstep
from lipsync.animation.puppet.eyelids import blink
from lipsync.animation.puppet.frame_map import FrameMap, MappedFrame
from lipsync.animation.puppet.gaze import turn_eyes
from lipsync.animation.puppet.head.reach import limit_pose
from lipsync.animation.puppet.paint import paint_interior, paint_shut_line
from lipsync.animation.puppet.pixels import PixelSampler
from lipsync.animation.puppet.rig import Rig
from lipsync.animation.puppet.smile_folds import is_shaded, shade_smile
from lipsync.animation.types import ARKIT_NAMES, FaceTrack, Performance
from lipsync.face.types import Portrait
from lipsync.face.upright import quarters_to_upright, turn_frame, turn_portrait
from lipsync.speech.types import Speech
from lipsync.video.frame import Frame, frame_of

Floats = NDArray[np.float32]

_BLOCK = 8
"""Frames whose fields are computed together."""
_JAW = ARKIT_NAMES.index("jawOpen")
_HIDING = (0.3, 0.9)
"""Closures of the lids between which the gaze returns to where the portrait looks: a lid's line would slide along."""
_BLINKS = (ARKIT_NAMES.index("eyeBlinkRight"), ARKIT_NAMES.index("eyeBlinkLeft"))


class Puppet:
    """An Animator of one portrait. Holds only what never changes: many threads may draw with it at once."""

    name = "puppet"

    def __init__(self, portrait: Portrait, rig: Rig) -> None:
        self.rig = rig
        self.quarters = quarters_to_upright(portrait)
        """Counterclockwise quarter turns of the picture before it is drawn; the frames are turned back."""
        portrait = turn_portrait(portrait, self.quarters)
        self._still = frame_of(portrait.picture, portrait.alpha)
        self._map = FrameMap(rig, (self._still.width, self._still.height))
        self._pixels = PixelSampler(self._still, rig)
        self._mouth = rig.head.surface(self._map.mouth)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames, pixels."""
        width, height = self._still.width, self._still.height
        return (height, width) if self.quarters % 2 else (width, height)

    def openings(self, track: FaceTrack) -> NDArray[np.float32]:
        """(T,) opening of the inner lips that is meant, in distances of the outer eye corners as seen."""
        return self.rig.motion.openings(track)

    def perform(self, fps: int) -> Performance:  # noqa: ARG002 - the tracks say it
        """Begin a video: the track alone says what the puppet does."""
        return _PuppetPerformance(self)

    def frames(self, track: FaceTrack) -> Iterator[Frame]:
        """One frame for each of the track's; each is the caller's own."""
        canvas = self._pixels.canvas()
        for begin in range(0, len(track), _BLOCK):
            block = track.part(begin, begin + _BLOCK)
            upper, lower = self.rig.warp.fields(self.rig.motion.displacements(block))
            smiles = self.rig.motion.smiles(block)
            for index in range(len(block)):
                frame = self._draw(canvas, block, index, (upper[index], lower[index]), smiles[index])
                yield turn_frame(frame, -self.quarters)

    def _draw(
        self, canvas: Canvas, track: FaceTrack, index: int, sides: tuple[Floats, Floats], smiles: Floats
    ) -> Frame:
        rig, weights = self.rig, track.weights[index]
        pose = limit_pose(track.pose[index], rig.head.reach)
        mapped = self._map.compose(
            canvas,
            sides,
            weights,
            float(track.seal[index]),
            pose,
            track.torso[index],
            smiles=is_shaded(smiles),
        )
        shut = (float(weights[_BLINKS[0]]), float(weights[_BLINKS[1]]))
        self._turn_eyes(canvas, mapped, track.gaze[index], track.pose[index] - pose, max(shut))
        painted = blink(canvas.source, rig.eyelids, shut) if rig.eyelids else []
        painted += shade_smile(canvas.source, rig.smile_folds, smiles)
        canvas.painted(painted)
        frame = self._pixels.sample(canvas, mapped, painted)
        canvas.restore(painted)
        down = rig.motion.mouth.down
        upper, lower = mapped.contours
        if rig.motion.mouth.is_open:
            paint_shut_line(frame, rig.interior, upper, lower, down, rig.motion.eye_distance)
        paint_interior(
            frame,
            rig.interior,
            upper,
            lower,
            down,
            float(weights[_JAW]),
            float(track.tongue[index]),
            rig.head.affine(pose, self._mouth),
        )
        return frame

    def _turn_eyes(self, canvas: Canvas, mapped: MappedFrame, gaze: Floats, beyond: Floats, shut: float) -> None:
        """Turn the eyes in the frame's map. ``beyond`` (5,): what of the pose the portrait cannot reach: the eyes
        need not turn against it. ``shut``: closure of the lids, 0 to 1."""
        if not self.rig.gaze or not mapped.boxes:
            return
        seen = 1 - float(smoothstep(shut, *_HIDING))
        right, up = ((float(gaze[k]) + COUNTER_ROTATION * float(beyond[k])) * seen for k in (0, 1))
        lattice = self.rig.warp.lattice
        turn_eyes(
            canvas.places,
            canvas.half_places,
            (lattice.left, lattice.top),
            self.rig.gaze,
            (right, up),
            lambda point: self.rig.head.at(mapped.moved, point[None])[0],
        )


class _PuppetPerformance:
    def __init__(self, puppet: Puppet) -> None:
        self._puppet = puppet

    def add(self, speech: Speech, track: FaceTrack, *, last: bool) -> Iterator[Frame]:  # noqa: ARG002
        """All frames of the track: the puppet needs to know nothing ahead."""
        return self._puppet.frames(track)
