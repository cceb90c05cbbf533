"""How much of the motion of head and torso reaches each place of a portrait."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import smoothstep
from lipsync.animation.puppet.head.person_mask import PersonMask, segment_person, skull_ellipse
from lipsync.face.topology import CHIN
from lipsync.face.types import Portrait

Floats = NDArray[np.float32]

MIN_WEIGHT = 0.004
"""A place with less does not move at all: its pixels are the portrait's."""
_PLAIN_FALLOFF, _TEXTURED_FALLOFF = 0.45, 1.1
"""Eye distances over which the background beside the head comes to rest: where it is plain nobody sees it bend."""
_PLAIN, _TEXTURED = 2.0, 7.0
"""Mean gradient of the luma, levels a pixel at the mask's size, of a background without and with texture."""
_BORDER = 0.3
"""Share of the motion that is left at the picture's left, right and upper border. What comes in there from outside is
a mirror image, seen as such beyond some 10 pixels."""
_NECK = (-0.10, 1.15)
"""Eye distances below the chin between which the head's motion runs out and the torso's begins."""
_BELLY = (1.0, 2.2)
"""Eye distances below the chin between which the torso's motion runs out."""


@dataclass(frozen=True)
class HeadWeights:
    """On a small grid: 0 = still, 1 = moves with the head or with the torso."""

    head: Floats
    """(h, w)."""
    torso: Floats
    """(h, w)."""
    scale: float
    """Pixels of the grid in one pixel of the portrait."""
    box: tuple[float, float, float, float]
    """x0, y0, x1, y1 of all that moves, in pixels of the portrait."""


def plan_weights(portrait: Portrait) -> HeadWeights:
    """Segment the person and plan where motion reaches."""
    person = segment_person(portrait)
    unit = portrait.head.scale
    below = _below_chin(portrait, person)
    head = _head_weight(portrait, person, below, unit)
    torso = _torso_weight(person, below, unit)
    height, width = portrait.picture.shape[:2]
    rows, columns = np.nonzero((head > 0) | (torso > 0))
    scale = person.scale
    box = (
        max(0.0, (columns.min() - 1) / scale),
        max(0.0, (rows.min() - 1) / scale),
        min(float(width), (columns.max() + 2) / scale),
        min(float(height), (rows.max() + 2) / scale),
    )
    return HeadWeights(head, torso, scale, box)


def _below_chin(portrait: Portrait, person: PersonMask) -> Floats:
    """(h, w) eye distances below the chin, along the head's own axis; negative above it."""
    head = portrait.head
    height, width = person.mask.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    down = head.turn(np.array([0.0, -1.0, 0.0]))[:2]
    down /= np.linalg.norm(down)
    chin = portrait.landmarks[CHIN, :2]
    return np.asarray(
        ((x / person.scale - chin[0]) * down[0] + (y / person.scale - chin[1]) * down[1]) / head.scale, np.float32
    )


def _head_weight(portrait: Portrait, person: PersonMask, below: Floats, unit: float) -> Floats:
    """(h, w): 1 on head and hair, down to 0 along the neck and in the background around."""
    scale = person.scale
    head = ((person.mask > 0) & (below < 0.25)).astype(np.uint8)
    skull = skull_ellipse(portrait.head, 0.86, 1.1, 40)
    cv2.fillPoly(head, [np.round(skull * scale).astype(np.int32)], 1)
    away = _distance_from(head, unit, scale)
    falloff = _falloff(person, head, unit)
    height, width = head.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    room = np.minimum(np.minimum(x, width - 1 - x), y) / scale  # the lower border is the torso's
    part = np.maximum(away / (away + room + 1e-3), away / (falloff * unit))
    weight = _smooth(1 - smoothstep(part, 0.0, 1.0), unit, scale)
    weight = weight * (1 - smoothstep(below, *_NECK))
    weight = weight * (_BORDER + (1 - _BORDER) * smoothstep(room, 0, 0.55 * unit))
    return _without_traces(weight)


def _torso_weight(person: PersonMask, below: Floats, unit: float) -> Floats:
    """(h, w): 1 on neck and shoulders, to 0 above the chin, down the chest and in the background."""
    scale = person.scale
    body = ((person.mask > 0) & (below > 0.1)).astype(np.uint8)
    if not body.any():
        return np.zeros(body.shape, np.float32)
    away = _distance_from(body, unit, scale)
    falloff = _falloff(person, body, unit)
    width = body.shape[1]
    x = np.broadcast_to(np.arange(width, dtype=np.float32), body.shape)
    room = np.minimum(x, width - 1 - x) / scale
    part = np.maximum(away / (away + room + 1e-3), away / (falloff * unit))
    weight = _smooth(1 - smoothstep(part, 0.0, 1.0), unit, scale)
    return _without_traces(weight * smoothstep(below, *_NECK) * (1 - smoothstep(below, *_BELLY)))


def _distance_from(region: NDArray[np.uint8], unit: float, scale: float) -> Floats:
    """(h, w) pixels of the portrait to ``region``, which is first grown by 0.05 eye distances."""
    radius = max(1, round(0.05 * unit * scale))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    grown = cv2.dilate(region, disc)
    return np.asarray(cv2.distanceTransform(1 - grown, cv2.DIST_L2, 5) / scale, np.float32)


def _falloff(person: PersonMask, region: NDArray[np.uint8], unit: float) -> Floats:
    """(h, w) eye distances over which what lies around ``region`` comes to rest: by the texture of the background."""
    grey = cv2.cvtColor(person.picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    # Squares, which are exact here: the last digits of cv2.magnitude depend on where an array lies in memory.
    right, down = (cv2.Sobel(grey, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    squared = np.square(right) + np.square(down)
    outside = (cv2.dilate(np.maximum(region, person.mask), np.ones((5, 5), np.uint8)) == 0).astype(np.float32)
    sigma = 0.35 * unit * person.scale
    known = cv2.GaussianBlur(outside, (0, 0), sigma)
    texture = cv2.GaussianBlur(squared * outside, (0, 0), sigma) / np.maximum(known, 1e-3)
    body = (person.mask > 0) & (region == 0)  # below the head: the neck's own falloff decides there
    on_body = cv2.GaussianBlur(body.astype(np.float32), (0, 0), 0.15 * unit * person.scale)
    share = np.maximum(smoothstep(np.sqrt(texture), _PLAIN, _TEXTURED), smoothstep(on_body, 0.05, 0.5))
    return np.asarray(_PLAIN_FALLOFF + (_TEXTURED_FALLOFF - _PLAIN_FALLOFF) * share, np.float32)


def _smooth(weight: Floats, unit: float, scale: float) -> Floats:
    """Without corners along the outline."""
    return np.asarray(cv2.GaussianBlur(weight, (0, 0), 0.07 * unit * scale), np.float32)


def _without_traces(weight: Floats) -> Floats:
    """0 where the weight is below MIN_WEIGHT, without a step there."""
    return np.asarray(np.clip((weight - MIN_WEIGHT) / (1 - MIN_WEIGHT), 0, 1), np.float32)
