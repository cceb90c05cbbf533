"""A smooth surface through what is known of a picture: the light that lies on a lid."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

SWEEPS = 18
"""Damped Jacobi sweeps on each level."""
STRENGTH = 0.15
"""Pull of the data on the finest level; four times as much on each coarser one, whose pixels stand for four.
With equal pull on all levels distant colours stayed on the lid."""
_SMALLEST = 8
"""Rows or columns of the coarsest level."""


def screened_membrane(colour: Floats, weight: Floats) -> Floats:
    """Minimise |grad f|^2 + pull * weight * |f - colour|^2, coarse to fine.

    ``colour`` (h, w, c), ``weight`` (h, w) in [0, 1], 0 where the colour is unknown. Returns (h, w, c).
    """
    levels = [(colour, weight)]
    while min(levels[-1][1].shape) > _SMALLEST:
        fine, known = levels[-1]
        size = ((known.shape[1] + 1) // 2, (known.shape[0] + 1) // 2)
        coarse = cv2.resize(known, size, interpolation=cv2.INTER_AREA)
        product = cv2.resize(fine * known[..., None], size, interpolation=cv2.INTER_AREA)
        levels.append((product / np.maximum(coarse, 1e-4)[..., None], coarse))
    coarsest, known = levels[-1]
    mean = (coarsest * known[..., None]).sum((0, 1)) / max(float(known.sum()), 1e-3)
    surface = np.broadcast_to(mean.astype(np.float32), coarsest.shape).copy()
    neighbours = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / 4
    for depth in range(len(levels) - 1, -1, -1):
        values, known = levels[depth]
        if surface.shape != values.shape:
            surface = cv2.resize(surface, (values.shape[1], values.shape[0]), interpolation=cv2.INTER_LINEAR)
        pull = (STRENGTH * 4.0**depth * known)[..., None].astype(np.float32)
        data, divisor = pull * values, 1 / (1 + pull)
        for _ in range(SWEEPS if depth else SWEEPS // 2):
            mean_of_four = cv2.filter2D(surface, -1, neighbours, borderType=cv2.BORDER_REPLICATE)
            surface = (mean_of_four + data) * divisor
    return np.asarray(surface, np.float32)
