"""How much of each pixel of a portrait is the person, and what colours person and background have there."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.segmentation import SIDE, segment_people
from lipsync.face.topology import FACE_OVAL
from lipsync.face.types import Portrait

Floats = NDArray[np.float32]

_LONG_SIDE = 768
"""Pixels of the longer side at which the segmentation is laid onto the picture's edges."""
_RADIUS = 0.10
"""Eye distances over which the border of the segmentation may be wrong: the window of the guided filter."""
_EPSILON = 1e-3
"""Variance of the guide, in 0-1, below which the filter averages and does not follow an edge."""
_CONTRAST = (0.08, 0.92)
"""Alphas that become 0 and 1: the filter leaves a haze that is neither hair nor background."""
_TRUST = 4.0
"""Alpha is at most this much of the certainty nearby: what is alike in colour but surely not the person stays out."""
_CONNECTED = 0.3
"""Certainty from which places count as one region with the face; other people and stains beside it are left out."""
_OPAQUE = 0.95
"""Part of the face's outline, from its middle, that is opaque."""
_MEAN_RADII = (0.35, 0.06)
"""Eye distances: sigmas of the two passes of the colour estimate."""
_BAND = 128
"""Rows of a picture whose colours are separated at a time."""
_SHRINK = 4
"""The colour means are blurred at this part of the size."""


