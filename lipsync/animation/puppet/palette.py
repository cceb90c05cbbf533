"""The colours and the sharpness that the inside of the mouth takes from the portrait."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.animation.puppet.curves import luma, pixels_inside
from lipsync.animation.puppet.mouth import Mouth
from lipsync.face.topology import CHEEKS, FACE_OVAL, LOWER_LIDS, LOWER_LIP, UPPER_LIDS

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Palette:
    """RGB colours in 0-255, and how soft the portrait is."""

    skin: Floats
    """(3,) middle colour of the cheeks."""
    lip: Floats
    """(3,) of the lower lip."""
    tooth: Floats
    gum: Floats
    tongue: Floats
    cavity: Floats
    warmth: float
    """How much warmer a shade inside the mouth is than grey, 0 in a picture without colour: flesh lights flesh."""
    softness: float
    """Standard deviation in pixels of the blur that makes drawn things as soft as the portrait."""


def study_colours(picture: NDArray[np.uint8], mouth: Mouth, eye_distance: float) -> Palette:
    """Take colours and softness from ``picture`` (H, W, 3) RGB."""
    points = mouth.points
    cheeks = np.concatenate([pixels_inside(picture, points[list(cheek)]) for cheek in CHEEKS])
    skin, bright = np.median(cheeks, axis=0), np.percentile(cheeks, 80, axis=0)
    lip = np.median(pixels_inside(picture, points[[*LOWER_LIP[0][2:9], *LOWER_LIP[3][2:9]]]), axis=0)
    eyes = np.concatenate(
        [
            pixels_inside(picture, points[[*upper, *lower]])
            for upper, lower in zip(UPPER_LIDS, LOWER_LIDS, strict=True)
        ]
    )
    # Teeth are as bright as the light, not as the skin: the white of the eyes tells how bright that is.
    light = max(float(luma(bright)), 0.78 * float(np.percentile(luma(eyes), 92)))
    # Bright teeth before a dark mouth are what makes an opening read as one, to eyes and to face meshes alike.
    tooth = 0.42 * light * np.array([1.02, 1.0, 0.95]) + 0.58 * bright * light / max(float(luma(bright)), 1.0)
    if mouth.is_open:
        tooth = _own_teeth(picture, mouth, float(luma(lip)), tooth)
    cavity = lip * np.array([0.85, 0.50, 0.48]) / max(float(luma(lip)), 1.0) * 0.24 * light
    flesh = (lip * 0.45 + np.array([1.05, 0.55, 0.55]) * 0.40 * light) * np.array([0.82, 0.74, 0.74])
    face, chroma = _face_crop(picture, points)
    colourful = float(np.clip(chroma / 18, 0, 1))

    def as_colourful(colour: NDArray[np.floating]) -> Floats:
        return np.asarray(luma(colour) + colourful * (colour - luma(colour)), np.float32)

    tongue = as_colourful(flesh)
    return Palette(
        np.asarray(skin, np.float32),
        np.asarray(lip, np.float32),
        as_colourful(np.minimum(tooth * (1.0 if mouth.is_open else 1.1), 245)),
        np.asarray(tongue * 0.62, np.float32),
        tongue,
        as_colourful(cavity),
        0.14 * colourful,
        _softness(face, eye_distance),
    )


def _own_teeth(
    picture: NDArray[np.uint8], mouth: Mouth, lip: float, otherwise: NDArray[np.floating]
) -> NDArray[np.floating]:
    inside = pixels_inside(picture, np.concatenate([mouth.visible_upper[15:-15], mouth.visible_lower[15:-15]]))
    brightness = luma(inside)
    own = np.median(inside[brightness >= np.percentile(brightness, 60)], axis=0)
    return np.asarray(own) if float(luma(own)) > lip * 1.1 else otherwise


def _face_crop(picture: NDArray[np.uint8], points: NDArray[np.floating]) -> tuple[Floats, float]:
    """Brightness of the face alone, and its middle chroma in CIELAB."""
    oval = points[list(FACE_OVAL)]
    height, width = picture.shape[:2]
    x0, y0 = np.clip(oval.min(0), 0, [width - 8, height - 8]).astype(int)
    x1, y1 = np.clip(oval.max(0), [x0 + 8, y0 + 8], [width, height]).astype(int)
    crop = picture[y0:y1, x0:x1]
    lab = cv2.cvtColor(np.ascontiguousarray(crop[::2, ::2]), cv2.COLOR_RGB2LAB).astype(np.float32) - 128
    grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY).astype(np.float32)
    return grey, float(np.median(np.hypot(lab[..., 1], lab[..., 2])))


def _softness(face: Floats, eye_distance: float) -> float:
    """Blur for drawn things: the energy of the finest detail against that of the next octave."""
    blurred = [cv2.GaussianBlur(face, (0, 0), sigma) for sigma in (0.7, 1.4, 2.8)]
    fine = float((blurred[0] - blurred[1]).std()) / max(float((blurred[1] - blurred[2]).std()), 1e-3)
    return max(0.45, 0.0045 * eye_distance) + 2.2 * float(np.clip((0.65 - fine) / 0.27, 0, 1.5))
