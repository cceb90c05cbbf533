"""Paints the eye and the teeth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_IRIS, _PUPIL = 0.40, 0.16
"""Radii in that of the eyeball."""


def paint_eye(side: int = 256) -> NDArray[np.uint8]:
    """(side, side, 3) sRGB: the eyeball from the front, which fills the picture."""
    grid = (np.arange(side) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(grid, grid)
    radius, around = np.hypot(x, y), np.arctan2(y, x)
    random = np.random.default_rng(1)
    phases, counts = random.uniform(0, 2 * np.pi, 14), random.integers(9, 70, 14)
    fibres = (
        sum(
            np.sin(count * around + phase + 5 * radius * np.sin(phase))
            for count, phase in zip(counts, phases, strict=True)
        )
        / 7
    )
    white = np.array((238, 232, 226.0)) - np.clip(radius - 0.45, 0, 1)[..., None] * np.array((28, 78, 78))
    depth = np.clip((radius - _PUPIL) / (_IRIS - _PUPIL), 0, 1)
    iris = np.array((96, 74, 46.0)) * (1.15 - 0.45 * depth[..., None]) + np.array((34, 44, 40.0)) * depth[..., None]
    iris = iris * (1 + 0.30 * fibres[..., None])
    iris = iris * (1 - 0.62 * np.clip((depth - 0.78) / 0.22, 0, 1)[..., None])  # the limbal ring
    soft = 3.0 / side
    shown = np.clip((_IRIS - radius) / soft + 0.5, 0, 1)[..., None]
    pupil = np.clip((_PUPIL - radius) / soft + 0.5, 0, 1)[..., None]
    colour = white * (1 - shown) + iris * shown
    colour = colour * (1 - pupil) + np.array((10, 8, 8.0)) * pupil
    # the shade of the upper lid
    colour = colour * (1 - 0.25 * np.clip(-y - 0.12, 0, 0.6) / 0.6)[..., None]
    return colour.clip(0, 255).astype(np.uint8)


def paint_teeth(width: int = 256, height: int = 64) -> NDArray[np.uint8]:
    """(height, width, 3) sRGB: sixteen teeth side by side, gums above."""
    across, down = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    count = 16
    place = across * count % 1 - 0.5
    edge = np.clip((0.5 - np.abs(place)) / 0.09, 0, 1)  # dark where two teeth meet
    round_shade = 1 - 0.10 * (2 * place) ** 2
    tooth = np.array((236, 228, 212.0)) * (round_shade * (0.76 + 0.24 * edge))[None, :, None]
    tooth = tooth * (0.92 + 0.08 * down)[:, None, None]
    arch = 0.30 + 0.10 * (2 * place) ** 2
    gum = np.clip((arch[None] - down[:, None]) / 0.06 + 0.5, 0, 1)[..., None]
    colour = tooth * (1 - gum) + np.array((186, 104, 102.0)) * gum
    return colour.clip(0, 255).astype(np.uint8)
