"""The plan of Wav2Lip's generator as data: its layers in order, and with them every key and shape of a checkpoint.

Prajwal et al. 2020, "A Lip Sync Expert Is All You Need for Speech to Lip Generation In the Wild" (ACM MM). Keys and
shapes are those of the published checkpoints; the strides follow from 96 -> 1 (face) and 80x16 -> 1 (mel). The plan
for 256 pixels is that of LiveTalking's ``wav2lip256.pth``: one level deeper, with 4x4 kernels around the bottleneck.
Nothing here needs torch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

Size = Literal[96, 256]
SIZES: tuple[Size, ...] = (96, 256)
"""Sides of the face that a known generator draws, in pixels."""

Shape = tuple[int, ...]

_NORM = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class Layer:
    """A convolution, and unless it is the last of all: BatchNorm, plus the input where it is residual, ReLU."""

    name: str
    """Where its keys begin: ``face_encoder_blocks.0.0``."""
    inputs: int
    outputs: int
    kernel: int
    stride: tuple[int, int] = (1, 1)
    """Down, across."""
    padding: int = 0
    output_padding: int = 0
    """Only of a transposed convolution."""
    residual: bool = False
    transposed: bool = False
    normed: bool = True
    """False: neither BatchNorm nor ReLU. Only the last layer, whose output goes through a sigmoid."""

    def key(self, part: str) -> str:
        """Key in a checkpoint of ``conv.weight``, ``conv.bias``, ``norm.weight``, ``norm.running_mean``, …"""
        which, value = part.split(".")
        if not self.normed:
            return f"{self.name}.{value}"
        return f"{self.name}.conv_block.{0 if which == 'conv' else 1}.{value}"

    def shapes(self) -> Iterator[tuple[str, Shape]]:
        """Its keys and their shapes, in a checkpoint's order."""
        channels = (self.inputs, self.outputs) if self.transposed else (self.outputs, self.inputs)
        yield self.key("conv.weight"), (*channels, self.kernel, self.kernel)
        yield self.key("conv.bias"), (self.outputs,)
        if self.normed:
            for value in _NORM:
                yield self.key(f"norm.{value}"), (self.outputs,)
            yield self.key("norm.num_batches_tracked"), ()


@dataclass(frozen=True)
class Layout:
    """The whole generator.

    The decoder starts from what the audio encoder gives; after each of its blocks the face encoder's map of the same
    size is appended along the channels, the last one first; then comes the output.
    """

    size: Size
    """Side of the face, in and out, in pixels."""
    face_encoder: tuple[tuple[Layer, ...], ...]
    """From (6, size, size) to (512, 1, 1), block by block."""
    audio_encoder: tuple[Layer, ...]
    """From (1, 80, 16) to (512, 1, 1)."""
    face_decoder: tuple[tuple[Layer, ...], ...]
    """From (512, 1, 1) to (64, size, size), block by block; the first layer of a block sees what was appended."""
    output: tuple[Layer, ...]
    """From (80, size, size) to (3, size, size); then the sigmoid."""

    @property
    def layers(self) -> Iterator[Layer]:
        """All layers in a checkpoint's order."""
        for block in self.face_encoder:
            yield from block
        yield from self.audio_encoder
        for block in self.face_decoder:
            yield from block
        yield from self.output


@cache
def layout(size: Size) -> Layout:
    """The plan for faces of ``size`` pixels. Raises KeyError for a size that is not in SIZES."""
    deep = {96: False, 256: True}[size]
    bottleneck = 4 if deep else 3  # the face's last map is this many pixels wide
    return Layout(size, _face_encoder(bottleneck, deep), _audio_encoder(), _face_decoder(bottleneck, deep), _output())


def expected_shapes(size: Size) -> dict[str, Shape]:
    """Every key of a checkpoint for faces of ``size`` pixels, and its shape, in the published order."""
    return {key: shape for layer in layout(size).layers for key, shape in layer.shapes()}


def _face_encoder(bottleneck: int, deep: bool) -> tuple[tuple[Layer, ...], ...]:
    """Halves the face level by level; ``(channels, residual layers)`` of each."""
    levels = [(32, 2), (64, 3), (128, 2), (256, 2), (512, 1)] + [(512, 1)] * deep
    blocks: list[tuple[Layer, ...]] = [(Layer("face_encoder_blocks.0.0", 6, 16, 7, padding=3),)]
    inputs = 16
    for number, (channels, residuals) in enumerate(levels, start=1):
        name = f"face_encoder_blocks.{number}"
        halving = Layer(f"{name}.0", inputs, channels, 3, (2, 2), padding=1)
        blocks.append((halving, *_residuals(name, channels, residuals)))
        inputs = channels
    name = f"face_encoder_blocks.{len(blocks)}"
    blocks.append((Layer(f"{name}.0", inputs, 512, bottleneck), Layer(f"{name}.1", 512, 512, 1)))
    return tuple(blocks)


def _audio_encoder() -> tuple[Layer, ...]:
    """80x16 -> 27x16 -> 9x6 -> 3x3 -> 1x1; ``(channels, stride, residual layers)`` of each level."""
    levels = [(32, (1, 1), 2), (64, (3, 1), 2), (128, (3, 3), 2), (256, (3, 2), 1)]
    layers: list[Layer] = []
    inputs = 1
    for channels, stride, residuals in levels:
        layers.append(Layer(f"audio_encoder.{len(layers)}", inputs, channels, 3, stride, padding=1))
        layers.extend(_residuals("audio_encoder", channels, residuals, first=len(layers)))
        inputs = channels
    last = len(layers)
    layers += [Layer(f"audio_encoder.{last}", 256, 512, 3), Layer(f"audio_encoder.{last + 1}", 512, 512, 1)]
    return tuple(layers)


def _face_decoder(bottleneck: int, deep: bool) -> tuple[tuple[Layer, ...], ...]:
    """Doubles level by level; ``(channels, channels of the face's map there, residual layers)`` of each."""
    levels = [(512, 512, 1)] * deep + [(512, 256, 2), (384, 128, 2), (256, 64, 2), (128, 32, 2), (64, 16, 2)]
    widen = Layer("face_decoder_blocks.1.0", 1024, 512, bottleneck, transposed=True)
    blocks: list[tuple[Layer, ...]] = [
        (Layer("face_decoder_blocks.0.0", 512, 512, 1),),
        (widen, *_residuals("face_decoder_blocks.1", 512, 1)),
    ]
    inputs = 512 + 512
    for number, (channels, appended, residuals) in enumerate(levels, start=2):
        name = f"face_decoder_blocks.{number}"
        doubling = Layer(f"{name}.0", inputs, channels, 3, (2, 2), padding=1, output_padding=1, transposed=True)
        blocks.append((doubling, *_residuals(name, channels, residuals)))
        inputs = channels + appended
    return tuple(blocks)


def _output() -> tuple[Layer, ...]:
    return (Layer("output_block.0", 64 + 16, 32, 3, padding=1), Layer("output_block.1", 32, 3, 1, normed=False))


def _residuals(name: str, channels: int, count: int, first: int = 1) -> Iterator[Layer]:
    """``count`` layers of 3x3 that add their input to what they make of it."""
    for number in range(first, first + count):
        yield Layer(f"{name}.{number}", channels, channels, 3, padding=1, residual=True)
