"""Winograd convolution: 3x3 kernels with a quarter of the multiplications, for float32 on a CPU.

With it and :mod:`.onednn` the generator draws 1.33 times as many frames a second as ONNX Runtime 1.32, which reaches
75 % (on a Zen 4 with AVX-512; docs/decisions/005-wav2lip-kernels.md). Without this module it would be 83 %.

Winograd's minimal filtering: Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks". A tile of
m x m outputs is ``A' [ (G w G') * (B' x B) ] A``; the product in the middle is, for each of the (m + 2)^2 places of a
tile, one matrix product over the channels. The matrices are Toom and Cook's for the points of Barabasz et al. 2018,
"Error Analysis and Improving the Accuracy of Winograd Convolution": the error is about twice that of the sum itself.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from lipsync.animation.wav2lip.onednn import PackedProduct, product

Floats = NDArray[np.float64]

_POINTS = {2: (0.0, 1.0, -1.0), 4: (0.0, 1.0, -1.0, 0.5, -2.0)}
_POINT_ONE = 1  # the place of the point 1: what is added there is added to all outputs of the tile


class Winograd:
    """A 3x3 convolution with stride 1 and padding 1 for inputs of one size."""

    def __init__(self, weight: Tensor, bias: Tensor, *, residual: bool, shape: tuple[int, int, int, int]) -> None:
        """``weight`` (outputs, inputs, 3, 3) and ``bias`` float32; ``shape`` (B, C, H, W) of the input.

        ``residual``: the input is added to the output.
        """
        self._residual, self._shape = residual, shape
        batch, _, height, width = shape
        self._tile = best_tile(height, width)
        side = self._tile + 2
        self._down, self._across = -(-height // self._tile), -(-width // self._tile)
        outward, kernel, inward = matrices(self._tile)
        self._inward = torch.from_numpy(np.kron(inward, inward)).float()
        self._outward = torch.from_numpy(np.kron(outward, outward)).float()
        places = torch.from_numpy(np.kron(kernel, kernel)) @ weight.double().flatten(2).permute(2, 0, 1).flatten(1)
        places = places.float().view(side, side, *weight.shape[:2])
        rows = batch * self._down * self._across
        self._products = [
            PackedProduct(
                places[down, across],
                bias if (down, across) == (_POINT_ONE, _POINT_ONE) else None,
                rows=rows,
            )
            for down in range(side)
            for across in range(side)
        ]

    def __call__(self, x: Tensor, *, relu: bool) -> Tensor:
        """(B, C, H, W) channels last, of the size that was given, to the same with other channels."""
        if tuple(x.shape) != self._shape:
            raise ValueError(f"this convolution is for {self._shape}, not {tuple(x.shape)}")
        batch, channels, height, width = self._shape
        m, down, across = self._tile, self._down, self._across
        padded = functional.pad(
            x.permute(0, 2, 3, 1), (0, 0, 1, across * m + 1 - width, 1, down * m + 1 - height)
        ).contiguous()
        of_picture, of_row, of_pixel, _ = padded.stride()
        tiles = padded.as_strided(
            (m + 2, m + 2, batch, down, across, channels),
            (of_row, of_pixel, of_picture, m * of_row, m * of_pixel, 1),
        )
        places = product(self._inward, tiles.reshape((m + 2) ** 2, -1)).view((m + 2) ** 2, -1, channels)
        products = torch.stack([packed(place) for packed, place in zip(self._products, places, strict=True)])
        y = product(self._outward, products.view((m + 2) ** 2, -1))
        y = y.view(m, m, batch, down, across, -1).permute(2, 3, 0, 4, 1, 5).reshape(batch, down * m, across * m, -1)
        y = y[:, :height, :width].permute(0, 3, 1, 2)
        if self._residual:
            y.add_(x)
        return y.relu_() if relu else y


def best_tile(height: int, width: int) -> int:
    """2 or 4, whichever needs fewer products for a map of this size."""
    return min(_POINTS, key=lambda m: -(-height // m) * -(-width // m) * (m + 2) ** 2)


def matrices(tile: int) -> tuple[Floats, Floats, Floats]:
    """A' (tile, tile + 2), G (tile + 2, 3) and B' (tile + 2, tile + 2) of Toom and Cook's construction."""
    points = np.array(_POINTS[tile])
    places = len(points) + 1  # the last point is at infinity
    outward, kernel, inward = np.zeros((tile, places)), np.zeros((places, 3)), np.zeros((places, places))
    for place, point in enumerate(points):
        others = np.delete(points, place)
        outward[:, place] = point ** np.arange(tile)
        kernel[place] = point ** np.arange(3) / np.prod(point - others)
        inward[place, :-1] = np.poly(others)[::-1]
    outward[-1, -1] = kernel[-1, -1] = 1
    inward[-1] = np.poly(points)[::-1]
    return outward, kernel, inward