def matte_of(portrait: Portrait) -> Floats:
    """(H, W) alpha of the person, 0-1: the segmentation, laid onto the edges of the picture.

    Guided filter (He, Sun, Tang 2010, "Guided image filtering", section 3.3) with the three colours as the guide.
    """
    height, width = portrait.picture.shape[:2]
    scale = min(1.0, _LONG_SIDE / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    guide = cv2.resize(portrait.picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    region = _region_of_face(portrait)
    mask = cv2.resize(region, size, interpolation=cv2.INTER_LINEAR)
    radius = max(2, round(_RADIUS * portrait.head.scale * scale))
    factors = _fit_guide(np.asarray(guide, np.float32), np.asarray(mask, np.float32), radius)
    # The factors are smooth, so they can be enlarged; the full picture then gives the fine edges.
    factors = np.asarray(cv2.resize(factors, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    alpha = (portrait.picture * factors[..., :3]).sum(2) / 255 + factors[..., 3]
    low, high = _CONTRAST
    alpha = ((alpha - low) / (high - low)).clip(0, 1)
    near = cv2.dilate(region, np.ones((3, 3), np.uint8))
    alpha = np.minimum(alpha, cv2.resize(near, (width, height), interpolation=cv2.INTER_LINEAR) * _TRUST)
    return np.asarray(np.maximum(alpha, _opaque_face(portrait)), np.float32)


def _opaque_face(portrait: Portrait) -> Floats:
    """(H, W) 1 in the face: skin of the background's colour does not become a hole."""
    oval = portrait.landmarks[list(FACE_OVAL), :2]
    inner = oval.mean(0) + (oval - oval.mean(0)) * _OPAQUE
    face = np.zeros(portrait.picture.shape[:2], np.float32)
    cv2.fillPoly(face, [np.round(inner).astype(np.int32)], 1.0)
    sigma = max(0.5, 0.02 * portrait.head.scale)
    return np.asarray(cv2.GaussianBlur(face, (0, 0), sigma), np.float32)


def _region_of_face(portrait: Portrait) -> Floats:
    """(SIDE, SIDE) the certainty of the person, 0 where it is not connected with the face."""
    certainty = segment_people(portrait.picture)
    height, width = portrait.picture.shape[:2]
    _, regions = cv2.connectedComponents((certainty > _CONNECTED).astype(np.uint8))
    oval = portrait.landmarks[list(FACE_OVAL), :2] * [SIDE / width, SIDE / height]
    face = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(face, [np.round(oval).astype(np.int32)], 1)
    counts = np.bincount(regions[face > 0], minlength=2)
    counts[0] = 0
    person = regions == int(counts.argmax())
    person = cv2.dilate(person.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # with its faint border
    return np.asarray(np.maximum(certainty * person, face), np.float32)


def _fit_guide(guide: Floats, mask: Floats, radius: int) -> Floats:
    """(h, w, 4) factors of the channels of ``guide`` (h, w, 3), and a constant, that give ``mask`` (h, w)."""

    def mean(values: NDArray[np.floating]) -> Floats:
        return np.asarray(cv2.blur(values, (2 * radius + 1, 2 * radius + 1)), np.float32)

    means, mask_mean = mean(guide), mean(mask)
    covariance = mean(guide * mask[..., None]) - means * mask_mean[..., None]
    variance = np.empty((*mask.shape, 3, 3), np.float32)
    for row in range(3):
        for column in range(row + 1):
            product = mean(guide[..., row] * guide[..., column]) - means[..., row] * means[..., column]
            variance[..., row, column] = variance[..., column, row] = product
    variance += _EPSILON * np.eye(3, dtype=np.float32)
    factors = np.linalg.solve(variance, covariance[..., None])[..., 0]
    constant = mask_mean - (factors * means).sum(2)
    return mean(np.dstack([factors, constant]).astype(np.float32))


def separate_colours(
    picture: NDArray[np.uint8], alpha: Floats, unit: float
) -> Iterator[tuple[slice, Floats, NDArray[np.uint8]]]:
    """Colours in 0-255 of the person and of the background in ``picture`` (H, W, 3), band by band of its rows.

    Yields the rows, the person's colours there as float32 and the background's mean colours, both (rows, W, 3).
    Blurred means of each side, then what the matting equation lacks (Forte 2021, "Approximate fast foreground colour
    estimation", equations 4 to 6). ``unit``: pixels in an eye distance. In bands, because a large picture in floats
    would take more memory than a video.
    """
    height, width = alpha.shape
    size = max(1, width // _SHRINK), max(1, height // _SHRINK)
    image = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    share = np.asarray(cv2.resize(alpha, size, interpolation=cv2.INTER_AREA), np.float32)
    person, behind = image, image
    for radius in _MEAN_RADII:
        sigma = max(1.0, radius * unit / _SHRINK)
        person_mean, behind_mean = _mean(person, share, sigma), _mean(behind, 1 - share, sigma)
        person, behind = _complete(image, share[..., None], person_mean, behind_mean)
    person_mean, behind_mean = (
        cv2.resize(np.round(mean).astype(np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
        for mean in (person_mean, behind_mean)
    )
    for top in range(0, height, _BAND):
        rows = slice(top, top + _BAND)
        near = [mean[rows].astype(np.float32) for mean in (person_mean, behind_mean)]
        yield rows, _complete(picture[rows].astype(np.float32), alpha[rows, :, None], *near)[0], behind_mean[rows]


def _complete(image: Floats, share: Floats, person_mean: Floats, behind_mean: Floats) -> tuple[Floats, Floats]:
    """Colours of person and background that give ``image`` when they are mixed by ``share``, near their means."""
    missing = image - behind_mean - (person_mean - behind_mean) * share
    person = (person_mean + missing * share).clip(0, 255)
    behind = (behind_mean + missing * (1 - share)).clip(0, 255)
    return np.asarray(person, np.float32), np.asarray(behind, np.float32)


def _mean(values: Floats, weight: Floats, sigma: float) -> Floats:
    """(h, w, 3) ``values`` blurred by ``sigma`` pixels, each pixel counted by its ``weight`` (h, w)."""
    weighted = np.dstack([values * weight[..., None], weight])
    # Where nothing is near, what is far counts: the blurs grow until the whole picture is in them.
    total = weighted.mean((0, 1), keepdims=True) * np.float32(1e-6) + np.float32(1e-12)
    for factor, count in ((1.0, 1.0), (4.0, 1e-3)):
        total = total + np.float32(count) * cv2.GaussianBlur(weighted, (0, 0), factor * sigma)
    return np.asarray(total[..., :3] / total[..., 3:], np.float32)
