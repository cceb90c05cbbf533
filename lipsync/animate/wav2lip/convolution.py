"""One layer of the network, its BatchNorm folded in, ready to run on a device in a precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from lipsync.animate.wav2lip.layout import Layer

_EPSILON = 1e-5  # of BatchNorm2d, as the published network leaves it


@dataclass(frozen=True)
class Folded:
    """A layer without its BatchNorm: ``y = convolution(x, weight) + bias``."""

    layer: Layer
    weight: Tensor
    """float32, (outputs, inputs, k, k), or (inputs, outputs, k, k) where transposed."""
    bias: Tensor
    """(outputs,) float32."""

    def inputs(self, start: int, stop: int) -> Tensor:
        """The weights of some of the channels that come in."""
        return self.weight[start:stop] if self.layer.transposed else self.weight[:, start:stop]


def fold(layer: Layer, weights: Mapping[str, Tensor]) -> Folded:
    """The layer of a state dict; BatchNorm in evaluation is ``scale * y + shift``, which is folded in in float64."""
    weight, bias = (weights[layer.key(f"conv.{part}")].detach().double().cpu() for part in ("weight", "bias"))
    if layer.normed:
        gain, shift, mean, variance = (
            weights[layer.key(f"norm.{part}")].detach().double().cpu()
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / torch.sqrt(variance + _EPSILON)
        weight = weight * (scale[:, None, None] if layer.transposed else scale[:, None, None, None])
        bias = (bias - mean) * scale + shift
    return Folded(layer, weight.float(), bias.float())


class Convolution:
    """Runs a layer on channels-last tensors (B, C, H, W) of one dtype on one device."""

    def __init__(
        self, layer: Layer, weight: Tensor, bias: Tensor | None, *, device: torch.device, dtype: torch.dtype
    ) -> None:
        """``weight`` and ``bias`` as in :class:`Folded`; without a bias none is added."""
        self._layer = layer
        self._weight = weight.to(device, dtype).contiguous(memory_format=torch.channels_last)
        self._bias = None if bias is None else bias.to(device, dtype)

    def __call__(self, x: Tensor, *, add: Tensor | None = None, relu: bool = True) -> Tensor:
        """``x`` convolved, plus ``add`` where given, through ReLU unless told otherwise."""
        layer = self._layer
        if layer.transposed:
            y = functional.conv_transpose2d(
                x, self._weight, self._bias, layer.stride, layer.padding, layer.output_padding
            )
        else:
            y = functional.conv2d(x, self._weight, self._bias, layer.stride, layer.padding)
        if add is not None:
            y.add_(add)
        return y.relu_() if relu else y
