"""Where the person is in a portrait, as one region of a small picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.pose import HeadFit
from lipsync.face.segmentation import segment_people
from lipsync.face.topology import FACE_OVAL
from lipsync.face.types import Portrait

Bytes = NDArray[np.uint8]

LONG_SIDE = 192
"""Pixels of the longer side of the mask: the weights made of it are smooth."""
_MIN_CERTAINTY = 0.4
"""Certainty of the segmentation from which a place belongs to the person."""
_MAX_HOLE = 0.5
"""Side of a hole in the person that is filled, in eye distances."""


@dataclass(frozen=True)
class PersonMask:
    """The person at a small size."""

    mask: Bytes
    """(h, w) 1 = head, hair, hat, neck or body; one connected region."""
    scale: float
    """Pixels of the mask in one pixel of the portrait."""
    picture: Bytes
    """(h, w, 3) RGB, the portrait at the same size."""


def segment_person(portrait: Portrait) -> PersonMask:
    """Segment the person of a portrait: 20 ms on one core. Face and skull, which the mesh gives, always belong to it.

    Compared on 15 portraits with GrabCut started from the mesh (45 to 170 ms): GrabCut lost Gauss's hat and most
    shoulders and took in flags, doors and shirts behind; the network lost one white hat before a white sky.

    Raises LipsyncError missing_part when the network is not there.
    """
    height, width = portrait.picture.shape[:2]
    scale = min(1.0, LONG_SIDE / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    small = cv2.resize(portrait.picture, size, interpolation=cv2.INTER_AREA)
    certainty = cv2.resize(segment_people(portrait.picture), size, interpolation=cv2.INTER_AREA)
    found = (certainty > _MIN_CERTAINTY).astype(np.uint8)
    oval = portrait.landmarks[list(FACE_OVAL), :2] * scale
    for outline in (oval, skull_ellipse(portrait.head, 0.80, 1.05, 60) * scale):
        cv2.fillPoly(found, [np.round(outline).astype(np.int32)], 1)
    return PersonMask(_clean(found, oval.mean(0), portrait.head.scale * scale), scale, np.asarray(small, np.uint8))


def skull_ellipse(head: HeadFit, across: float, above: float, count: int) -> NDArray[np.float64]:
    """(count, 2) pixels of an ellipse about the skull; its half axes across and upwards in eye distances."""
    angle = np.linspace(0, 2 * np.pi, count)
    ellipse = np.stack([across * np.cos(angle), 0.35 + above * np.sin(angle), np.full(count, -0.5)], -1)
    return head.place(ellipse)[:, :2]


def _clean(found: Bytes, centre: NDArray[np.floating], unit: float) -> Bytes:
    """The region that holds ``centre``, its small holes filled, its border smoothed."""
    height, width = found.shape
    _, regions = cv2.connectedComponents(found)
    seed = regions[np.clip(int(centre[1]), 0, height - 1), np.clip(int(centre[0]), 0, width - 1)]
    person = (regions == seed).astype(np.uint8)
    outside = np.pad(1 - person, 1)
    count, holes, stats, _ = cv2.connectedComponentsWithStats(outside)
    for hole in range(1, count):
        left, top, across, down, area = stats[hole]
        at_border = left <= 1 or top <= 1 or left + across >= width + 1 or top + down >= height + 1
        if not at_border and area < (_MAX_HOLE * unit) ** 2:
            person[(holes == hole)[1:-1, 1:-1]] = 1
    radius = max(1, round(0.03 * unit))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    person = cv2.morphologyEx(person, cv2.MORPH_CLOSE, disc)
    return np.asarray(cv2.morphologyEx(person, cv2.MORPH_OPEN, disc), np.uint8)
