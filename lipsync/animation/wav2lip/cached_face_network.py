"""The network for a face that does not move: what depends on the face alone is computed once.

The face encoder's maps are constants of the face. A transposed convolution is linear before its BatchNorm, so what
such a map adds to the decoder's layer that sees it is a constant too: ``W [x, map] = W_x x + W_map map``. And only
the rows that are pasted into the picture are computed, with those around them that the layers above look at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lipsync.animation.wav2lip.convolution import Convolution, Folded, convolution, fold, plain_convolution
from lipsync.animation.wav2lip.layout import Layer, Layout

Maps = tuple[Tensor, ...]
"""The face encoder's maps (B, C, H, W) in the decoder's order, the smallest first."""
Additions = tuple[Tensor, ...]
"""What the maps add: to the decoder's blocks from the second on, and to the first layer of the output."""
Runs = Sequence[tuple[slice, Additions]]
"""Which frames of a batch show which face: together all frames of it."""
Shape = tuple[int, int, int, int]


@dataclass(frozen=True)
class RowSlice:
    """Which rows of each decoder block's output are computed and which are right, when some of the top are not."""

    computed: tuple[int, ...]
    """For each block and the output, the first row that is computed. Below the top of the map, the first few of
    them are wrong, because the rows above are missing: one for each 3x3 layer."""
    needed: tuple[int, ...]
    """For each block and the output, the first row that is right and used."""


def rows_from(first: int, plan: Layout) -> RowSlice:
    """The rows of all levels that the drawn rows from ``first`` on depend on."""
    needed = [first, max(0, first - 1)]  # the output's 3x3 layer looks one row up
    computed = [max(0, first - 1)]
    for block in reversed(plan.face_decoder):
        above = max(0, needed[-1] - sum(layer.kernel // 2 for layer in block[1:]))
        if block[0].stride == (2, 2):
            # Row i of the input gives rows 2i and, with row i + 1, 2i + 1: from row 2i on all is known.
            computed.append(above // 2 * 2)
            needed.append(above // 2)
        else:
            computed.append(0)
            needed.append(0)
    return RowSlice(tuple(reversed(computed)), tuple(reversed(needed[:-1])))


class CachedFaceNetwork:
    """The generator in three steps, each once as often as what it depends on changes: the face, the rows, the mel."""

    def __init__(
        self,
        plan: Layout,
        folded: Mapping[str, Folded],
        *,
        first_row: int,
        batch: int,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """For rows from ``first_row`` on of ``batch`` frames at once. The face's part is always float32.

        ``folded`` is every layer of the plan by its name, see :func:`fold_all`.
        """
        self.plan, self.batch, self.device, self.dtype = plan, batch, device, dtype
        self.rows = rows_from(first_row, plan)
        self._encoder = [
            [plain_convolution(folded[layer.name], device) for layer in block] for block in plan.face_encoder
        ]
        first, *others = plan.face_decoder
        shape: Shape = (batch, 1, 80, 16)
        self._start, shape = self._chain([folded[layer.name] for layer in (*plan.audio_encoder, *first)], shape)
        self._moving: list[Convolution] = []  # the layers that see a map: for what comes from the sound
        self._still: list[Convolution] = []  # the same: for the map
        self._after: list[list[Convolution]] = []  # the others of each block
        self._seen: list[int] = []  # the first row that matters of each map
        self._heights: list[int] = []  # rows that are computed where the maps are added
        for number, (join, *after) in enumerate([*others, plan.output]):
            one, came = folded[join.name], shape[1]
            self._seen.append(_first_seen(join, self.rows.computed[number + 1]))
            self._still.append(plain_convolution(one.part(came, join.inputs, bias=True), device))
            moving, shape = self._chain([one.part(0, came, bias=False)], shape)
            self._heights.append(shape[2])
            block, shape = self._chain([folded[layer.name] for layer in after], shape)
            self._moving += moving
            self._after.append(block)
            if number < len(others):
                shape = (*shape[:2], shape[2] - self._above(number), shape[3])

    @property
    def first_row(self) -> int:
        """The first row that is drawn."""
        return self.rows.needed[-1]

    def maps(self, faces: Tensor) -> Maps:
        """(B, 3, S, S) float32 BGR in [0, 1] to the rows that matter of the face encoder's maps, float32."""
        hidden = faces.clone()
        hidden[:, :, self.plan.size // 2 :] = 0
        x = torch.cat([hidden, faces], dim=1).to(self.device).contiguous(memory_format=torch.channels_last)
        maps = []
        for block in self._encoder:
            for layer in block:
                x = layer(x, relu=True)
            maps.append(x)
        seen = zip(reversed(maps), self._seen, strict=True)
        return tuple(x[:, :, first:].clone(memory_format=torch.channels_last) for x, first in seen)

    def additions(self, maps: Maps) -> Additions:
        """What the maps (B, …) of :meth:`maps` add to the rows that are computed, in the network's dtype."""
        added = []
        for number, (layer, x) in enumerate(zip(self._still, maps, strict=True)):
            y = layer(x, relu=False)[:, :, -self._heights[number] :]
            added.append(y.to(self.dtype).clone(memory_format=torch.channels_last))
        return tuple(added)

    def draw(self, mels: Tensor, runs: Runs) -> Tensor:
        """Mels (batch, 1, 80, 16) to the rows that are drawn, (batch, 3, S - first_row, S) float32, BGR in [0, 1]."""
        x = mels.to(self.device, self.dtype).contiguous(memory_format=torch.channels_last)
        for layer in self._start:
            x = layer(x, relu=True)
        for number, (moving, after) in enumerate(zip(self._moving, self._after, strict=True)):
            x = moving(x, relu=False)
            for frames, additions in runs:
                x[frames].add_(additions[number])
            x.relu_()
            last = number == len(self._after) - 1
            for layer in after:
                x = layer(x, relu=not last)
            x = x[:, :, self._above(number) :]
        return torch.sigmoid(x.float())

    def _above(self, number: int) -> int:
        """Rows on top of what a block (or the output) computes that are of no use."""
        return self.rows.needed[number + 1] - self.rows.computed[number + 1]

    def _chain(self, layers: Sequence[Folded], shape: Shape) -> tuple[list[Convolution], Shape]:
        """The layers for inputs of ``shape``, and the shape of what they give."""
        chain = []
        for one in layers:
            chain.append(convolution(one, shape=shape, device=self.device, dtype=self.dtype))
            shape = _shape_after(one.layer, shape)
        return chain, shape


def fold_all(plan: Layout, weights: Mapping[str, Tensor]) -> dict[str, Folded]:
    """The layers of a state dict by name."""
    return {layer.name: fold(layer, weights) for layer in plan.layers}


def _first_seen(join: Layer, computed: int) -> int:
    """The first row of a map that the rows from ``computed`` on depend on."""
    return computed // join.stride[0] if join.transposed else max(0, computed - join.padding)


def _shape_after(layer: Layer, shape: Shape) -> Shape:
    down, across = (
        (side - 1) * stride - 2 * layer.padding + layer.kernel + layer.output_padding
        if layer.transposed
        else (side + 2 * layer.padding - layer.kernel) // stride + 1
        for side, stride in zip(shape[2:], layer.stride, strict=True)
    )
    return shape[0], layer.outputs, down, across
