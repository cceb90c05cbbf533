"""A mouth drawn from the front, and the landmarks of its lips."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync.face.topology import LOWER_LIP, UPPER_LIP

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]
Colour = tuple[int, int, int]

EYES = 150.0
"""Eye distance, pixels: the mouth is 100 wide."""
SKIN: Colour = (205, 160, 140)
LIP: Colour = (170, 85, 85)
SHADOW: Colour = (118, 28, 34)
"""Of the line between shut lips: dark, and red as they are."""
DARK: Colour = (40, 28, 26)
TOOTH: Colour = (225, 220, 205)
ALONG, DOWN = np.array([1.0, 0.0]), np.array([0.0, 1.0])


def lip_points(inner_half_width: float = 50.0) -> Points:
    """(468, 2) landmarks: the lips' four rings, from an ellipse to the line between them; the rest is at the nose."""
    points = np.full((468, 2), (120.0, 40.0))
    for k in range(4):
        half_width = 56 + (inner_half_width - 56) * k / 3
        t = np.linspace(-1, 1, 11)
        thickness = 22 * np.sqrt(1 - t**2) * (1 - k / 3)
        for ring, sign in ((UPPER_LIP[k], -1), (LOWER_LIP[k], 1)):
            points[list(ring)] = np.column_stack([120 + half_width * t, 120 + sign * thickness])
    return points


def draw_lips() -> Picture:
    """(240, 240, 3) lips on skin, with the shadow of the line between them."""
    picture = np.full((240, 240, 3), SKIN, np.uint8)
    cv2.ellipse(picture, (120, 120), (56, 22), 0, 0, 360, LIP, -1, cv2.LINE_AA)
    cv2.line(picture, (76, 120), (164, 120), SHADOW, 2, cv2.LINE_AA)
    return picture


def draw_gap(picture: Picture, colour: Colour, height: float, half_width: float = 46, at: float = 120) -> Picture:
    """The same, with an opening ``height`` pixels high."""
    drawn = picture.copy()
    axes = (round(half_width * 16), round(height * 8))
    cv2.ellipse(drawn, (120 * 16, round(at * 16)), axes, 0, 0, 360, colour, -1, cv2.LINE_AA, 4)
    return drawn


def photograph(picture: Picture) -> Picture:
    """The same, softened and with grain."""
    grain = np.random.default_rng(0).normal(0, 3, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8) + grain, 0, 255).astype(np.uint8)
