"""Wav2Lip's generator as it was published, built from its plan: what every faster way is measured by."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lipsync.animation.wav2lip.layout import Layer, Layout, Size, layout


class Network(nn.Module):
    """The whole generator; its state dict has the published keys. In evaluation mode from the start."""

    def __init__(self, plan: Layout) -> None:
        super().__init__()
        self.face_encoder_blocks = nn.ModuleList(nn.Sequential(*map(_module, block)) for block in plan.face_encoder)
        self.audio_encoder = nn.Sequential(*map(_module, plan.audio_encoder))
        self.face_decoder_blocks = nn.ModuleList(nn.Sequential(*map(_module, block)) for block in plan.face_decoder)
        self.output_block = nn.Sequential(*map(_module, plan.output), nn.Sigmoid())
        self.eval()

    def forward(self, mels: Tensor, faces: Tensor) -> Tensor:
        """Mels (B, 1, 80, 16) and faces (B, 6, S, S) to the drawn faces (B, 3, S, S), BGR in [0, 1].

        A face is the crop with its lower half zeroed, then the crop, both BGR in [0, 1].
        """
        maps = []
        for block in self.face_encoder_blocks:
            faces = block(faces)
            maps.append(faces)
        x: Tensor = self.audio_encoder(mels)
        for block in self.face_decoder_blocks:
            x = torch.cat([block(x), maps.pop()], dim=1)
        drawn: Tensor = self.output_block(x)
        return drawn


class _Block(nn.Module):
    """Convolution and BatchNorm, plus the input where it is residual, ReLU."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(_convolution(layer), nn.BatchNorm2d(layer.outputs))
        self.residual = layer.residual

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv_block(x)
        return torch.relu(y + x if self.residual else y)


def _module(layer: Layer) -> nn.Module:
    return _Block(layer) if layer.normed else _convolution(layer)


def _convolution(layer: Layer) -> nn.Module:
    if layer.transposed:
        return nn.ConvTranspose2d(
            layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.padding, layer.output_padding
        )
    return nn.Conv2d(layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.padding)


_RESIDUAL = 0.25
"""The gain of a residual layer's BatchNorm, of the others'."""
_SPREAD = 0.5
"""Standard deviation of what goes into the sigmoid: few pixels are black or white."""


def random_weights(size: Size, seed: int = 0) -> dict[str, Tensor]:
    """A state dict with the published keys that nobody trained: for tests and measurements.

    As lively as a trained one: BatchNorm's means and variances are those of a pass over random faces and mels, so
    activations neither die nor grow, and what is drawn spreads over [0, 1] and depends on both inputs. As in a
    trained one a residual layer adds less than it passes on: else rounding grows from layer to layer.
    """
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # the layers' own initialisation
        network = Network(layout(size))
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=chance)
            elif isinstance(module, _Block):
                norm = module.conv_block[1]
                assert isinstance(norm, nn.BatchNorm2d)
                norm.momentum = 1.0
                norm.weight.uniform_(0.7, 1.3, generator=chance).mul_(_RESIDUAL if module.residual else 1)
                norm.bias.normal_(0, 0.2, generator=chance)
        network.train()
        coarse = torch.rand(8, 6, 6, 6, generator=chance)
        faces = nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")
        faces[:, :3, size // 2 :] = 0
        drawn = network(torch.rand(8, 1, 80, 16, generator=chance) * 8 - 4, faces)
        last = network.output_block[1]
        assert isinstance(last, nn.Conv2d)
        assert last.bias is not None
        before = torch.logit(drawn, 1e-6)
        gain = _SPREAD / before.std()
        last.bias.sub_(before.mean((0, 2, 3))).mul_(gain)
        last.weight.mul_(gain)
        return dict(network.eval().state_dict())
