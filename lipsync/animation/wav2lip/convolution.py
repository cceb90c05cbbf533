"""One layer of the network, its BatchNorm folded in, ready to run on a device in a precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from lipsync.animation.wav2lip import onednn
from lipsync.animation.wav2lip.layout import Layer
from lipsync.animation.wav2lip.winograd import Winograd

_EPSILON = 1e-5  # of BatchNorm2d, as the published network leaves it
_WINOGRAD_PRODUCTS = 4e7
"""Multiplications of a layer for one frame from which on having fewer outweighs what it takes to prepare them."""
_WINOGRAD_CHANNELS = 128


@dataclass(frozen=True)
class Folded:
    """A layer without its BatchNorm: ``y = convolution(x, weight) + bias``, and plus x where it is residual."""

    layer: Layer
    weight: Tensor
    """float32, (outputs, inputs, k, k), or (inputs, outputs, k, k) where transposed."""
    bias: Tensor | None
    """(outputs,) float32."""

    def part(self, start: int, stop: int, *, bias: bool) -> Folded:
        """The layer restricted to some input channels, with or without the bias."""
        weight = self.weight[start:stop] if self.layer.transposed else self.weight[:, start:stop]
        return Folded(self.layer, weight, self.bias if bias else None)


def fold(layer: Layer, weights: Mapping[str, Tensor]) -> Folded:
    """The layer of a state dict.

    BatchNorm in evaluation is ``scale * y + shift``. (Adding the input could be folded in as well, as one more weight
    of 1; but then the whole sum is rounded to what the large input leaves, and the difference doubles.)
    """
    weight, bias = (weights[layer.key(f"conv.{part}")].detach().cpu() for part in ("weight", "bias"))
    if layer.normed:
        gain, shift, mean, variance = (
            weights[layer.key(f"norm.{part}")].detach().cpu().double()
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gain / torch.sqrt(variance + _EPSILON)
        weight = weight * (scale[:, None, None] if layer.transposed else scale[:, None, None, None]).float()
        bias = ((bias - mean) * scale + shift).float()
    return Folded(layer, weight, bias)


class Convolution(Protocol):
    """A layer that runs on channels-last tensors (B, C, H, W) of one dtype on one device."""

    def __call__(self, x: Tensor, *, relu: bool) -> Tensor:
        """``x`` convolved, plus ``x`` where the layer is residual, through ReLU or not."""
        ...


def convolution(
    one: Folded, *, shape: tuple[int, int, int, int], device: torch.device, dtype: torch.dtype
) -> Convolution:
    """The fastest way to run a layer on inputs of ``shape`` (B, C, H, W)."""
    layer = one.layer
    if device.type != "cpu" or not onednn.usable():
        return plain_convolution(one, device, dtype)
    products = one.weight.numel() * shape[2] * shape[3]
    if (
        dtype == torch.float32
        and one.bias is not None
        and (layer.kernel, layer.stride, layer.padding, layer.transposed) == (3, (1, 1), 1, False)
        and min(shape[1], layer.outputs) >= _WINOGRAD_CHANNELS
        and products >= _WINOGRAD_PRODUCTS
    ):
        return Winograd(one.weight, one.bias, residual=layer.residual, shape=shape)
    return onednn.Packed(
        one.weight.to(dtype),
        None if one.bias is None else one.bias.to(dtype),
        stride=layer.stride,
        padding=layer.padding,
        output_padding=layer.output_padding if layer.transposed else None,
        residual=layer.residual,
        shape=shape,
    )


def plain_convolution(one: Folded, device: torch.device, dtype: torch.dtype = torch.float32) -> Convolution:
    """A layer for inputs of any size, as torch runs it."""
    return _Plain(one, device, dtype)


class _Plain:
    """As torch does it on any device."""

    def __init__(self, one: Folded, device: torch.device, dtype: torch.dtype) -> None:
        self._layer = one.layer
        self._weight = one.weight.to(device, dtype).contiguous(memory_format=torch.channels_last)
        self._bias = None if one.bias is None else one.bias.to(device, dtype)

    def __call__(self, x: Tensor, *, relu: bool) -> Tensor:
        layer = self._layer
        if layer.transposed:
            y = functional.conv_transpose2d(
                x, self._weight, self._bias, layer.stride, layer.padding, layer.output_padding
            )
        else:
            y = functional.conv2d(x, self._weight, self._bias, layer.stride, layer.padding)
        if layer.residual:
            y.add_(x)
        return y.relu_() if relu else y
