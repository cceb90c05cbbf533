"""Puts another background behind the person of a portrait: a colour, the portrait's own, blurred, or none.

The background is replaced once, in the portrait. A colour looks the same wherever the moving head drags it, and so
does a strong blur; so no frame costs more, and hair never parts from what is behind it. A person before no background
has an alpha, which moves with the picture in each frame.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.background import read_color
from lipsync.face.matte import matte_of, separate_colours
from lipsync.face.types import Portrait

_BLUR = 0.45
"""Sigma of the blur in eye distances. A moving head drags what is beside it by a tenth of that at most, which is not
seen."""
_SHRINK = 8
"""The blur is computed at this part of the size."""


def replace_background(portrait: Portrait, background: str) -> Portrait:
    """The portrait before ``blur`` or before a colour ``#rrggbb``; 0.6 s for a megapixel, on one core.

    Raises LipsyncError missing_part when the network that finds the person is not there.
    """
    picture, unit = portrait.picture, portrait.head.scale
    alpha = matte_of(portrait)
    ground = _blur(picture, alpha, unit) if background == "blur" else None
    color = np.array(read_color(background) or (0, 0, 0), np.float32)
    replaced = np.empty_like(picture)
    for rows, person, _ in separate_colours(picture, alpha, unit):
        behind = color if ground is None else ground[rows].astype(np.float32)
        replaced[rows] = np.round(behind + (person - behind) * alpha[rows, :, None]).clip(0, 255)
    return replace(portrait, picture=replaced)


def cut_out(portrait: Portrait) -> Portrait:
    """The portrait's person before no background: with an alpha; 0.6 s for a megapixel, on one core.

    Where a pixel mixed person and background, the picture has the person's part alone, and beyond the person it goes
    on with the colours nearby: neither the motion of the head nor half-size chroma draws the background in.
    Raises LipsyncError missing_part when the network that finds the person is not there.
    """
    alpha = matte_of(portrait)
    picture = np.empty_like(portrait.picture)
    for rows, person, _ in separate_colours(portrait.picture, alpha, portrait.head.scale):
        picture[rows] = np.round(person)
    return replace(portrait, picture=picture, alpha=np.round(alpha * 255).astype(np.uint8))


def _blur(picture: NDArray[np.uint8], alpha: NDArray[np.float32], unit: float) -> NDArray[np.uint8]:
    """(H, W, 3) the background without the person, blurred."""
    height, width = alpha.shape
    size = max(2, width // _SHRINK), max(2, height // _SHRINK)
    behind = np.concatenate([band for _, _, band in separate_colours(picture, alpha, unit)])
    small = cv2.resize(behind, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), _BLUR * unit / _SHRINK)
    large = cv2.resize(np.round(small).clip(0, 255).astype(np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(large, np.uint8)
