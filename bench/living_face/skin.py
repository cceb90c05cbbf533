"""How far the lips part in the picture itself: the skin above them and below them is followed, without a face mesh.

A mesh has learnt what faces look like, and reads a mouth as shut where it does not know it, as on a painting. Skin
beside the lips goes with them: its way, found by template matching, is the opening and the little by which lips bend.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.living_face.recording import Recording
from lipsync.animation.puppet import Puppet
from lipsync.face.topology import LOWER_LIP, UPPER_LIP

Picture = NDArray[np.uint8]
Floats = NDArray[np.float64]

EYES = 200.0
"""Pixels of an eye distance in the crops that are compared."""
_CROP = (1.0, 1.0)
"""Width and height of a crop in eye distances; the middle of the shut lips is its middle."""
_ABOVE = (-0.20, -0.10, 0.40, 0.09)
"""Left, top, width and height of the skin above the lips, in eye distances from their middle."""
_BELOW = (-0.22, 0.03, 0.44, 0.18)
"""The same below the lips; of full lips it is the lower one. A smaller patch was mistaken for the line of an open
mouth on 101."""
_UP, _DOWN, _ASIDE = 0.06, 0.25, 0.03
"""Eye distances that skin may have gone up, down and to either side."""
_MIN_MATCH = 0.7
"""Normalized correlation of a patch with its best match, below which it was not recognized."""
_MIN_RECOGNIZED = 0.8
"""Share of the frames in which the skin must be recognized; 0.91 to 1.00 on four portraits."""
_SETTLED_S = 1.0
"""Seconds after which the face shows its mood."""


def measure_skin(video: Path, recording: Recording, puppet: Puppet) -> Floats:
    """(T,) distance of the lips in each frame of ``video``, whose head is still, in eye distances as seen.

    It counts from a frame in which they are meant to touch; NaN where the skin is not recognized.
    """
    meant = recording.opening
    after = min(round(_SETTLED_S * recording.fps), len(meant) - 1)
    shut = np.flatnonzero(meant[after:] <= meant[after:].min()) + after
    reference = int(shut[len(shut) // 2])
    track = next(
        part.part(reference - part.start, reference - part.start + 1)
        for part in recording.tracks
        if part.start <= reference < part.start + len(part)
    )
    motion = puppet.rig.motion
    points = motion.mouth.points + motion.displacements(track)[0]
    middle = (points[UPPER_LIP[3][5]] + points[LOWER_LIP[3][5]]) / 2
    crops = [
        crop_mouth(np.rot90(picture, puppet.quarters), middle, motion.mouth.along, motion.seen_eye_distance)
        for picture in read_pictures(video)
    ]
    return part_of_lips(crops, crops[reference])


def read_pictures(video: Path) -> Iterator[Picture]:
    """The frames, (H, W) grey."""
    with av.open(str(video)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="gray"), np.uint8)


def crop_mouth(picture: Picture, middle: Floats, along: Floats, eye_distance: float) -> Picture:
    """The surroundings of ``middle`` (2,) in ``picture`` (H, W), turned until ``along`` (2,), the lips, is level."""
    width, height = (round(side * EYES) for side in _CROP)
    step = eye_distance / EYES
    matrix = np.array([[along[0], -along[1]], [along[1], along[0]]]) * step
    corner = middle - matrix @ [width / 2, height / 2]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    crop = cv2.warpAffine(
        np.ascontiguousarray(picture), np.column_stack([matrix, corner]), (width, height), flags=flags,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    return np.asarray(crop, np.uint8)


def part_of_lips(crops: Iterable[Picture], reference: Picture) -> Floats:
    """(T,) eye distances by which the skin below the lips has gone further down than that above, since ``reference``.

    NaN where one of both is not recognized, and everywhere if that is more often than in a fifth of the frames.
    """
    ways = [[_way(crop, reference, patch) for patch in (_ABOVE, _BELOW)] for crop in crops]
    above, below = np.array(ways, np.float64).T
    parted = (below - above) / EYES
    return parted if np.mean(~np.isnan(parted)) >= _MIN_RECOGNIZED else np.full_like(parted, np.nan)


def _way(crop: Picture, reference: Picture, patch: tuple[float, float, float, float]) -> float:
    """Pixels that the ``patch`` of ``reference`` has gone down in ``crop``; NaN if it is not there."""
    height, width = reference.shape
    left, top = round(width / 2 + patch[0] * EYES), round(height / 2 + patch[1] * EYES)
    right, bottom = left + round(patch[2] * EYES), top + round(patch[3] * EYES)
    up, down, aside = (round(reach * EYES) for reach in (_UP, _DOWN, _ASIDE))
    area = crop[top - up : bottom + down, left - aside : right + aside]
    match = cv2.matchTemplate(area, reference[top:bottom, left:right], cv2.TM_CCOEFF_NORMED)
    _, best, _, (column, row) = cv2.minMaxLoc(match)
    if best < _MIN_MATCH or not 0 < row < len(match) - 1:  # the best at the border is not the best there is
        return float("nan")
    before, here, after = (float(value) for value in match[row - 1 : row + 2, column])
    bend = before - 2 * here + after
    return row + ((before - after) / (2 * bend) if bend < 0 else 0.0) - up
