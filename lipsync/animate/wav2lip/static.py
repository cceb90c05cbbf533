"""The network for a face that does not move: what depends on the face alone is computed once.

The face encoder's maps are constants of the face. A transposed convolution is linear before its BatchNorm, so what
such a map adds to the decoder's layer that sees it is a constant too: ``W [x, map] = W_x x + W_map map``. And only
the rows that are pasted into the picture are computed, with those around them that the layers above look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from lipsync.animate.wav2lip.convolution import Convolution, Folded, fold
from lipsync.animate.wav2lip.layout import Layout

Maps = tuple[Tensor, ...]
"""The face encoder's maps (B, C, H, W) in the decoder's order, the smallest first."""
Additions = tuple[Tensor, ...]
"""What the maps add: to the decoder's blocks from the second on, and to the first layer of the output."""


@dataclass(frozen=True)
class Rows:
    """Which rows of each decoder block's output are computed and which are right, when some of the top are not."""

    computed: tuple[int, ...]
    """For each block and the output, the first row that is computed. Below the top of the map, the first few of
    them are wrong, because the rows above are missing: one for each 3x3 layer."""
    wanted: tuple[int, ...]
    """For each block and the output, the first row that is right and used."""


def rows_from(first: int, plan: Layout) -> Rows:
    """The rows of all levels that the drawn rows from ``first`` on depend on."""
    wanted = [first, max(0, first - 1)]  # the output's 3x3 layer looks one row up
    computed = [max(0, first - 1)]
    for block in reversed(plan.face_decoder):
        above = max(0, wanted[-1] - sum(layer.kernel // 2 for layer in block[1:]))
        if block[0].stride == (2, 2):
            # Row i of the input gives rows 2i and, with row i + 1, 2i + 1: from row 2i on all is known.
            computed.append(above // 2 * 2)
            wanted.append(above // 2)
        else:
            computed.append(0)
            wanted.append(0)
    return Rows(tuple(reversed(computed)), tuple(reversed(wanted[:-1])))


class StaticNetwork:
    """The generator in three steps, each once as often as what it depends on changes: the face, the rows, the mel."""

    def __init__(
        self,
        plan: Layout,
        weights: Mapping[str, Tensor],
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.plan, self.device, self.dtype = plan, torch.device(device), dtype
        folded = {layer.name: fold(layer, weights) for layer in plan.layers}
        self._encoder = [
            [self._whole(folded[layer.name], torch.float32) for layer in block] for block in plan.face_encoder
        ]
        self._audio = [(layer, self._whole(folded[layer.name])) for layer in plan.audio_encoder]
        first, *others = plan.face_decoder
        self._start = [self._whole(folded[layer.name]) for layer in first]
        self._moving = []  # the layers that see a map: for what comes from the sound
        self._still = []  # the same: for the map
        joins = [block[0] for block in others] + [plan.output[0]]
        came = first[-1].outputs
        for layer, block in zip(joins, [*others, plan.output], strict=True):
            one = folded[layer.name]
            self._moving.append(self._part(one, 0, came, bias=False, dtype=dtype))
            self._still.append(self._part(one, came, layer.inputs, bias=True, dtype=torch.float32))
            came = block[-1].outputs
        self._residual = [[self._whole(folded[layer.name]) for layer in block[1:]] for block in others]
        self._last = self._whole(folded[plan.output[-1].name])

    def maps(self, faces: Tensor) -> Maps:
        """(B, 3, S, S) float32 BGR in [0, 1] to the face encoder's maps, float32."""
        hidden = faces.clone()
        hidden[:, :, self.plan.size // 2 :] = 0
        x = torch.cat([hidden, faces], dim=1).to(self.device).contiguous(memory_format=torch.channels_last)
        maps = []
        for layers, block in zip(self.plan.face_encoder, self._encoder, strict=True):
            for layer, convolution in zip(layers, block, strict=True):
                x = convolution(x, add=x if layer.residual else None)
            maps.append(x)
        return tuple(reversed(maps))

    def additions(self, maps: Maps, rows: Rows) -> Additions:
        """What the maps (B, …) of :meth:`maps` add to the rows that are computed, in the network's dtype."""
        added = []
        for convolution, x, first in zip(self._still, maps, rows.computed[1:], strict=True):
            y = convolution(x, relu=False)[:, :, first:]
            added.append(y.to(self.dtype).contiguous(memory_format=torch.channels_last))
        return tuple(added)

    def draw(self, mels: Tensor, additions: Additions, rows: Rows) -> Tensor:
        """Mels (B, 1, 80, 16) to the rows that are wanted, (B, 3, S - first, S) float32, BGR in [0, 1].

        ``additions`` of one face, or of a face for each mel.
        """
        x = mels.to(self.device, self.dtype).contiguous(memory_format=torch.channels_last)
        for layer, convolution in self._audio:
            x = convolution(x, add=x if layer.residual else None)
        for convolution in self._start:
            x = convolution(x)
        for number, (convolution, still) in enumerate(zip(self._moving, additions, strict=True)):
            x = convolution(x, add=still)
            if number < len(self._residual):
                for residual in self._residual[number]:
                    x = residual(x, add=x)
                x = x[:, :, rows.wanted[number + 1] - rows.computed[number + 1] :]
        x = x[:, :, rows.wanted[-1] - rows.computed[-1] :]
        return torch.sigmoid(self._last(x, relu=False).float())

    def _whole(self, one: Folded, dtype: torch.dtype | None = None) -> Convolution:
        return Convolution(one.layer, one.weight, one.bias, device=self.device, dtype=dtype or self.dtype)

    def _part(self, one: Folded, start: int, stop: int, *, bias: bool, dtype: torch.dtype) -> Convolution:
        weight, shift = one.inputs(start, stop), one.bias if bias else None
        return Convolution(one.layer, weight, shift, device=self.device, dtype=dtype)
